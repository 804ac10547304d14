//! What a request may contain.

use quoin_sdk::fault;
use quoin_sdk::types::{FieldFault, Money};

use crate::bindings::exports::quoin::payment::provider::{Authorization, Error};

/// Bytes of a key: room for the ids it is made of.
const KEY_MAX: usize = 200;
/// Bytes of what the buyer sees.
const DESCRIPTION_MAX: usize = 500;
/// Bytes of an email address, as RFC 5321 has it.
const EMAIL_MAX: usize = 254;

/// # Errors
/// `invalid` with every field that cannot be used.
pub fn authorization(request: &Authorization) -> Result<(), Error> {
    let mut faults = Vec::new();
    faults.extend(key_fault("request/key", &request.key));
    faults.extend(money_fault("request/amount", &request.amount));
    if request.description.len() > DESCRIPTION_MAX {
        let problem = format!("longer than {DESCRIPTION_MAX} bytes");
        faults.push(fault("request/description", problem));
    }
    if request.email.as_ref().is_some_and(|e| e.len() > EMAIL_MAX) {
        faults.push(fault("request/email", format!("longer than {EMAIL_MAX} bytes")));
    }
    all(faults)
}

/// # Errors
/// `invalid` when the key or the amount of a capture or refund cannot be used.
pub fn movement(key: &str, amount: Option<&Money>, currency: &str) -> Result<(), Error> {
    let mut faults = Vec::new();
    faults.extend(key_fault("key", key));
    if let Some(amount) = amount {
        faults.extend(money_fault("amount", amount));
        if amount.minor == 0 {
            faults.push(fault("amount/minor", "must be above 0; leave out the amount for all"));
        }
        if amount.currency != currency {
            faults.push(fault("amount/currency", format!("the payment is in {currency}")));
        }
    }
    all(faults)
}

fn all(faults: Vec<FieldFault>) -> Result<(), Error> {
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
}

fn key_fault(field: &str, key: &str) -> Option<FieldFault> {
    let usable = !key.is_empty() && key.len() <= KEY_MAX;
    (!usable).then(|| fault(field, format!("must have 1 to {KEY_MAX} bytes")))
}

fn money_fault(field: &str, amount: &Money) -> Option<FieldFault> {
    if amount.minor < 0 {
        return Some(fault(format!("{field}/minor"), "must not be negative"));
    }
    let currency = &amount.currency;
    let usable = currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase());
    (!usable).then(|| fault(format!("{field}/currency"), "must be an ISO 4217 code, e.g. EUR"))
}
