//! A cart that can be ordered.

use quoin_sdk::check::Check;
use quoin_sdk::types::{self, Error, Snapshot};

use crate::bindings::exports::quoin::cart::carts::{Cart, Line};
use crate::{assess, change};

/// What an order of the cart is made of, if all in it is still sold and as the buyer saw it. Whether there
/// is enough, inventory tells when the goods are allocated.
///
/// # Errors
/// `conflict` when it changed, is ordered, or would show something else by now; `invalid` with what it lacks.
pub fn ready(id: &str, revision: u64) -> Result<Snapshot, Error> {
    let seen = change::open(id, Some(revision))?;
    let mut now = seen.clone();
    let unsold = assess::but_stock(&mut now)?;
    let mut check = Check::default();
    if seen.lines.is_empty() {
        check.fault("cart/lines", "the cart is empty; add something to it");
    }
    if seen.email.is_none() {
        check.fault("cart/email", "the cart has no email address; set its contact");
    }
    if seen.address.is_none() && now.lines.iter().any(|line| line.requires_shipping) {
        let problem = "there are goods that are shipped, and no address; set the contact";
        check.fault("cart/address", problem);
    }
    for (i, line) in seen.lines.iter().enumerate() {
        let gone = || unsold.contains(&line.id).then(|| "is not sold any more; remove it".into());
        check.note(format!("cart/lines/{i}"), line.problem.clone().or_else(gone));
    }
    check.done()?;
    let why = "a price or a name has changed: recalculate the cart and look at it again";
    if now == seen { Ok(snapshot(now)) } else { Err(Error::Conflict(why.into())) }
}

fn snapshot(cart: Cart) -> Snapshot {
    Snapshot {
        cart_id: cart.id,
        email: cart.email.unwrap_or_default(),
        address: cart.address,
        lines: cart.lines.into_iter().map(line).collect(),
        tax_included: cart.tax_included,
        subtotal: cart.totals.subtotal,
        grand: cart.totals.grand,
    }
}

fn line(line: Line) -> types::Line {
    types::Line {
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
    }
}
