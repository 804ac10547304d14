//! The authorization of a payment, and the ones that nobody needs any more.
//!
//! The attempts of a cart have the keys `<cart>/1`, `<cart>/2` and so on: each is tried until it turns
//! out to be voided, so that a checkout that is asked for again finds what the last one began.

use quoin_sdk::host::log;

use crate::basket::Basket;
use crate::bindings::exports::quoin::checkout::checkout::Error;
use crate::bindings::quoin::payment::provider::{self, Authorization, Payment, State};
use crate::error::{conflict, invalid};

/// Attempts to pay for one cart: far more than a buyer makes, few enough to look through at once.
const ATTEMPTS_MAX: u32 = 50;

/// Authorizes without the lock. None when an authorization for other contents of this cart is in the
/// way: another checkout may be about to use it.
///
/// # Errors
/// `declined`; `invalid` for a method that the shop does not offer.
pub fn authorize(basket: &Basket) -> Result<Option<Payment>, Error> {
    next_attempt(basket, |_| false)
}

/// Makes sure under the lock that the payment is authorized: `begun` without the lock, or else anew.
///
/// # Errors
/// `declined`; `invalid` for a method that the shop does not offer.
pub fn ensure(basket: &Basket, begun: Option<Payment>) -> Result<Payment, Error> {
    if let Some(begun) = begun {
        let now = provider::get(&basket.method, &begun.id)?;
        if is_good(&now) {
            return Ok(now);
        }
    }
    let clear = |key: &str| void_attempt(&basket.method, key, None);
    match next_attempt(basket, clear)? {
        Some(payment) => Ok(payment),
        None => Err(conflict("another payment for this cart is being made; try again")),
    }
}

/// Voids what was authorized for this cart with the method's provider, except one payment. To be called
/// under the lock, where all others are known to be unneeded.
pub fn void_all_but(cart_id: &str, method: &str, keep: Option<&str>) {
    for attempt in 1..=ATTEMPTS_MAX {
        if !void_attempt(method, &key(cart_id, attempt), keep) {
            break;
        }
    }
}

/// The first attempt that is authorized or can be. `clear` makes room where an attempt was for something
/// else, and tells whether it did.
fn next_attempt(basket: &Basket, clear: impl Fn(&str) -> bool) -> Result<Option<Payment>, Error> {
    let pieces: u64 = basket.lines.iter().map(|l| u64::from(l.quantity)).sum();
    for attempt in 1..=ATTEMPTS_MAX {
        let key = key(&basket.cart_id, attempt);
        let request = Authorization {
            key: key.clone(),
            amount: basket.grand.clone(),
            description: format!("Your order of {pieces} pieces"),
            email: Some(basket.email.clone()),
        };
        match provider::authorize(&basket.method, &request) {
            Ok(payment) if is_good(&payment) => return Ok(Some(payment)),
            Ok(payment) => match payment.state {
                State::RequiresAction => {
                    let why = "This way to pay needs a step that this shop cannot make yet.";
                    return Err(Error::Declined(why.into()));
                }
                State::Unknown => return Err(Error::Retryable(1_000)),
                // An earlier attempt, and over.
                _ => {}
            },
            Err(provider::Error::Conflict(_)) if clear(&key) => {}
            Err(provider::Error::Conflict(_)) => return Ok(None),
            // The provider's answer, or the host's when the shop has bound none to this method.
            Err(provider::Error::NotFound(_)) => {
                return invalid("paymentMethod", "the shop has no such payment method");
            }
            Err(other) => return Err(other.into()),
        }
    }
    Err(conflict("there were too many attempts to pay for this cart; start a new one"))
}

/// Voids what was authorized with this key. Tells whether anything was.
fn void_attempt(method: &str, key: &str, keep: Option<&str>) -> bool {
    let found = match provider::get_by_key(method, key) {
        Ok(found) => found,
        Err(provider::Error::NotFound(_)) => return false,
        Err(error) => {
            warn(&format!("whether {key} is an open payment by {method} is not known: {error:?}"));
            return false;
        }
    };
    let open = matches!(found.state, State::Authorized | State::RequiresAction | State::Unknown);
    if open
        && keep != Some(found.id.as_str())
        && let Err(error) = provider::void(&found.method, &found.id, VOID)
    {
        let id = &found.id;
        warn(&format!("the payment {id} by {method} should be voided, but: {error:?}"));
    }
    true
}

/// The ledger key of voiding a payment: it is voided once.
pub const VOID: &str = "void";

fn is_good(payment: &Payment) -> bool {
    matches!(payment.state, State::Authorized | State::Captured)
}

fn key(cart_id: &str, attempt: u32) -> String {
    format!("{cart_id}/{attempt}")
}

/// A line in the shop's log about money that somebody may have to look after.
pub fn warn(what: &str) {
    log::write(log::Level::Warn, what);
}
