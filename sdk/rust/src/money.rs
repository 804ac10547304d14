//! Arithmetic on money: whole minor units, checked, never across currencies.

use std::fmt;

use crate::types::Money;

impl Money {
    /// `minor` minor units of `currency`.
    pub fn new(minor: i64, currency: impl Into<String>) -> Money {
        Money { minor, currency: currency.into() }
    }

    /// The sum; none when the currencies differ or it does not fit.
    pub fn plus(&self, other: &Money) -> Option<Money> {
        if self.currency != other.currency {
            return None;
        }
        Some(Money::new(self.minor.checked_add(other.minor)?, self.currency.as_str()))
    }

    /// This much, `quantity` times; none when it does not fit.
    pub fn times(&self, quantity: u32) -> Option<Money> {
        Some(Money::new(self.minor.checked_mul(i64::from(quantity))?, self.currency.as_str()))
    }
}

impl fmt::Display for Money {
    /// Minor units with the currency, e.g. `1234 EUR-minor`; for logs, not for buyers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}-minor", self.minor, self.currency)
    }
}
