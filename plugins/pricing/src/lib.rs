//! What things cost.

mod import;
mod jobs;
mod lists;
mod prices;
mod quote;

use quoin_sdk::types::{Error, ImportReport};

use exports::quoin::pricing::{price_admin, quotes};
use price_admin::{Price, PriceList};
use quotes::{Context, Line, Quoted};

quoin_sdk::wit_bindgen::generate!({
    inline: "package quoin:pricing-plugin;
        world plugin {
            import quoin:pricing/import-steps@0.1.0;
            export quoin:pricing/import-steps@0.1.0;
            export quoin:imports/imports@0.1.0;
            import quoin:catalog/variants@0.1.0;
            export quoin:pricing/quotes@0.1.0;
            export quoin:pricing/price-admin@0.1.0;
        }",
    path: ["../../wit/types", "../../wit/catalog", "../../wit/pricing", "../../wit/imports"],
    runtime_path: "quoin_sdk::wit_bindgen::rt",
    with: { "quoin:types/types@0.1.0": quoin_sdk::types },
    generate_all,
    additional_derives: [Clone],
});

struct Plugin;
export!(Plugin);

impl quotes::Guest for Plugin {
    fn quote(lines: Vec<Line>, context: Context) -> Result<Vec<Quoted>, Error> {
        quote::quote(&lines, &context)
    }
}

impl price_admin::Guest for Plugin {
    fn list_price_lists() -> Result<Vec<PriceList>, Error> {
        Ok(lists::all())
    }

    fn upsert_price_list(list: PriceList) -> Result<PriceList, Error> {
        lists::upsert(list)
    }

    fn prices_of(variant: String) -> Result<Vec<Price>, Error> {
        Ok(prices::of(&variant))
    }

    fn set_prices(prices: Vec<Price>) -> Result<u32, Error> {
        prices::set(&prices)
    }

    fn remove_price(price_list: String, variant: String, min_quantity: u32) -> Result<(), Error> {
        prices::remove(&price_list, &variant, min_quantity)
    }

    fn import_csv(
        csv: String,
        price_list: Option<String>,
        dry_run: Option<bool>,
    ) -> Result<ImportReport, Error> {
        import::import(&csv, price_list, dry_run.unwrap_or(false))
    }
}
