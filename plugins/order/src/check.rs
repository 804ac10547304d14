//! What an order may contain.

use quoin_sdk::check::{Check, LINES_MAX, TITLE_MAX};
use quoin_sdk::text;
use quoin_sdk::types::{Line, Money, Snapshot};

use crate::bindings::exports::quoin::order::orders::{Error, PaymentState};

/// # Errors
/// `invalid` with every field that cannot be used.
pub fn order(
    key: &str,
    draft: &Snapshot,
    [method, id]: [&str; 2],
    payment: PaymentState,
) -> Result<(), Error> {
    let mut check = Check::default();
    check.id("key", key);
    if !matches!(payment, PaymentState::Pending | PaymentState::Authorized | PaymentState::Paid) {
        check.fault("payment", "must be pending, authorized or paid for a new order");
    }
    check.id("draft/cartId", &draft.cart_id);
    check.email("draft/email", &draft.email);
    check.id("paymentMethod", method);
    check.id("paymentId", id);
    match &draft.address {
        Some(address) => check.address("draft/address", address),
        None if draft.lines.iter().any(|line| line.requires_shipping) => {
            check.fault("draft/address", "is missing, and there are goods that are shipped");
        }
        None => {}
    }
    amounts(&mut check, draft);
    if draft.lines.is_empty() {
        check.fault("draft/lines", "is empty");
    }
    let lines = check.list("draft/lines", &draft.lines, LINES_MAX);
    for (i, line) in lines.iter().enumerate() {
        self::line(&mut check, &format!("draft/lines/{i}"), line, &draft.grand.currency);
    }
    check.distinct("draft/lines", lines.iter().map(|line| &line.id));
    check.done()
}

fn amounts(check: &mut Check, draft: &Snapshot) {
    let currency = &draft.grand.currency;
    check.currency("draft/grand/currency", currency);
    check.money("draft/grand", &draft.grand, currency);
    check.money("draft/subtotal", &draft.subtotal, currency);
    let sum = draft.lines.iter().try_fold(0_i64, |sum, line| sum.checked_add(line.total.minor));
    if sum != Some(draft.subtotal.minor) {
        check.fault("draft/subtotal/minor", "is not the sum of the lines");
    }
}

fn line(check: &mut Check, field: &str, line: &Line, currency: &str) {
    check.id(format!("{field}/id"), &line.id);
    check.id(format!("{field}/variant"), &line.variant);
    check.sku(format!("{field}/sku"), &line.sku);
    check.title(format!("{field}/title"), &line.title);
    check.quantity(format!("{field}/quantity"), line.quantity, 1);
    check.money(&format!("{field}/unit"), &line.unit, currency);
    check.money(&format!("{field}/total"), &line.total, currency);
    // Whoever makes the prices need not say why.
    check.note(format!("{field}/reason"), text::prose_problem(&line.reason, TITLE_MAX));
    check.fields(&format!("{field}/fields"), &line.fields);
}

/// # Errors
/// `invalid` when there is none, or it is too long.
pub fn reason(reason: &str) -> Result<(), Error> {
    let mut check = Check::default();
    check.title("reason", reason);
    check.done()
}

/// # Errors
/// `invalid` for sums that no payment of an order in this currency can have.
pub fn sums(captured: &Money, refunded: &Money, currency: &str) -> Result<(), Error> {
    let mut check = Check::default();
    check.money("captured", captured, currency);
    check.money("refunded", refunded, currency);
    if refunded.minor > captured.minor {
        check.fault("refunded/minor", "must not be more than what is captured");
    }
    check.done()
}
