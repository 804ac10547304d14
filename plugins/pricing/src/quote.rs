//! Which price applies.

use std::collections::{BTreeSet, HashMap};

use quoin_sdk::check::Check;
use quoin_sdk::db::{self, Row, Value};
use quoin_sdk::host::{call, clock};
use quoin_sdk::types::{Error, Money};
use quoin_sdk::{batch, params};

use crate::exports::quoin::pricing::quotes::{Context, Line, Quoted};

/// Lines of one quote, as the contract has it.
const LINES_MAX: usize = 1_000;

pub fn quote(lines: &[Line], context: &Context) -> Result<Vec<Quoted>, Error> {
    look_at(lines, context)?;
    let applying = applying(lines, context);
    let mut check = Check::default();
    let mut quoted = Vec::with_capacity(lines.len());
    for (i, line) in lines.iter().enumerate() {
        match price(line, applying.get(&(line.variant.as_str(), line.quantity)), context) {
            Ok(price) => quoted.push(price),
            Err((field, problem)) => check.fault(format!("lines/{i}/{field}"), problem),
        }
    }
    check.done()?;
    Ok(quoted)
}

fn look_at(lines: &[Line], context: &Context) -> Result<(), Error> {
    let mut check = Check::default();
    if lines.len() > LINES_MAX {
        let found = lines.len();
        check.fault("lines", format!("are {found}; at most {LINES_MAX} are possible"));
    }
    check.currency("context/currency", &context.currency);
    for (i, _) in lines.iter().enumerate().filter(|(_, line)| line.quantity == 0) {
        check.fault(format!("lines/{i}/quantity"), "must be at least 1");
    }
    check.done()?;
    // A stranger could claim any group. Plugins and staff know which one a buyer has.
    let from_outside = context.group.is_some() && call::caller().is_none();
    if from_outside && call::principal().role != "admin" {
        return Err(Error::Denied("prices of a group are quoted to plugins and staff only".into()));
    }
    Ok(())
}

/// What applies to each variant and quantity: one row for each that has a price.
fn applying<'a>(lines: &'a [Line], context: &Context) -> HashMap<(&'a str, u32), Row> {
    let wanted: BTreeSet<_> =
        lines.iter().map(|line| (line.variant.as_str(), line.quantity)).collect();
    if wanted.is_empty() {
        return HashMap::new();
    }
    let now = clock::now();
    let mut params = Vec::from(params![
        context.currency.as_str(),
        context.group.as_deref(),
        context.channel.as_deref(),
        now
    ]);
    let mut asked: Vec<Value> = wanted.iter().flat_map(|(v, q)| params![*v, *q]).collect();
    // A variant that is asked for twice is found once, so rows may be repeated.
    let rows = batch::typed_rows(5, &["TEXT", "BIGINT"], batch::round_up(&mut asked, 2));
    params.append(&mut asked);
    let statement = APPLYING.replace("{wanted}", &rows);
    let mut found: HashMap<(String, u32), Row> = (db::rows(&statement, &params).into_iter())
        .map(|row| ((row.text("variant"), row.number("quantity")), row))
        .collect();
    let mut of = |variant: &str, quantity| found.remove(&(variant.to_owned(), quantity));
    wanted.into_iter().filter_map(|key| Some((key, of(key.0, key.1)?))).collect()
}

/// Of each list the largest quantity break that is reached (`step`); of these an override, else the
/// lowest price, and among equal prices a regular one before a sale, then the first id (`place`).
const APPLYING: &str = "
WITH wanted (variant, quantity) AS (VALUES {wanted}),
applicable AS (
    SELECT wanted.variant, wanted.quantity, price.min_quantity, price.minor,
        list.id, list.title, list.kind, list.tax_included,
        row_number() OVER (
            PARTITION BY wanted.variant, wanted.quantity, list.id
            ORDER BY price.min_quantity DESC
        ) AS step,
        min(CASE WHEN list.kind = 'regular' AND price.min_quantity = 1 THEN price.minor END)
            OVER (PARTITION BY wanted.variant, wanted.quantity) AS plain
    FROM wanted
    JOIN pricing_price AS price
        ON price.variant = wanted.variant AND price.min_quantity <= wanted.quantity
    JOIN pricing_price_list AS list ON list.id = price.price_list
    WHERE list.currency = ?1
        AND (list.customer_group IS NULL OR list.customer_group = ?2)
        AND (list.channel IS NULL OR list.channel = ?3)
        AND (list.starts_at IS NULL OR list.starts_at <= ?4)
        AND (list.ends_at IS NULL OR list.ends_at > ?4)
),
ranked AS (
    SELECT variant, quantity, min_quantity, minor, title, kind, tax_included, plain,
        row_number() OVER (
            PARTITION BY variant, quantity
            ORDER BY CASE kind WHEN 'override' THEN 0 ELSE 1 END NULLS LAST, minor NULLS LAST,
                CASE kind WHEN 'regular' THEN 0 ELSE 1 END NULLS LAST, id NULLS LAST
        ) AS place
    FROM applicable WHERE step = 1
)
SELECT variant, quantity, min_quantity, minor, title, kind, tax_included, plain
FROM ranked WHERE place = 1";

/// The price of a line from what applies to it, or the faulty field and its problem.
fn price(
    line: &Line,
    row: Option<&Row>,
    context: &Context,
) -> Result<Quoted, (&'static str, String)> {
    let currency = context.currency.as_str();
    let row = row.ok_or_else(|| ("variant", format!("has no price in {currency}")))?;
    let unit = Money::new(row.integer("minor"), currency);
    let too_many = || ("quantity", "makes the total too large".to_owned());
    let total = unit.times(line.quantity).ok_or_else(too_many)?;
    let plain = row.optional_integer("plain").filter(|plain| *plain != unit.minor);
    let mut reason = format!("{} \"{}\"", row.text("kind"), row.text("title"));
    let from = row.integer("min_quantity");
    if from > 1 {
        reason.push_str(&format!(" from {from} pieces"));
    }
    Ok(Quoted {
        variant: line.variant.clone(),
        quantity: line.quantity,
        unit,
        total,
        regular: plain.map(|plain| Money::new(plain, currency)),
        tax_included: row.boolean("tax_included"),
        reason,
    })
}
