//! Goods that go back: reservations that are released or have expired.

use quoin_sdk::batch::marks;
use quoin_sdk::db::{self, Value};
use quoin_sdk::params;

/// Expired reservations that one reservation clears away. It makes one, so a backlog always shrinks,
/// and it stays short even after a rush whose holds all ended at once.
const SWEEP_MAX: u32 = 100;
/// How long released and expired reservations are remembered, so that a late commit or a repeated
/// release is understood: 30 days.
const REMEMBERED_MS: u64 = 30 * 24 * 3_600_000;

/// Gives the goods of all held reservations `r` that fit `condition` back to their levels.
///
/// Only held ones give back and they are not held afterwards, so nothing is given back twice.
fn give_back(condition: &str, params: &[Value], state: &str) {
    db::execute(
        &format!(
            "UPDATE level SET reserved = level.reserved - back.quantity
             FROM (SELECT a.sku AS sku, a.location AS location, CAST(sum(a.quantity) AS BIGINT) AS quantity
                   FROM reservation AS r JOIN allocation AS a ON a.owner = r.owner
                   WHERE r.state = 'held' AND {condition}
                   GROUP BY a.sku, a.location) AS back
             WHERE level.sku = back.sku AND level.location = back.location"
        ),
        params,
    );
    db::execute(
        &format!(
            "UPDATE reservation AS r SET state = '{state}' WHERE r.state = 'held' AND {condition}"
        ),
        params,
    );
}

/// Gives back what `owner` holds.
pub fn release(owner: &str) {
    give_back("r.owner = ?1", &params![owner], "released");
}

/// Gives back what has expired and holds any of these SKUs: all of it, for the caller is about to say
/// how many there are.
pub fn sweep_holding(skus: &[String], now: u64) {
    let condition = format!(
        "r.expires_at <= ?1 AND EXISTS (SELECT 1 FROM allocation AS x
         WHERE x.owner = r.owner AND x.sku IN ({}))",
        marks(2, skus.len())
    );
    let mut params = vec![Value::from(now)];
    params.extend(skus.iter().map(Value::from));
    give_back(&condition, &params, "expired");
}

/// Gives back the longest expired reservations, and forgets those that ended long ago.
pub fn sweep(now: u64) {
    let due = "SELECT owner FROM reservation WHERE state = 'held' AND expires_at <= ?1";
    if db::first(&format!("{due} LIMIT 1"), &params![now]).is_some() {
        let oldest = format!("r.owner IN ({due} ORDER BY expires_at, owner LIMIT {SWEEP_MAX})");
        give_back(&oldest, &params![now], "expired");
    }
    db::execute(
        &format!(
            "DELETE FROM reservation WHERE owner IN (
                 SELECT owner FROM reservation
                 WHERE state IN ('released', 'expired') AND expires_at <= ?1
                 ORDER BY expires_at, owner LIMIT {SWEEP_MAX})"
        ),
        &params![now.saturating_sub(REMEMBERED_MS)],
    );
}
