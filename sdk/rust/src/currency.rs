//! Currencies and amounts in them.

use crate::types::Money;

/// The largest amount, in minor units: far beyond any price, and small enough that nobody adds up
/// to an overflow by honest means.
pub const MINOR_MAX: i64 = 1_000_000_000_000;

/// What is wrong with a currency code, if anything, as the rest of a sentence that starts with the
/// field's name.
pub fn problem(code: &str) -> Option<String> {
    let fits = code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase());
    (!fits).then(|| "must be an ISO 4217 code of three capital letters, e.g. EUR".into())
}

/// The digits after the decimal point that ISO 4217 gives a currency.
pub fn digits(code: &str) -> usize {
    match code {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX"
        | "UYI" | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    }
}

/// An amount as a decimal number with its currency, e.g. `12.34 EUR`: what [`parse`] reads, for texts.
pub fn shown(amount: &Money) -> String {
    let digits = digits(&amount.currency);
    let minor = amount.minor.unsigned_abs();
    let sign = if amount.minor < 0 { "-" } else { "" };
    let one = 10_u64.pow(u32::try_from(digits).unwrap_or_default());
    let (whole, fraction) = (minor / one, minor % one);
    let fraction = if digits == 0 { String::new() } else { format!(".{fraction:0>digits$}") };
    format!("{sign}{whole}{fraction} {}", amount.currency)
}

/// A decimal amount such as `12.34` in minor units of `currency`.
///
/// # Errors
/// What is wrong with it, as the rest of a sentence that starts with the field's name.
pub fn parse(amount: &str, currency: &str) -> Result<i64, String> {
    let digits = digits(currency);
    let (whole, fraction) = match amount.split_once('.') {
        Some((whole, "")) => (whole, "?"),
        Some((whole, fraction)) => (whole, fraction),
        None => (amount, ""),
    };
    let only_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !only_digits(whole) || !only_digits(fraction) {
        let example = if digits == 0 { "1234".into() } else { format!("12.{:0>digits$}", 5) };
        return Err(format!("must be an amount such as {example}, digits and a point only"));
    }
    if fraction.len() > digits {
        let found = fraction.len();
        return Err(format!("has {found} digits after the point; {currency} has {digits}"));
    }
    let minor = format!("{whole}{fraction:0<digits$}").parse::<i64>();
    match minor {
        Ok(minor) if minor <= MINOR_MAX => Ok(minor),
        _ => Err(format!("is more than {MINOR_MAX} minor units")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_has_the_digits_of_its_currency() {
        for (text, code, minor) in [
            ("12.34", "EUR", 1_234),
            ("0.05", "EUR", 5),
            ("500", "JPY", 500),
            ("1.234", "KWD", 1_234),
        ] {
            assert_eq!(parse(text, code), Ok(minor));
            assert_eq!(shown(&Money::new(minor, code)), format!("{text} {code}"));
        }
        assert_eq!(parse("7", "EUR"), Ok(700));
        assert_eq!(parse("0.5", "EUR"), Ok(50));
        assert_eq!(shown(&Money::new(-5, "EUR")), "-0.05 EUR");
        assert_eq!(shown(&Money::new(i64::MIN, "JPY")), "-9223372036854775808 JPY");
    }

    #[test]
    fn what_is_no_amount_of_the_currency_is_refused() {
        for (text, code) in [
            ("", "EUR"),
            ("1,5", "EUR"),
            ("-1", "EUR"),
            ("1.", "EUR"),
            (".5", "EUR"),
            ("1.234", "EUR"),
            ("1.0", "JPY"),
            ("10000000000.01", "EUR"),
            ("99999999999999999999", "JPY"),
        ] {
            assert!(parse(text, code).is_err(), "{text} {code}");
        }
        assert_eq!(problem("EUR"), None);
        for code in ["", "eur", "EURO", "€"] {
            assert!(problem(code).is_some(), "{code}");
        }
    }
}
