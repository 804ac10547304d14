//! Placing a cart, and confirming its payment.

use quoin_sdk::check::Check;
use quoin_sdk::types::{Error, Line, Snapshot};
use quoin_sdk::{fault, id};

use crate::attempt::Asked;
use crate::bindings::exports::quoin::checkout::checkout::{Guest, Outcome, Placement};
use crate::orders::{Order, PaymentState};
use crate::paid::{By, ask, capture_if_due, is_as_asked, money, settle};
use crate::provider::{Authorization, Payment, State};
use crate::{Plugin, allocations, cart_steps, order_steps, orders, provider};

impl Guest for Plugin {
    fn place(
        cart_id: String,
        revision: u64,
        method: String,
        key: Option<String>,
    ) -> Result<Placement, Error> {
        let mut check = Check::default();
        check.id("cartId", &cart_id);
        check.id("paymentMethod", &method);
        key.iter().for_each(|key| check.id("key", key));
        check.done()?;
        let (asked, key) = (Asked { cart: &cart_id, revision, method: &method }, key.as_deref());
        if let Some(key) = key
            && let Some(declined) = asked.declined(key)?
        {
            return Ok(placement(None, provider::get(&method, &declined).ok()));
        }
        let known = order_steps::get_by_key(&cart_id);
        if !matches!(known, Err(Error::NotFound(_))) {
            let order = known?;
            asked.became(&order)?;
            let payment = provider::get(&order.payment_method, &order.payment_id).ok();
            key.iter().for_each(|key| asked.keep(key, None));
            return Ok(placement(Some(order), payment));
        }
        let goods = cart_steps::ready(&cart_id, revision)?;
        allocations::allocate(&cart_id, &Vec::from_iter(goods.lines.iter().map(wanted)))?;
        let payment = capture_if_due(authorize(&goods, &method)?, &goods.grand);
        is_as_asked(&payment, &method, [&goods.grand; 2])?;
        let declined = payment.state == State::Declined;
        if declined {
            key.iter().for_each(|key| asked.keep(key, Some(&payment.id)));
            allocations::release(&cart_id, None)?;
            return Ok(placement(None, Some(payment)));
        }
        let order = order_steps::create(&cart_id, &goods, &method, &payment.id, money(&payment))?;
        asked.place(key, &order);
        cart_steps::mark_ordered(&cart_id, &order.id)?;
        Ok(placement(Some(order), Some(payment)))
    }

    fn confirm(order_id: String) -> Result<Placement, Error> {
        let order = orders::get(&order_id)?;
        let payment = ask(&order)?;
        let (order, payment) = settle(order, payment, 0, By::Itself)?;
        Ok(placement(Some(order), Some(payment)))
    }
}

fn wanted(line: &Line) -> allocations::Line {
    let Line { id, variant, quantity, .. } = line;
    allocations::Line { id: id.clone(), variant: variant.clone(), quantity: *quantity }
}

fn authorize(goods: &Snapshot, method: &str) -> Result<Payment, Error> {
    let pieces: u64 = goods.lines.iter().map(|line| u64::from(line.quantity)).sum();
    let plural = if pieces == 1 { "" } else { "s" };
    let request = Authorization {
        key: id::random("attempt"),
        amount: goods.grand.clone(),
        description: format!("Your order of {pieces} piece{plural}"),
        email: Some(goods.email.clone()),
    };
    match provider::authorize(method, &request) {
        // The provider's answer, or the host's when the shop has bound none to this method.
        Err(Error::NotFound(_)) => {
            Err(Error::Invalid(vec![fault("paymentMethod", "the shop has no such payment method")]))
        }
        Ok(Payment { state: State::Voided | State::Refunded, .. }) => {
            Err(Error::Unavailable("the provider answered with a payment that is over".into()))
        }
        answer => answer,
    }
}

/// How things are, for the buyer. There is no order where the payment was declined at once.
fn placement(order: Option<Order>, payment: Option<Payment>) -> Placement {
    let state = order.as_ref().map_or(PaymentState::Declined, |order| order.payment);
    let outcome = match (state, payment.as_ref().map(|payment| payment.state)) {
        (PaymentState::Pending, Some(State::RequiresAction)) => Outcome::RequiresAction,
        (PaymentState::Pending, _) => Outcome::Unknown,
        (PaymentState::Declined | PaymentState::Voided, _) => Outcome::Declined,
        _ => Outcome::Placed,
    };
    let (message, next_url) = payment.map_or((None, None), |p| (p.message, p.next_url));
    Placement { outcome, order, message, next_url }
}
