//! What a shop sells: products, variants and categories.

mod category;
mod check;
mod edit;
mod identity;
mod import;
mod jobs;
mod list;
mod lookup;
mod store;
mod words;

use quoin_sdk::types::{Error, ImportReport};

use exports::quoin::catalog::{product_admin, products, variants};
use lookup::Key;
use product_admin::ProductInput;
use products::{Category, Filter, Page, Product, Status, VariantInfo};
use variants::KnownVariant;

quoin_sdk::wit_bindgen::generate!({
    inline: "package quoin:catalog-plugin;
        world plugin {
            import quoin:catalog/import-steps@0.1.0;
            export quoin:catalog/import-steps@0.1.0;
            export quoin:imports/imports@0.1.0;
            export quoin:catalog/products@0.1.0;
            export quoin:catalog/variants@0.1.0;
            export quoin:catalog/product-admin@0.1.0;
        }",
    path: ["../../wit/types", "../../wit/catalog", "../../wit/imports"],
    runtime_path: "quoin_sdk::wit_bindgen::rt",
    with: { "quoin:types/types@0.1.0": quoin_sdk::types },
    generate_all,
    additional_derives: [Clone, PartialEq, serde::Serialize, serde::Deserialize],
});

struct Plugin;
export!(Plugin);

impl products::Guest for Plugin {
    fn list_products(
        filter: Filter,
        cursor: Option<String>,
        limit: Option<u32>,
    ) -> Result<Page, Error> {
        list::page(Some(Status::Published), &filter, cursor.as_deref(), limit)
    }

    fn get_by_slug(slug: String, locale: Option<String>) -> Result<Product, Error> {
        lookup::published(&slug, locale.as_deref())
    }

    fn variants(ids: Vec<String>) -> Result<Vec<VariantInfo>, Error> {
        lookup::sold(Key::Id, &ids)
    }

    fn variants_by_sku(skus: Vec<String>) -> Result<Vec<VariantInfo>, Error> {
        lookup::sold(Key::Sku, &skus)
    }

    fn list_categories() -> Result<Vec<Category>, Error> {
        Ok(category::all())
    }
}

impl variants::Guest for Plugin {
    fn by_id(ids: Vec<String>) -> Result<Vec<KnownVariant>, Error> {
        lookup::known(Key::Id, &ids)
    }

    fn by_sku(skus: Vec<String>) -> Result<Vec<KnownVariant>, Error> {
        lookup::known(Key::Sku, &skus)
    }
}

impl product_admin::Guest for Plugin {
    fn list_all(
        status: Option<Status>,
        text: Option<String>,
        cursor: Option<String>,
        limit: Option<u32>,
    ) -> Result<Page, Error> {
        let filter = Filter { category: None, text, attribute: None, channel: None };
        list::page(status, &filter, cursor.as_deref(), limit)
    }

    fn get(id: String) -> Result<Product, Error> {
        lookup::by_id(&id)
    }

    fn find(slug: String) -> Result<Product, Error> {
        lookup::by_slug(&slug)
    }

    fn upsert(product: ProductInput, revision: Option<u64>) -> Result<Product, Error> {
        edit::upsert(product, revision)
    }

    fn replace(id: String, product: ProductInput, revision: Option<u64>) -> Result<Product, Error> {
        edit::replace(&id, product, revision)
    }

    fn set_status(id: String, status: Status, revision: Option<u64>) -> Result<Product, Error> {
        edit::set_status(&id, status, revision)
    }

    fn upsert_category(
        slug: String,
        title: String,
        parent: Option<String>,
    ) -> Result<Category, Error> {
        category::upsert(slug, title, parent)
    }

    fn import_csv(csv: String, dry_run: Option<bool>) -> Result<ImportReport, Error> {
        import::import(&csv, dry_run.unwrap_or(false))
    }
}
