//! Which variant is meant: ids stay with variants while SKUs change, and SKUs find them where no id is
//! given.

use std::collections::{HashMap, HashSet};

use quoin_sdk::id;

use crate::exports::quoin::catalog::product_admin::VariantInput;
use crate::exports::quoin::catalog::products::{Product, ProductVariant};

/// The ids that variants may keep. Each can be kept once.
#[derive(Default)]
pub struct Identities {
    free: HashSet<String>,
    named: HashSet<String>,
    of_skus: HashMap<String, String>,
}

impl Identities {
    /// The ids of these products' variants.
    pub fn of<'a>(products: impl IntoIterator<Item = &'a Product>) -> Identities {
        let mut identities = Identities::default();
        for variant in products.into_iter().flat_map(|product| &product.variants) {
            identities.free.insert(variant.id.clone());
            identities.of_skus.insert(variant.sku.clone(), variant.id.clone());
        }
        identities
    }

    /// Keeps an id for who names it. All that are named are to be told before any is looked for by SKU.
    ///
    /// # Errors
    /// What is wrong with it, as the rest of a sentence that starts with the field's name.
    pub fn name(&mut self, id: &str) -> Result<(), &'static str> {
        if self.free.remove(id) {
            self.named.insert(id.to_owned());
            return Ok(());
        }
        Err(match self.named.contains(id) {
            true => "is there twice",
            false => "is not the id of a variant of this product; leave it out to make one",
        })
    }

    /// The variants that these inputs make: with the id that they name, that of their SKU, or a new one.
    pub fn variants(&mut self, inputs: Vec<VariantInput>) -> Vec<ProductVariant> {
        inputs.into_iter().map(|input| self.variant(input)).collect()
    }

    fn variant(&mut self, input: VariantInput) -> ProductVariant {
        let named = input.id.filter(|id| self.named.contains(id));
        let found = || self.of_skus.get(&input.sku).and_then(|id| self.free.take(id));
        ProductVariant {
            id: named.or_else(found).unwrap_or_else(|| id::random("var")),
            sku: input.sku,
            title: input.title,
            options: input.options,
            gtin: input.gtin,
            weight_grams: input.weight_grams,
            requires_shipping: input.requires_shipping.unwrap_or(true),
        }
    }
}
