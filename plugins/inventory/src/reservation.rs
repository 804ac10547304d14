//! Reservations as they are stored.

use std::collections::BTreeMap;

use quoin_sdk::host::trap;
use quoin_sdk::{db, params};

use crate::bindings::exports::quoin::inventory::stock::{self, Line, ReservationState};

/// A reservation. While it is [`ReservationState::Held`] here, its goods count as reserved, even when
/// its time is over.
pub struct Reservation {
    pub owner: String,
    pub state: ReservationState,
    /// The quantities by SKU.
    pub lines: BTreeMap<String, i64>,
    pub expires_at: u64,
}

impl Reservation {
    /// As the contract has it, at the time `now`.
    pub fn told(self, now: u64) -> stock::Reservation {
        let over = self.state == ReservationState::Held && self.expires_at <= now;
        let line =
            |(sku, quantity)| Line { sku, quantity: u32::try_from(quantity).unwrap_or(u32::MAX) };
        stock::Reservation {
            owner: self.owner,
            state: if over { ReservationState::Expired } else { self.state },
            lines: self.lines.into_iter().map(line).collect(),
            expires_at: self.expires_at,
        }
    }
}

/// What `owner` has, or had.
pub fn find(owner: &str) -> Option<Reservation> {
    let rows = db::rows(
        "SELECT r.state AS state, r.expires_at AS expires_at, a.sku AS sku,
             CAST(sum(a.quantity) AS BIGINT) AS quantity
         FROM reservation AS r JOIN allocation AS a ON a.owner = r.owner
         WHERE r.owner = ?1 GROUP BY r.state, r.expires_at, a.sku",
        &params![owner],
    );
    let first = rows.first()?;
    let state = match first.text("state").as_str() {
        "held" => ReservationState::Held,
        "committed" => ReservationState::Committed,
        "released" => ReservationState::Released,
        "expired" => ReservationState::Expired,
        other => trap(&format!("a reservation has the state {other}")),
    };
    Some(Reservation {
        owner: owner.to_owned(),
        state,
        expires_at: first.number("expires_at"),
        lines: rows.iter().map(|row| (row.text("sku"), row.integer("quantity"))).collect(),
    })
}

/// How many are held at the time `now`.
pub fn count_held(now: u64) -> u32 {
    let count = "SELECT count(*) AS held FROM reservation WHERE state = 'held' AND expires_at > ?1";
    db::first(count, &params![now]).map_or(0, |row| row.number("held"))
}
