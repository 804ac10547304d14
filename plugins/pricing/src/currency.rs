//! Currencies and amounts in them.

/// The largest amount, in minor units: far beyond any price, and small enough that nobody adds up
/// to an overflow by honest means.
pub const MINOR_MAX: i64 = 1_000_000_000_000;

/// What is wrong with a currency code, if anything.
pub fn problem(code: &str) -> Option<&'static str> {
    let fits = code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase());
    (!fits).then_some("must be an ISO 4217 code of three capital letters, e.g. EUR")
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
