//! Placing a cart: prepare without the lock, decide with it.

use quoin_sdk::fault;

use crate::basket::Basket;
use crate::bindings::exports::quoin::checkout::checkout::Error;
use crate::bindings::quoin::cart::carts;
use crate::bindings::quoin::inventory::stock;
use crate::bindings::quoin::order::orders::{self, Order};
use crate::bindings::quoin::payment::provider::Payment;
use crate::error::conflict;
use crate::hold::{self, Hold};
use crate::journal::Journal;
use crate::money::order_state;
use crate::{finish, pay};

/// What the buyer asks for.
pub struct Request {
    pub cart_id: String,
    pub revision: u64,
    pub payment_method: String,
    pub key: Option<String>,
}

/// Makes one order of the cart, or answers with the one there is.
pub fn place(request: &Request) -> Result<Order, Error> {
    request.check()?;
    let cart = carts::get(&request.cart_id)?;
    let begun = match finish::order_of(&request.cart_id)? {
        Some(_) => None,
        None => Some(Begun::with(Basket::of(cart, request.revision, &request.payment_method)?)),
    };
    if let Some(Begun { outcome: Err(Error::InsufficientStock(shortages)), .. }) = begun {
        return Err(Error::InsufficientStock(shortages));
    }

    let mut journal = Journal::lock(&request.cart_id);
    let order = match finish::order_of(&request.cart_id)? {
        Some(order) => {
            let kept = order.snapshot.payment_id.as_str();
            pay::void_all_but(&request.cart_id, &request.payment_method, Some(kept));
            journal.check_key(request.key.as_deref())?;
            order
        }
        None => match begun {
            Some(begun) => match journal.check_key(request.key.as_deref()) {
                Ok(()) => begun.decide()?,
                Err(used) => return Err(begun.undo(used)),
            },
            None => return Err(conflict("the order of this cart cannot be found any more")),
        },
    };
    finish::finish(&mut journal, order, request.key.as_deref())
}

impl Request {
    fn check(&self) -> Result<(), Error> {
        let mut faults = Vec::new();
        if self.payment_method.is_empty() || self.payment_method.len() > 64 {
            faults.push(fault("paymentMethod", "must have 1 to 64 bytes"));
        }
        if self.key.as_ref().is_some_and(|key| key.is_empty() || key.len() > 200) {
            faults.push(fault("key", "must have 1 to 200 bytes"));
        }
        if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
    }
}

/// A basket whose goods and payment were asked for without the lock, as far as it went.
struct Begun {
    basket: Basket,
    outcome: Result<Option<Payment>, Error>,
}

impl Begun {
    fn with(basket: Basket) -> Begun {
        let outcome = match hold::reserve(&basket) {
            Ok(Hold::Mine) => pay::authorize(&basket),
            Ok(Hold::Contested) => Ok(None),
            Err(error) => Err(error),
        };
        Begun { basket, outcome }
    }

    /// Makes the order, or undoes everything. Under the lock, and with no order of the cart.
    fn decide(self) -> Result<Order, Error> {
        let (cart_id, method) = (self.basket.cart_id.clone(), self.basket.method.clone());
        match self.outcome.and_then(|begun| ready(&self.basket, begun)) {
            Ok(payment) => create(self.basket, &payment),
            Err(error) => Err(undo(&cart_id, &method, error)),
        }
    }

    fn undo(self, error: Error) -> Error {
        undo(&self.basket.cart_id, &self.basket.method, error)
    }
}

/// Goods held first, cart looked at second: a checkout of a changed cart that begins after this look sees
/// the hold and leaves it alone.
fn ready(basket: &Basket, begun: Option<Payment>) -> Result<Payment, Error> {
    hold::ensure(basket)?;
    basket.is_still_the_cart()?;
    pay::ensure(basket, begun)
}

/// The point of no return.
fn create(basket: Basket, payment: &Payment) -> Result<Order, Error> {
    let (cart_id, method) = (basket.cart_id.clone(), basket.method.clone());
    let draft = basket.draft(payment);
    match orders::create(&finish::order_key(&cart_id), &draft, order_state(payment)) {
        Ok(order) => Ok(order),
        // It may have been made, although the answer was lost. While nobody knows, nothing is undone.
        Err(error) => match finish::order_of(&cart_id)? {
            Some(order) => Ok(order),
            None => Err(undo(&cart_id, &method, error.into())),
        },
    }
}

/// Gives back what is held for the cart; returns `error`. Under the lock, and with no order of the cart.
fn undo(cart_id: &str, method: &str, error: Error) -> Error {
    pay::void_all_but(cart_id, method, None);
    if let Err(failed) = stock::release(cart_id) {
        pay::warn(&format!("the goods of {cart_id} stay reserved until they expire: {failed:?}"));
    }
    error
}
