//! A shop's books, looked through by SQL of their own: they must always agree with each other. The one
//! file here that knows the plugins' tables.

use std::path::Path;

use crate::host::databases;
use crate::state::open;

/// What must find nothing, and what it means when it does. An allocation's owner is the order's cart.
const CHECKS: &[(&str, &str)] = &[
    (
        "orders without their payment",
        "SELECT id FROM order_placed WHERE payment_id NOT IN (SELECT id FROM payment_manual_payment)",
    ),
    (
        "orders that what is told of their payment would not find",
        "SELECT id FROM order_placed WHERE id NOT IN (SELECT order_id FROM checkout_payment
        WHERE payment_id = order_placed.payment_id AND method = order_placed.payment_method)",
    ),
    (
        "payments of nothing, declined ones aside",
        "SELECT id FROM payment_manual_payment
        WHERE state <> 'declined' AND id NOT IN (SELECT payment_id FROM order_placed)",
    ),
    (
        "payments of two orders",
        "SELECT payment_id FROM order_placed GROUP BY payment_id HAVING count(*) > 1",
    ),
    ("carts of two orders", "SELECT cart_id FROM order_placed GROUP BY cart_id HAVING count(*) > 1"),
    (
        "orders whose cart does not know them",
        "SELECT o.id FROM order_placed o LEFT JOIN cart_cart c ON c.id = o.cart_id
        WHERE c.order_id IS NULL OR c.order_id <> o.id",
    ),
    (
        "carts whose order is not there",
        "SELECT id FROM cart_cart
        WHERE order_id IS NOT NULL AND order_id NOT IN (SELECT id FROM order_placed)",
    ),
    (
        "orders without lines or without history",
        "SELECT id FROM order_placed WHERE id NOT IN (SELECT order_id FROM order_line)
        OR id NOT IN (SELECT order_id FROM order_event)",
    ),
    (
        "ordered goods that were not allocated, or shipped, as the order says",
        "SELECT * FROM (
            SELECT o.cart_id AS owner, l.variant, sum(l.quantity) AS quantity, sum(l.shipped) AS shipped
            FROM order_placed o JOIN order_line l ON l.order_id = o.id GROUP BY 1, 2
        ) AS ordered LEFT JOIN (
            SELECT owner, variant, sum(quantity) AS quantity, sum(shipped) AS shipped
            FROM inventory_allocated GROUP BY 1, 2
        ) AS allocated ON allocated.owner = ordered.owner AND allocated.variant = ordered.variant
        WHERE allocated.owner IS NULL OR allocated.quantity <> ordered.quantity
        OR allocated.shipped <> ordered.shipped",
    ),
    (
        "goods allocated for no order",
        "SELECT owner FROM inventory_allocated
        WHERE quantity > released AND owner NOT IN (SELECT cart_id FROM order_placed)",
    ),
    (
        "goods of a cancelled order that were kept",
        "SELECT a.owner FROM inventory_allocated a JOIN order_placed o ON o.cart_id = a.owner
        WHERE o.state = 'cancelled' AND a.quantity > a.released + a.shipped",
    ),
    (
        "levels that are not the sum of their allocations",
        "SELECT v.variant FROM inventory_level v WHERE v.allocated <> (
            SELECT coalesce(sum(a.quantity - a.shipped - a.released), 0) FROM inventory_allocated a
            WHERE a.variant = v.variant AND a.location = v.location)",
    ),
    (
        "levels that are not the sum of their movements",
        "SELECT v.variant FROM inventory_level v WHERE v.on_hand <> (
            SELECT coalesce(sum(m.delta), 0) FROM inventory_movement m
            WHERE m.variant = v.variant AND m.location = v.location)",
    ),
    (
        "orders that tell other amounts than their payment",
        "SELECT o.id FROM order_placed o JOIN payment_manual_payment p ON p.id = o.payment_id
        WHERE o.grand <> p.amount OR o.captured <> p.captured OR o.refunded <> p.refunded",
    ),
    (
        "payments that are not the sum of their ledger",
        "SELECT p.id FROM payment_manual_payment p LEFT JOIN payment_manual_entry e
        ON e.payment_id = p.id GROUP BY p.id, p.authorized, p.captured, p.voided, p.refunded
        HAVING p.authorized <> coalesce(sum(CASE e.kind WHEN 'authorize' THEN e.amount END), 0)
        OR p.captured <> coalesce(sum(CASE e.kind WHEN 'capture' THEN e.amount END), 0)
        OR p.voided <> coalesce(sum(CASE e.kind WHEN 'void' THEN e.amount END), 0)
        OR p.refunded <> coalesce(sum(CASE e.kind WHEN 'refund' THEN e.amount END), 0)",
    ),
    (
        "gaps in the numbers of orders",
        "SELECT value FROM order_counter WHERE value <> (SELECT count(*) FROM order_placed)
        OR value <> (SELECT coalesce(max(position), 0) FROM order_placed)",
    ),
];

/// What does not agree.
///
/// # Errors
/// A table is not there, or cannot be read.
pub fn faults(data: &Path) -> Result<Vec<String>, String> {
    let mut faults = Vec::new();
    for path in databases(data) {
        let sqlite = open(&path).map_err(|e| e.to_string())?;
        for (meaning, check) in CHECKS {
            let count = format!("SELECT count(*) FROM ({check})");
            let found = sqlite.query_row(&count, [], |row| row.get(0));
            let found: i64 = found.map_err(|e| format!("{meaning}: {e}"))?;
            if found > 0 {
                faults.push(format!("{found} × {meaning}"));
            }
        }
    }
    Ok(faults)
}
