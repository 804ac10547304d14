//! Which payment methods the shop offers through this plugin, and on what terms.

use quoin_sdk::currency;
use quoin_sdk::host::{configured, trap};
use quoin_sdk::types::Money;

use crate::bindings::exports::quoin::payment::provider::{CaptureTime, Error};

/// Characters of the configured instructions: room for the reference in what the buyer reads.
const INSTRUCTIONS_MAX: usize = 200;

/// The terms of a method.
pub struct Method {
    name: String,
    /// When its money is captured.
    pub capture: CaptureTime,
    /// Whether its money must come first.
    pub in_advance: bool,
    /// The largest payments, one for each currency; where there are none, any payment is possible.
    maximums: Vec<Money>,
}

/// The terms of the method of this name.
///
/// # Errors
/// The shop does not offer it.
pub fn offered(name: &str) -> Result<Method, Error> {
    if !lists(&configured("methods"), name) {
        return Err(Error::NotFound(format!("there is no payment method \"{name}\"")));
    }
    let at_order = lists(&configured("capture-at-order"), name);
    Ok(Method {
        name: name.into(),
        capture: if at_order { CaptureTime::AtOrder } else { CaptureTime::Later },
        in_advance: lists(&configured("in-advance"), name),
        maximums: maximums(&configured("maximum"), name),
    })
}

impl Method {
    /// Why this amount cannot be paid so, for the buyer.
    pub fn refusal(&self, amount: &Money) -> Option<String> {
        let name = &self.name;
        let maximum = self.maximums.iter().find(|m| m.currency == amount.currency);
        let why = match maximum {
            None if self.maximums.is_empty() => return None,
            Some(maximum) if amount.minor <= maximum.minor => return None,
            Some(maximum) => {
                let most = currency::shown(maximum);
                format!("No more than {most} can be paid by {name}.")
            }
            None => format!("{} cannot be paid by {name}.", amount.currency),
        };
        Some(format!("{why} Please choose another way to pay."))
    }
}

/// What a buyer who pays in advance reads.
pub fn instructions(payment: &str) -> String {
    let text = configured("instructions");
    if text.chars().count() > INSTRUCTIONS_MAX {
        trap(&format!("the configuration key instructions has over {INSTRUCTIONS_MAX} characters"));
    }
    format!("{text} Reference: {payment}")
}

fn lists(names: &str, name: &str) -> bool {
    !name.is_empty() && names.split(',').any(|n| n.trim() == name)
}

/// Traps when the shop's configuration is not as the manifest describes it: every payment is refused
/// rather than one let through that should not be.
fn maximums(limits: &str, name: &str) -> Vec<Money> {
    let mut found = Vec::new();
    for limit in limits.split(',').map(str::trim).filter(|limit| !limit.is_empty()) {
        match maximum(limit) {
            Some((method, maximum)) if method == name => found.push(maximum),
            Some(_) => {}
            None => trap(&format!(
                "the configuration key maximum has \"{limit}\"; write it like cash=500.00 EUR"
            )),
        }
    }
    found
}

fn maximum(limit: &str) -> Option<(&str, Money)> {
    let (method, amount) = limit.split_once('=')?;
    let (amount, code) = amount.trim().rsplit_once(' ')?;
    let usable = currency::problem(code).is_none();
    let minor = usable.then(|| currency::parse(amount.trim(), code).ok())??;
    Some((method.trim(), Money::new(minor, code)))
}
