//! Which price applies.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use quoin_sdk::check::Check;
use quoin_sdk::db::{self, Row};
use quoin_sdk::host::{call, clock};
use quoin_sdk::types::{Error, Money};
use quoin_sdk::{batch, params};

use crate::exports::quoin::pricing::quotes::{Context, Line, Quoted};
use crate::prices::{STATEMENTS_AT_ONCE, VARIANTS_OF_STATEMENT};

/// Lines of one quote, as the contract has it.
const LINES_MAX: usize = 1_000;

pub fn quote(lines: &[Line], context: &Context) -> Result<Vec<Quoted>, Error> {
    look_at(lines, context)?;
    let known = Known::of(lines, context);
    let mut check = Check::default();
    let mut quoted = Vec::with_capacity(lines.len());
    for (i, line) in lines.iter().enumerate() {
        match price(line, known.of_line(line), context) {
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

/// The lists that apply, and what the variants cost in all lists.
struct Known {
    lists: BTreeMap<String, List>,
    prices: HashMap<String, Vec<Price>>,
}

struct List {
    title: String,
    kind: String,
    tax_included: bool,
}

struct Price {
    list: String,
    min_quantity: u32,
    minor: i64,
}

/// What a line costs, and why.
struct Found<'a> {
    list: &'a List,
    price: &'a Price,
    /// The plain regular price.
    plain: Option<i64>,
}

/// Without the time, which is asked of the host: it keeps a quote until one of the lists begins or ends.
const LISTS: &str = "SELECT id, title, kind, tax_included, starts_at, ends_at
    FROM pricing_price_list
    WHERE currency = ?1
        AND (customer_group IS NULL OR customer_group = ?2)
        AND (channel IS NULL OR channel = ?3)";
const PRICES: &str = "SELECT variant, price_list, min_quantity, minor FROM pricing_price
    WHERE variant IN ({keys})";

/// Whether a list has begun and has not ended.
fn is_open(row: &Row) -> bool {
    let time = |column| row.optional_integer(column).map(|at| u64::try_from(at).unwrap_or(0));
    let passed = |column| time(column).map(clock::passed);
    passed("starts_at").unwrap_or(true) && !passed("ends_at").unwrap_or(false)
}

impl Known {
    fn of(lines: &[Line], context: &Context) -> Known {
        let mut known = Known { lists: BTreeMap::new(), prices: HashMap::new() };
        let variants: BTreeSet<&str> = lines.iter().map(|line| line.variant.as_str()).collect();
        let variants: Vec<&str> = variants.into_iter().collect();
        if variants.is_empty() {
            return known;
        }
        let lists = params![
            context.currency.as_str(),
            context.group.as_deref(),
            context.channel.as_deref()
        ];
        // One crossing for as many lines as most carts have.
        let mut statements = vec![db::statement(LISTS, &lists)];
        statements.extend(batch::keyed(PRICES, &variants, VARIANTS_OF_STATEMENT, &[]));
        for (i, some) in statements.chunks(STATEMENTS_AT_ONCE).enumerate() {
            let mut answers = db::batch(some).into_iter();
            if i == 0 {
                known.take_lists(&answers.next().unwrap_or_default());
            }
            answers.for_each(|rows| known.take_prices(&rows));
        }
        known
    }

    fn take_lists(&mut self, rows: &[Row]) {
        self.lists.extend(rows.iter().filter(|row| is_open(row)).map(|row| {
            let (title, kind) = (row.text("title"), row.text("kind"));
            (row.text("id"), List { title, kind, tax_included: row.boolean("tax_included") })
        }));
    }

    fn take_prices(&mut self, rows: &[Row]) {
        for row in rows {
            let price = Price {
                list: row.text("price_list"),
                min_quantity: row.number("min_quantity"),
                minor: row.integer("minor"),
            };
            self.prices.entry(row.text("variant")).or_default().push(price);
        }
    }

    /// Of each list that applies the largest quantity that is reached; of these an override, else the
    /// lowest price, and among equal prices a regular one before a sale, then the first id.
    fn of_line(&self, line: &Line) -> Option<Found<'_>> {
        let prices = self.prices.get(&line.variant)?;
        let reached = prices.iter().filter(|price| price.min_quantity <= line.quantity);
        let mut of_lists: BTreeMap<&str, Found<'_>> = BTreeMap::new();
        let mut plain = None;
        for price in reached {
            let Some(list) = self.lists.get(&price.list) else { continue };
            if list.kind == "regular" && price.min_quantity == 1 {
                plain = Some(plain.map_or(price.minor, |plain: i64| plain.min(price.minor)));
            }
            let found = Found { list, price, plain: None };
            match of_lists.entry(&price.list) {
                Entry::Vacant(entry) => drop(entry.insert(found)),
                Entry::Occupied(mut entry) => {
                    if entry.get().price.min_quantity < price.min_quantity {
                        entry.insert(found);
                    }
                }
            }
        }
        let best = of_lists.into_values().min_by_key(|found| {
            let kind = found.list.kind.as_str();
            let is_no = |wanted: &str| kind != wanted;
            (is_no("override"), found.price.minor, is_no("regular"), &found.price.list)
        })?;
        Some(Found { plain, ..best })
    }
}

/// The price of a line from what was found for it, or the faulty field and its problem.
fn price(
    line: &Line,
    found: Option<Found<'_>>,
    context: &Context,
) -> Result<Quoted, (&'static str, String)> {
    let currency = context.currency.as_str();
    let Found { list, price, plain } =
        found.ok_or_else(|| ("variant", format!("has no price in {currency}")))?;
    let unit = Money::new(price.minor, currency);
    let too_many = || ("quantity", "makes the total too large".to_owned());
    let total = unit.times(line.quantity).ok_or_else(too_many)?;
    let plain = plain.filter(|plain| *plain != unit.minor);
    let mut reason = format!("{} \"{}\"", list.kind, list.title);
    let from = price.min_quantity;
    if from > 1 {
        reason.push_str(&format!(" from {from} pieces"));
    }
    Ok(Quoted {
        variant: line.variant.clone(),
        quantity: line.quantity,
        unit,
        total,
        regular: plain.map(|plain| Money::new(plain, currency)),
        tax_included: list.tax_included,
        reason,
    })
}
