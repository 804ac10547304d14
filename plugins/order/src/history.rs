//! The append-only history of an order.

use quoin_sdk::db::{self, Row};
use quoin_sdk::host::{call, clock};
use quoin_sdk::params;
use quoin_sdk::types::Money;

use crate::bindings::exports::quoin::order::orders::{Event, Order};

/// Adds what the running call does, with who makes it and the money that moved (minor units; 0 for none).
pub fn append(order: &mut Order, what: &str, moved: i64) {
    let (who, caller, at) = (call::principal(), call::caller(), clock::now());
    let position = order.history.len() as u64 + 1;
    let amount = (moved != 0).then_some(moved);
    db::execute(
        "INSERT INTO order_event (order_id, position, at, what, amount, role, role_id, caller)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        &params![
            &order.id,
            position,
            at,
            what,
            amount,
            &who.role,
            who.id.as_deref(),
            caller.as_deref()
        ],
    );
    let amount = amount.map(|minor| Money::new(minor, order.captured.currency.as_str()));
    let id = who.id.filter(|_| who.role == ADMIN);
    order.history.push(Event { at, what: what.into(), amount, who: shown(who.role, id, caller) });
}

/// All events, oldest first. Only an admin learns which key an admin used.
pub fn events(order: &str, currency: &str) -> Vec<Event> {
    let for_admin = call::principal().role == ADMIN;
    let event = |row: &Row| Event {
        at: row.number("at"),
        what: row.text("what"),
        amount: row.optional_integer("amount").map(|minor| Money::new(minor, currency)),
        who: shown(
            row.text("role"),
            row.optional_text("role_id").filter(|_| for_admin),
            row.optional_text("caller"),
        ),
    };
    let sql = "SELECT at, what, amount, role, role_id, caller FROM order_event WHERE order_id = ?1
         ORDER BY position";
    db::rows(sql, &params![order]).iter().map(event).collect()
}

/// The role of those who hold one of the shop's keys.
const ADMIN: &str = "admin";

fn shown(role: String, id: Option<String>, caller: Option<String>) -> String {
    let id = id.map(|id| format!(" {id}")).unwrap_or_default();
    let caller = caller.map(|caller| format!(" through {caller}")).unwrap_or_default();
    format!("{role}{id}{caller}")
}
