//! What happens to an order after it was placed.

use std::collections::BTreeMap;

use quoin_sdk::db::{self, Row};
use quoin_sdk::{fault, params};

use crate::bindings::exports::quoin::order::orders::{
    Error, FulfilledLine, FulfilmentState, Order, OrderState, PaymentState,
};
use crate::state::{Word, is_complete, payment_can_become};
use crate::{check, history, read};

/// Records what happened to the money.
///
/// # Errors
/// `not-found`, or `conflict` for a state that cannot follow the present one.
pub fn set_payment(id: &str, payment: PaymentState) -> Result<Order, Error> {
    let mut order = Changing::find(id)?;
    if order.payment == payment {
        return Ok(read::order(&order.row));
    }
    if !payment_can_become(order.payment, payment) {
        return Err(Error::Conflict(format!(
            "the payment is {}; it cannot become {}",
            order.payment.word(),
            payment.word()
        )));
    }
    order.payment = payment;
    order.keep(&format!("payment {}", payment.word()))
}

/// Records what was sent.
///
/// # Errors
/// `not-found`; `conflict` for a cancelled order or another revision; `invalid` for what was not ordered.
pub fn fulfil(id: &str, lines: &[FulfilledLine], revision: Option<u64>) -> Result<Order, Error> {
    let mut order = Changing::find(id)?;
    if order.state == OrderState::Cancelled {
        return Err(Error::Conflict("the order is cancelled".into()));
    }
    let present: u64 = order.row.number("revision");
    if revision.is_some_and(|expected| expected != present) {
        return Err(Error::Conflict(format!("the order has the revision {present} now")));
    }
    let mut left = left_to_send(id);
    take(lines, &mut left)?;
    for line in lines {
        db::execute(
            "INSERT INTO sent (order_id, sku, quantity) VALUES (?1, ?2, ?3)
             ON CONFLICT (order_id, sku) DO UPDATE SET quantity = sent.quantity + excluded.quantity",
            &params![id, &line.sku, line.quantity],
        );
    }
    let all = left.values().all(|quantity| *quantity == 0);
    order.fulfilment =
        if all { FulfilmentState::Fulfilled } else { FulfilmentState::PartiallyFulfilled };
    let sent: u64 = lines.iter().map(|l| u64::from(l.quantity)).sum();
    let what = format!("{sent} sent, {}", order.fulfilment.word());
    order.keep(&what)
}

/// Cancels an order of which nothing was sent.
///
/// # Errors
/// `not-found`, `invalid` without a reason, or `conflict` when something was sent.
pub fn cancel(id: &str, reason: &str) -> Result<Order, Error> {
    check::reason(reason)?;
    let mut order = Changing::find(id)?;
    if order.state == OrderState::Cancelled {
        return Ok(read::order(&order.row));
    }
    if order.fulfilment != FulfilmentState::Unfulfilled {
        return Err(Error::Conflict("something of the order was sent already".into()));
    }
    order.state = OrderState::Cancelled;
    order.keep(&format!("order cancelled: {reason}"))
}

/// An order while its states change.
struct Changing {
    row: Row,
    state: OrderState,
    payment: PaymentState,
    fulfilment: FulfilmentState,
}

impl Changing {
    fn find(id: &str) -> Result<Changing, Error> {
        let row = read::row("id", id).ok_or_else(read::not_found)?;
        Ok(Changing {
            state: Word::read(&row.text("state")),
            payment: Word::read(&row.text("payment")),
            fulfilment: Word::read(&row.text("fulfilment")),
            row,
        })
    }

    fn keep(mut self, what: &str) -> Result<Order, Error> {
        let id = self.row.text("id");
        history::append(&id, what);
        if self.state == OrderState::Open && is_complete(self.payment, self.fulfilment) {
            self.state = OrderState::Completed;
            history::append(&id, "order completed");
        }
        db::execute(
            "UPDATE placed SET state = ?2, payment = ?3, fulfilment = ?4, revision = revision + 1
             WHERE id = ?1",
            &params![&id, self.state.word(), self.payment.word(), self.fulfilment.word()],
        );
        read::by("id", &id)
    }
}

/// What was ordered and not sent yet, by SKU.
fn left_to_send(id: &str) -> BTreeMap<String, i64> {
    let sql = "SELECT sku, CAST(sum(quantity) AS BIGINT) AS ordered FROM line WHERE order_id = ?1 GROUP BY sku";
    let rows = db::rows(sql, &params![id]);
    let mut left: BTreeMap<String, i64> =
        rows.iter().map(|row| (row.text("sku"), row.integer("ordered"))).collect();
    for sent in read::sent(id) {
        left.entry(sent.sku).and_modify(|quantity| *quantity -= i64::from(sent.quantity));
    }
    left
}

fn take(lines: &[FulfilledLine], left: &mut BTreeMap<String, i64>) -> Result<(), Error> {
    if lines.is_empty() || lines.len() > 1_000 {
        return Err(Error::Invalid(vec![fault("lines", "must be 1 to 1000")]));
    }
    let mut faults = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        let quantity = i64::from(line.quantity);
        match left.get_mut(&line.sku) {
            None => faults.push(fault(format!("lines/{i}/sku"), "is not in the order")),
            Some(left) if quantity == 0 || quantity > *left => {
                let problem = format!("must be 1 to {left}, what is left to send");
                let problem = if *left == 0 { "all of it was sent".into() } else { problem };
                faults.push(fault(format!("lines/{i}/quantity"), problem));
            }
            Some(left) => *left -= quantity,
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
}
