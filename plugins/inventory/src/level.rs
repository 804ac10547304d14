//! What is where. Expired reservations that nobody has swept yet count as given back everywhere here.

use std::collections::BTreeMap;

use quoin_sdk::batch::marks;
use quoin_sdk::db::{self, Row, Value};

use crate::bindings::exports::quoin::inventory::{stock, stock_admin};

/// Levels in one statement: with three parameters each they stay below the host's 10,000.
pub const CHUNK: usize = 1_000;

/// A SKU at a location.
pub struct Level {
    pub sku: String,
    pub location: String,
    pub on_hand: i64,
    /// What is reserved, without `due`.
    pub reserved: i64,
    /// Reserved by reservations that have expired and were not swept yet.
    pub due: i64,
    incoming: i64,
    pub backorder: bool,
}

impl Level {
    fn from_row(row: &Row) -> Level {
        Level {
            sku: row.text("sku"),
            location: row.text("location"),
            on_hand: row.integer("on_hand"),
            reserved: row.integer("reserved"),
            due: row.integer("due"),
            incoming: row.integer("incoming"),
            backorder: row.boolean("backorder"),
        }
    }

    /// What can be reserved here without backorder; never negative.
    pub fn free(&self) -> i64 {
        (self.on_hand - self.reserved).max(0)
    }

    /// As the contract has it.
    pub fn told(self) -> stock_admin::Level {
        let Level { sku, location, on_hand, reserved, incoming, backorder, .. } = self;
        stock_admin::Level { sku, location, on_hand, reserved, incoming, backorder }
    }
}

/// The levels `l` of `source`, seen at the time ?1 by the owner ?2; a condition may follow.
fn select(source: &str) -> String {
    format!(
        "SELECT l.sku AS sku, l.location AS location, l.on_hand AS on_hand, l.incoming AS incoming,
             l.backorder AS backorder, l.reserved - coalesce(d.quantity, 0) AS reserved,
             coalesce(d.quantity, 0) AS due
         FROM {source} LEFT JOIN (
             SELECT a.sku AS sku, a.location AS location, CAST(sum(a.quantity) AS BIGINT) AS quantity
             FROM reservation AS r JOIN allocation AS a ON a.owner = r.owner
             WHERE r.state = 'held' AND (r.expires_at <= ?1 OR r.owner = ?2)
             GROUP BY a.sku, a.location) AS d ON d.sku = l.sku AND d.location = l.location"
    )
}

/// The levels of so many SKUs, which are the parameters from ?3 on.
fn select_skus(count: usize) -> String {
    format!("{} WHERE l.sku IN ({})", select("level AS l"), marks(3, count))
}

/// The levels of these SKUs, those with most to give first: a line then comes from few places.
pub fn of(skus: &[String], now: u64) -> Vec<Level> {
    let mut params = vec![Value::from(now), Value::from("")];
    params.extend(skus.iter().map(Value::from));
    let mut levels: Vec<Level> =
        db::rows(&select_skus(skus.len()), &params).iter().map(Level::from_row).collect();
    levels.sort_by(|a, b| (b.free(), &a.sku, &a.location).cmp(&(a.free(), &b.sku, &b.location)));
    levels
}

/// The levels that exist of these SKUs and locations.
pub fn at<'a>(
    places: impl Iterator<Item = (&'a str, &'a str)>,
    now: u64,
) -> BTreeMap<(String, String), Level> {
    let places: Vec<_> = places.collect();
    let mut found = BTreeMap::new();
    for chunk in places.chunks(CHUNK) {
        let pairs: Vec<String> =
            (0..chunk.len()).map(|i| format!("({})", marks(2 * i + 3, 2))).collect();
        // Starting from the places, it looks up each by its key.
        let source = "place AS p JOIN level AS l ON l.sku = p.sku AND l.location = p.location";
        let statement = format!(
            "WITH place (sku, location) AS (VALUES {}) {}",
            pairs.join(", "),
            select(source)
        );
        let mut params = vec![Value::from(now), Value::from("")];
        params.extend(chunk.iter().flat_map(|(s, l)| [Value::from(*s), Value::from(*l)]));
        for row in db::rows(&statement, &params) {
            let level = Level::from_row(&row);
            found.insert((level.sku.clone(), level.location.clone()), level);
        }
    }
    found
}

/// What can be sold of each SKU, in the order asked for.
pub fn availability(skus: Vec<String>, owner: Option<&str>, now: u64) -> Vec<stock::Availability> {
    if skus.is_empty() {
        return Vec::new();
    }
    let statement = format!(
        "SELECT v.sku AS sku, max(v.backorder) AS backorder, CAST(sum(
             CASE WHEN v.on_hand > v.reserved THEN v.on_hand - v.reserved ELSE 0 END) AS BIGINT) AS free
         FROM ({}) AS v GROUP BY v.sku",
        select_skus(skus.len())
    );
    let mut params = vec![Value::from(now), Value::from(owner.unwrap_or(""))];
    params.extend(skus.iter().map(Value::from));
    let known: BTreeMap<String, (u32, bool)> = (db::rows(&statement, &params).iter())
        .map(|row| {
            let free = u32::try_from(row.integer("free")).unwrap_or(u32::MAX);
            (row.text("sku"), (free, row.boolean("backorder")))
        })
        .collect();
    let told = |sku: String| {
        let (available, backorder) = known.get(&sku).copied().unwrap_or((0, false));
        stock::Availability { sku, available, backorder }
    };
    skus.into_iter().map(told).collect()
}

/// Makes the levels that do not exist yet, with nothing on hand; at most [`CHUNK`].
pub fn ensure<'a>(places: impl Iterator<Item = (&'a str, &'a str)>) {
    let params: Vec<Value> =
        places.flat_map(|(sku, location)| [Value::from(sku), Value::from(location)]).collect();
    let rows: Vec<String> =
        (1..params.len()).step_by(2).map(|i| format!("({})", marks(i, 2))).collect();
    if rows.is_empty() {
        return;
    }
    db::execute(
        &format!(
            "WITH place (sku, location) AS (VALUES {})
             INSERT INTO level (sku, location, on_hand, reserved, incoming, backorder, owed)
             SELECT p.sku, p.location, 0, 0, 0,
                 coalesce((SELECT max(l.backorder) FROM level AS l WHERE l.sku = p.sku), 0), 0
             FROM place AS p WHERE true
             ON CONFLICT (sku, location) DO NOTHING",
            rows.join(", ")
        ),
        &params,
    );
}
