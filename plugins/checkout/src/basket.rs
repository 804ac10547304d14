//! A cart that can be ordered.

use quoin_sdk::fault;
use quoin_sdk::types::{Address, FieldFault, Money};

use crate::bindings::exports::quoin::checkout::checkout::Error;
use crate::bindings::quoin::cart::carts::{self, Cart, Status};
use crate::bindings::quoin::order::orders::{Draft, Line};
use crate::bindings::quoin::payment::provider::Payment;
use crate::bindings::quoin::pricing::quotes::{self, Context};
use crate::error::conflict;

/// What is ordered, as the buyer saw it.
pub struct Basket {
    pub cart_id: String,
    pub method: String,
    pub email: String,
    pub grand: Money,
    pub lines: Vec<carts::Line>,
    revision: u64,
    address: Option<Address>,
    subtotal: Money,
}

impl Basket {
    /// The cart, if it can be ordered as it is and costs what it says.
    ///
    /// # Errors
    /// `conflict` when it has another revision, is ordered, or costs something else by now; `invalid` with
    /// what it lacks.
    pub fn of(cart: Cart, revision: u64, method: &str) -> Result<Basket, Error> {
        is_unchanged(&cart, revision)?;
        let faults = faults(&cart);
        let Some(email) = cart.email.filter(|_| faults.is_empty()) else {
            return Err(Error::Invalid(faults));
        };
        let basket = Basket {
            cart_id: cart.id,
            method: method.into(),
            email,
            grand: cart.totals.grand,
            lines: cart.lines,
            revision,
            address: cart.address,
            subtotal: cart.totals.subtotal,
        };
        basket.price_again()?;
        Ok(basket)
    }

    fn price_again(&self) -> Result<(), Error> {
        let context = Context { currency: self.grand.currency.clone(), group: None, channel: None };
        let lines: Vec<quotes::Line> = (self.lines.iter())
            .map(|line| quotes::Line { sku: line.sku.clone(), quantity: line.quantity })
            .collect();
        let quoted = quotes::quote(&lines, &context)?;
        let same = quoted.len() == self.lines.len()
            && (quoted.iter().zip(&self.lines))
                .all(|(now, then)| now.unit == then.unit && now.total == then.total);
        let sum = self
            .lines
            .iter()
            .try_fold(Money::new(0, self.grand.currency.as_str()), |sum, l| sum.plus(&l.total));
        if same && sum.as_ref() == Some(&self.subtotal) {
            Ok(())
        } else {
            Err(conflict("a price has changed: recalculate the cart and confirm its new total"))
        }
    }

    /// # Errors
    /// `conflict` when the cart has changed since.
    pub fn is_still_the_cart(&self) -> Result<(), Error> {
        is_unchanged(&carts::get(&self.cart_id)?, self.revision)
    }

    /// The order that this basket makes.
    pub fn draft(self, payment: &Payment) -> Draft {
        let line = |line: carts::Line| Line {
            sku: line.sku,
            title: line.title,
            quantity: line.quantity,
            unit: line.unit,
            total: line.total,
            tax_included: line.tax_included,
            reason: line.reason,
        };
        Draft {
            cart_id: self.cart_id,
            email: self.email,
            address: self.address,
            lines: self.lines.into_iter().map(line).collect(),
            subtotal: self.subtotal,
            grand: self.grand,
            payment_method: self.method,
            payment_id: payment.id.clone(),
        }
    }
}

fn is_unchanged(cart: &Cart, revision: u64) -> Result<(), Error> {
    if cart.status == Status::Ordered {
        return Err(conflict("the cart is ordered already"));
    }
    if cart.revision != revision {
        let now = cart.revision;
        return Err(conflict(&format!("the cart has the revision {now} now: look at it again")));
    }
    Ok(())
}

fn faults(cart: &Cart) -> Vec<FieldFault> {
    let mut faults = Vec::new();
    if cart.lines.is_empty() {
        faults.push(fault("cart/lines", "the cart is empty; add something to it"));
    }
    if cart.email.is_none() {
        faults.push(fault("cart/email", "the cart has no email address; set its contact"));
    }
    for (i, line) in cart.lines.iter().enumerate() {
        if let Some(problem) = &line.problem {
            faults.push(fault(format!("cart/lines/{i}"), problem));
        }
    }
    faults
}
