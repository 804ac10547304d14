//! Options and variants: each variant has one value for each option, and no two have the same.

use std::collections::HashMap;

use quoin_sdk::check::Check;
use quoin_sdk::text;

use super::{NAME_MAX, TITLE_MAX, VALUE_MAX, VARIANTS_MAX};
use crate::exports::quoin::catalog::product_admin::{ProductInput, VariantInput};
use crate::exports::quoin::catalog::products::ProductOption;

/// Options of a product; three are many.
const OPTIONS_MAX: usize = 10;
/// Values of an option.
const VALUES_MAX: usize = 100;

pub(super) fn options(input: &ProductInput, check: &mut Check) {
    let options = check.list("options", &input.options, OPTIONS_MAX);
    for (i, option) in options.iter().enumerate() {
        check.note(format!("options/{i}/name"), text::line_problem(&option.name, NAME_MAX));
        let field = format!("options/{i}/values");
        let values = check.list(&field, &option.values, VALUES_MAX);
        if option.values.is_empty() {
            check.fault(field.as_str(), "has no value; give it at least one");
        }
        for (j, value) in values.iter().enumerate() {
            check.note(format!("{field}/{j}"), text::line_problem(value, VALUE_MAX));
        }
        check.distinct(&field, values.iter());
    }
    check.distinct("options", options.iter().map(|option| option.name.to_lowercase()));
}

pub(super) fn variants(input: &ProductInput, check: &mut Check) {
    if input.variants.is_empty() {
        check.fault("variants", "has no item; a product needs at least one variant to be sold");
    }
    // Without usable options, what variants say about them cannot be judged.
    if input.options.len() > OPTIONS_MAX {
        return;
    }
    let mut skus: HashMap<&str, usize> = HashMap::new();
    let mut combinations: HashMap<Vec<&str>, usize> = HashMap::new();
    for (i, variant) in check.list("variants", &input.variants, VARIANTS_MAX).iter().enumerate() {
        let field = format!("variants/{i}");
        single(&field, variant, check);
        if let Some(other) = skus.insert(&variant.sku, i) {
            check.fault(format!("{field}/sku"), format!("is the same as in variants/{other}"));
        }
        if let Some(values) = values(&field, variant, &input.options, check)
            && let Some(other) = combinations.insert(values, i)
        {
            check.fault(
                format!("{field}/options"),
                format!("has the same values as variants/{other}; give it others"),
            );
        }
    }
}

fn single(field: &str, variant: &VariantInput, check: &mut Check) {
    check.sku(format!("{field}/sku"), &variant.sku);
    check.note(format!("{field}/title"), text::line_problem(&variant.title, TITLE_MAX));
    if variant.gtin.as_deref().is_some_and(|gtin| !is_gtin(gtin)) {
        let problem = "must be 8, 12, 13 or 14 digits of which the last is the right check digit";
        check.fault(format!("{field}/gtin"), problem);
    }
}

/// The variant's value for each option in the options' order, or none when it is not one for each.
fn values<'a>(
    field: &str,
    variant: &'a VariantInput,
    options: &[ProductOption],
    check: &mut Check,
) -> Option<Vec<&'a str>> {
    let field = format!("{field}/options");
    let mut values = Vec::with_capacity(options.len());
    for option in options {
        let mut found = variant.options.iter().filter(|o| o.name == option.name);
        let Some(chosen) = found.next() else {
            check.fault(field.as_str(), format!("has no value for \"{}\"", shown(&option.name)));
            return None;
        };
        if !option.values.contains(&chosen.value) {
            let (name, value) = (shown(&option.name), shown(&chosen.value));
            check.fault(field.as_str(), format!("\"{value}\" is not a value of \"{name}\""));
            return None;
        }
        values.push(chosen.value.as_str());
    }
    if variant.options.len() > options.len() {
        check.fault(field, "has values for what is not an option, or two for one");
        return None;
    }
    Some(values)
}

/// A text as a message shows it.
fn shown(text: &str) -> String {
    text.chars().take(NAME_MAX).collect()
}

/// Whether this is a GTIN of GS1: the digits, weighted 3 and 1 in turn from the last but one on,
/// add up with the last to a multiple of ten.
fn is_gtin(text: &str) -> bool {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(10)).collect();
    digits.is_some_and(|digits| {
        let weighted = digits.iter().rev().zip([1, 3].iter().cycle()).map(|(d, w)| d * w);
        matches!(digits.len(), 8 | 12 | 13 | 14) && weighted.sum::<u32>() % 10 == 0
    })
}
