//! Quotes 1.00 for everything, and what cannot be for SKUs that ask for it.

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package test:strange-prices;
            world plugin {
                import quoin:catalog/variants@0.1.0;
                export quoin:pricing/quotes@0.1.0;
            }",
        path: ["../../../wit/types", "../../../wit/catalog", "../../../wit/pricing"],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
        with: { "quoin:types/types@0.1.0": quoin_sdk::types },
        generate_all,
    });
    use super::Prices;
    export!(Prices);
}

use bindings::exports::quoin::pricing::quotes::{Context, Guest, Line, Quoted};
use bindings::quoin::catalog::variants;
use quoin_sdk::fault;
use quoin_sdk::types::{Error, Money};

struct Prices;

impl Guest for Prices {
    fn quote(lines: Vec<Line>, context: Context) -> Result<Vec<Quoted>, Error> {
        let ids: Vec<String> = lines.iter().map(|line| line.variant.clone()).collect();
        let known = variants::by_id(&ids)?;
        let sku = |line: &Line| {
            let found = known.iter().find(|variant| variant.id == line.variant);
            found.map_or("", |variant| variant.sku.as_str())
        };
        let asked = |wanted: &str| lines.iter().any(|line| sku(line) == wanted);
        if asked("trap") {
            panic!("as asked");
        }
        if asked("busy") {
            return Err(Error::Retryable(250));
        }
        if asked("elsewhere") {
            return Err(Error::Invalid(vec![fault("lines/999/variant", "is not a line")]));
        }
        let mut quoted: Vec<Quoted> =
            lines.iter().map(|line| price(line, sku(line), &context)).collect();
        if asked("fewer") {
            quoted.pop();
        }
        if asked("mixed") {
            quoted.reverse();
        }
        Ok(quoted)
    }
}

fn price(line: &Line, sku: &str, context: &Context) -> Quoted {
    let currency = if sku == "foreign" { "XTS" } else { context.currency.as_str() };
    let unit = if sku == "negative" { -100 } else { 100 };
    let total = unit * i64::from(line.quantity) + i64::from(sku == "sum");
    Quoted {
        variant: line.variant.clone(),
        quantity: line.quantity,
        unit: Money::new(unit, currency),
        total: Money::new(total, currency),
        regular: None,
        tax_included: true,
        reason: "because".into(),
    }
}
