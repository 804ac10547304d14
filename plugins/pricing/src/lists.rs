//! Price lists.

use quoin_sdk::db::{self, Row};
use quoin_sdk::host::trap;
use quoin_sdk::types::{Error, FieldFault};
use quoin_sdk::{currency, fault, params, text};

use crate::exports::quoin::pricing::price_admin::{Kind, PriceList};

/// Price lists of a shop: every one is looked at in every quote.
const LISTS_MAX: i64 = 200;
/// Characters of ids, groups and channels.
const KEY_MAX: usize = 64;
const TITLE_MAX: usize = 100;

const SELECT: &str = "SELECT id, title, kind, currency, tax_included, customer_group, channel,
    starts_at, ends_at FROM pricing_price_list";

pub fn all() -> Vec<PriceList> {
    db::rows(&format!("{SELECT} ORDER BY id"), &[]).iter().map(list).collect()
}

pub fn by_id(id: &str) -> Option<PriceList> {
    db::first(&format!("{SELECT} WHERE id = ?1"), &params![id]).as_ref().map(list)
}

fn list(row: &Row) -> PriceList {
    PriceList {
        id: row.text("id"),
        title: row.text("title"),
        kind: kind(&row.text("kind")),
        currency: row.text("currency"),
        tax_included: row.boolean("tax_included"),
        group: row.optional_text("customer_group"),
        channel: row.optional_text("channel"),
        starts_at: row.optional_integer("starts_at").and_then(|at| u64::try_from(at).ok()),
        ends_at: row.optional_integer("ends_at").and_then(|at| u64::try_from(at).ok()),
    }
}

fn kind(word: &str) -> Kind {
    match word {
        "regular" => Kind::Regular,
        "sale" => Kind::Sale,
        "override" => Kind::Override,
        other => trap(&format!("a price list has the unknown kind {other}")),
    }
}

pub fn upsert(list: PriceList) -> Result<PriceList, Error> {
    let faults = faults(&list);
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    match by_id(&list.id) {
        // The amounts would silently mean something else.
        Some(old) if old.currency != list.currency && has_prices(&list.id) => {
            let (id, old) = (&list.id, old.currency);
            Err(Error::Conflict(format!(
                "the list {id} has prices in {old}; make another list for {}",
                list.currency
            )))
        }
        None if count() >= LISTS_MAX => {
            Err(Error::Conflict(format!("the shop has {LISTS_MAX} price lists already")))
        }
        _ => {
            store(&list);
            Ok(list)
        }
    }
}

pub fn store(list: &PriceList) {
    let kind = match list.kind {
        Kind::Regular => "regular",
        Kind::Sale => "sale",
        Kind::Override => "override",
    };
    db::execute(
        "INSERT INTO pricing_price_list (id, title, kind, currency, tax_included, customer_group, channel,
            starts_at, ends_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
        ON CONFLICT (id) DO UPDATE SET title = excluded.title, kind = excluded.kind,
            currency = excluded.currency, tax_included = excluded.tax_included,
            customer_group = excluded.customer_group, channel = excluded.channel,
            starts_at = excluded.starts_at, ends_at = excluded.ends_at",
        &params![
            list.id.as_str(),
            list.title.as_str(),
            kind,
            list.currency.as_str(),
            list.tax_included,
            list.group.as_deref(),
            list.channel.as_deref(),
            list.starts_at,
            list.ends_at
        ],
    );
}

fn faults(list: &PriceList) -> Vec<FieldFault> {
    let mut problems = vec![
        ("id", text::slug_problem(&list.id, KEY_MAX)),
        ("title", text::line_problem(&list.title, TITLE_MAX)),
        ("currency", currency::problem(&list.currency)),
    ];
    for (field, value) in [("group", &list.group), ("channel", &list.channel)] {
        problems.push((field, value.as_ref().and_then(|v| text::line_problem(v, KEY_MAX))));
    }
    for (field, value) in [("startsAt", list.starts_at), ("endsAt", list.ends_at)] {
        let too_late = value.is_some_and(|at| i64::try_from(at).is_err());
        problems.push((field, too_late.then(|| "is not a time in milliseconds".into())));
    }
    if list.starts_at.zip(list.ends_at).is_some_and(|(start, end)| start >= end) {
        problems.push(("endsAt", Some("must be after startsAt".into())));
    }
    problems.into_iter().filter_map(|(field, problem)| Some(fault(field, problem?))).collect()
}

fn has_prices(id: &str) -> bool {
    db::first("SELECT 1 AS found FROM pricing_price WHERE price_list = ?1 LIMIT 1", &params![id])
        .is_some()
}

fn count() -> i64 {
    db::first("SELECT count(*) AS lists FROM pricing_price_list", &[])
        .map_or(0, |row| row.integer("lists"))
}
