//! A cart that can be ordered.

use std::collections::BTreeSet;

use quoin_sdk::check::Check;
use quoin_sdk::types::Error;

use crate::bindings::quoin::cart::carts::{self, Cart, Status};
use crate::bindings::quoin::catalog::variants;
use crate::bindings::quoin::order::orders::{Draft, Line};
use crate::bindings::quoin::payment::provider::Payment;
use crate::bindings::quoin::pricing::quotes::{self, Context};

/// The cart, if it is as the buyer saw it, and all in it is still sold and costs what it says.
///
/// # Errors
/// `conflict` when it changed, is ordered, or costs something else by now; `invalid` with what it lacks.
pub fn of(cart_id: &str, revision: u64) -> Result<Cart, Error> {
    let cart = carts::get(cart_id)?;
    if cart.status == Status::Ordered || cart.revision != revision {
        let now = cart.revision;
        return Err(Error::Conflict(format!(
            "the cart has the revision {now} now: look at it again"
        )));
    }
    is_complete(&cart)?;
    costs_what_it_says(&cart)?;
    Ok(cart)
}

fn is_complete(cart: &Cart) -> Result<(), Error> {
    let ids: BTreeSet<String> = cart.lines.iter().map(|line| line.variant.clone()).collect();
    let mut known = variants::by_id(&Vec::from_iter(ids))?;
    known.retain(|known| known.published);
    let mut check = Check::default();
    if cart.lines.is_empty() {
        check.fault("cart/lines", "the cart is empty; add something to it");
    }
    if cart.email.is_none() {
        check.fault("cart/email", "the cart has no email address; set its contact");
    }
    if cart.address.is_none() && cart.lines.iter().any(|line| line.requires_shipping) {
        check.fault(
            "cart/address",
            "there are goods that are shipped, and no address; set the contact",
        );
    }
    for (i, line) in cart.lines.iter().enumerate() {
        let sold = known.iter().any(|known| known.id == line.variant);
        let problem = line.problem.clone();
        let gone = || (!sold).then(|| "is not sold any more; remove it".into());
        check.note(format!("cart/lines/{i}"), problem.or_else(gone));
    }
    check.done()?;
    let is_it = |line: &carts::Line| {
        let now = known.iter().find(|known| known.id == line.variant);
        now.is_some_and(|now| {
            (&now.sku, now.requires_shipping) == (&line.sku, line.requires_shipping)
        })
    };
    let why = "the goods are called otherwise now: recalculate the cart and look at it again";
    if cart.lines.iter().all(is_it) { Ok(()) } else { Err(Error::Conflict(why.into())) }
}

fn costs_what_it_says(cart: &Cart) -> Result<(), Error> {
    let asked = |line: &carts::Line| quotes::Line {
        variant: line.variant.clone(),
        quantity: line.quantity,
    };
    let context = Context { currency: cart.currency.clone(), group: None, channel: None };
    let quoted = match quotes::quote(&Vec::from_iter(cart.lines.iter().map(asked)), &context) {
        // Something has no price any more.
        Err(Error::Invalid(_)) => Vec::new(),
        quoted => quoted?,
    };
    let same = quoted.len() == cart.lines.len()
        && quoted.iter().zip(&cart.lines).all(|(now, then)| {
            (&now.unit, &now.total, now.tax_included)
                == (&then.unit, &then.total, then.tax_included)
                && then.tax_included == cart.tax_included
        });
    let why = "a price has changed: recalculate the cart and confirm its new total";
    if same { Ok(()) } else { Err(Error::Conflict(why.into())) }
}

/// The order that a cart makes.
pub fn draft(cart: Cart, payment: &Payment) -> Draft {
    let line = |line: carts::Line| Line {
        id: line.id,
        variant: line.variant,
        sku: line.sku,
        title: line.title,
        quantity: line.quantity,
        unit: line.unit,
        total: line.total,
        reason: line.reason,
        fields: line.fields,
        requires_shipping: line.requires_shipping,
    };
    Draft {
        cart_id: cart.id,
        email: cart.email.unwrap_or_default(),
        address: cart.address,
        lines: cart.lines.into_iter().map(line).collect(),
        tax_included: cart.tax_included,
        subtotal: cart.totals.subtotal,
        grand: cart.totals.grand,
        payment_method: payment.method.clone(),
        payment_id: payment.id.clone(),
    }
}
