//! Placing a cart, and confirming its payment.

use quoin_sdk::check::Check;
use quoin_sdk::id;
use quoin_sdk::types::Error;

use crate::bindings::exports::quoin::checkout::checkout::{Guest, Outcome, PlaceError, Placement};
use crate::bindings::quoin::cart::{cart_steps, carts::Cart};
use crate::bindings::quoin::inventory::allocations;
use crate::bindings::quoin::order::order_steps;
use crate::bindings::quoin::order::orders::{self, Order, OrderState, PaymentState};
use crate::bindings::quoin::payment::provider::{self, Authorization, Payment, State};
use crate::money::{capture_if_due, give_back, order_state, placement, record};
use crate::{Plugin, attempt, basket};

impl Guest for Plugin {
    fn place(
        cart_id: String,
        revision: u64,
        method: String,
        key: Option<String>,
    ) -> Result<Placement, PlaceError> {
        let mut check = Check::default();
        check.id("cartId", &cart_id);
        check.id("paymentMethod", &method);
        key.iter().for_each(|key| check.id("key", key));
        check.done()?;
        if let Some(key) = &key
            && let Some(payment) = attempt::declined(key, &cart_id, &method)?
        {
            return Ok(declined(&provider::get(&method, &payment)?));
        }
        let placed = match order_steps::get_by_key(&cart_id) {
            Ok(order) => Ok(as_it_is(order)?),
            Err(Error::NotFound(_)) => order_cart(&cart_id, revision, &method)?,
            Err(other) => return Err(other.into()),
        };
        if let Some(key) = &key {
            let payment = placed.as_ref().err().map(|payment| payment.id.as_str());
            attempt::keep(key, &cart_id, &method, payment);
        }
        Ok(placed.unwrap_or_else(|payment| declined(&payment)))
    }

    fn confirm(order_id: String) -> Result<Placement, Error> {
        let order = orders::get(&order_id)?;
        if order.payment != PaymentState::Pending {
            return as_it_is(order);
        }
        let (method, id) = (&order.snapshot.payment_method, &order.snapshot.payment_id);
        let payment = provider::refresh(method, id)?;
        let order = match order_state(&payment) {
            PaymentState::Pending => order,
            _ if order.state == OrderState::Cancelled => give_back(&order, payment.clone())?,
            PaymentState::Declined | PaymentState::Voided => {
                allocations::release(&order.snapshot.cart_id, None)?;
                record(&order, &payment)?;
                order_steps::cancel(&order_id, "the payment was declined")?
            }
            _ => capture_if_due(record(&order, &payment)?, &payment)?,
        };
        Ok(placement(order, Some(payment)))
    }
}

/// Orders what is in the cart; the payment where it was declined.
fn order_cart(
    cart_id: &str,
    revision: u64,
    method: &str,
) -> Result<Result<Placement, Payment>, PlaceError> {
    let cart = basket::of(cart_id, revision)?;
    let line = |line: &crate::bindings::quoin::cart::carts::Line| allocations::Line {
        id: line.id.clone(),
        variant: line.variant.clone(),
        quantity: line.quantity,
    };
    allocations::allocate(&cart.id, &Vec::from_iter(cart.lines.iter().map(line)))?;
    let payment = authorize(&cart, method)?;
    is_as_asked(&payment, &cart, method)?;
    match payment.state {
        State::Declined => {
            allocations::release(&cart.id, None)?;
            return Ok(Err(payment));
        }
        State::Voided | State::Refunded => {
            let why = "the payment provider answered with a payment that is over";
            return Err(PlaceError::Unavailable(why.into()));
        }
        _ => {}
    }
    let draft = basket::draft(cart, &payment);
    let order = order_steps::create(cart_id, &draft, order_state(&payment))?;
    cart_steps::mark_ordered(cart_id, &order.id)?;
    let order = capture_if_due(order, &payment)?;
    Ok(Ok(placement(order, Some(payment))))
}

/// An order is only made of a payment of what it costs, by the way that was chosen.
fn is_as_asked(payment: &Payment, cart: &Cart, method: &str) -> Result<(), Error> {
    let grand = &cart.totals.grand;
    let paid = match payment.state {
        State::Authorized => payment.authorized == *grand,
        State::Captured => payment.captured == *grand,
        _ => true,
    };
    let why = "the payment provider answered with another payment than was asked for";
    if paid && payment.method == method { Ok(()) } else { Err(Error::Unavailable(why.into())) }
}

fn authorize(cart: &Cart, method: &str) -> Result<Payment, Error> {
    let pieces: u64 = cart.lines.iter().map(|line| u64::from(line.quantity)).sum();
    let plural = if pieces == 1 { "" } else { "s" };
    let request = Authorization {
        key: id::random("attempt"),
        amount: cart.totals.grand.clone(),
        description: format!("Your order of {pieces} piece{plural}"),
        email: cart.email.clone(),
    };
    provider::authorize(method, &request).map_err(|error| match error {
        // The provider's answer, or the host's when the shop has bound none to this method.
        Error::NotFound(_) => {
            let problem = "the shop has no such payment method";
            Error::Invalid(vec![quoin_sdk::fault("paymentMethod", problem)])
        }
        other => other,
    })
}

fn as_it_is(order: Order) -> Result<Placement, Error> {
    let telling = matches!(order.payment, PaymentState::Pending | PaymentState::Declined);
    let (method, id) = (&order.snapshot.payment_method, &order.snapshot.payment_id);
    let payment = telling.then(|| provider::get(method, id)).transpose()?;
    Ok(placement(order, payment))
}

fn declined(payment: &Payment) -> Placement {
    let (message, next_url) = (payment.message.clone(), payment.next_url.clone());
    Placement { outcome: Outcome::Declined, order: None, message, next_url }
}
