//! The append-only history of an order.

use quoin_sdk::db::{self, Row};
use quoin_sdk::host::{call, clock};
use quoin_sdk::params;

use crate::bindings::exports::quoin::order::orders::Event;

/// Adds what the running call does, with who makes it.
pub fn append(order: &str, what: &str) {
    let who = call::principal();
    db::execute(
        "INSERT INTO history (order_id, position, at, what, role, role_id, caller)
         VALUES (?1, (SELECT coalesce(max(position), 0) + 1 FROM history WHERE order_id = ?1),
             ?2, ?3, ?4, ?5, ?6)",
        &params![order, clock::now(), what, who.role, who.id, call::caller()],
    );
}

/// All events, oldest first. Only an admin learns which key an admin used.
pub fn events(order: &str) -> Vec<Event> {
    let admin = call::principal().role == "admin";
    let sql =
        "SELECT at, what, role, role_id, caller FROM history WHERE order_id = ?1 ORDER BY position";
    let event =
        |row: &Row| Event { at: row.number("at"), what: row.text("what"), who: who(row, admin) };
    db::rows(sql, &params![order]).iter().map(event).collect()
}

fn who(row: &Row, with_ids: bool) -> String {
    let mut who = row.text("role");
    if let Some(id) = row.optional_text("role_id").filter(|_| with_ids) {
        who.push(' ');
        who.push_str(&id);
    }
    if let Some(caller) = row.optional_text("caller") {
        who.push_str(" through ");
        who.push_str(&caller);
    }
    who
}
