//! How a language writes amounts and days, and the words of tables.

use quoin_sdk::currency::digits;
use serde::Serialize;

/// Words of what all mails have.
#[derive(Debug, Clone, Serialize)]
pub struct Words {
    pub order: &'static str,
    pub item: &'static str,
    pub quantity: &'static str,
    pub price: &'static str,
    pub subtotal: &'static str,
    pub total: &'static str,
    pub tax_included: &'static str,
    pub tax_excluded: &'static str,
    pub ship_to: &'static str,
    pub payment: &'static str,
    pub show: &'static str,
}

const EN: Words = Words {
    order: "Order",
    item: "Item",
    quantity: "Quantity",
    price: "Price",
    subtotal: "Subtotal",
    total: "Total",
    tax_included: "Prices include tax.",
    tax_excluded: "Prices are without tax.",
    ship_to: "Delivery address",
    payment: "Payment",
    show: "View your order",
};

const DE: Words = Words {
    order: "Bestellung",
    item: "Artikel",
    quantity: "Menge",
    price: "Preis",
    subtotal: "Zwischensumme",
    total: "Gesamtbetrag",
    tax_included: "Alle Preise enthalten die Mehrwertsteuer.",
    tax_excluded: "Alle Preise ohne Mehrwertsteuer.",
    ship_to: "Lieferadresse",
    payment: "Zahlungsart",
    show: "Bestellung ansehen",
};

const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const MONTHS_DE: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];

fn german(locale: &str) -> bool {
    locale.starts_with("de")
}

/// The words of a locale; English ones where there are none.
pub fn words(locale: &str) -> Words {
    if german(locale) { DE } else { EN }
}

/// An amount in minor units: `€1,234.50`, `1.234,50 €`.
pub fn money(minor: i64, currency: &str, locale: &str) -> String {
    let (group, point) = if german(locale) { ('.', ',') } else { (',', '.') };
    let digits = digits(currency);
    let one = 10_u64.pow(u32::try_from(digits).unwrap_or_default());
    let (whole, rest) = (minor.unsigned_abs() / one, minor.unsigned_abs() % one);
    let whole = whole.to_string();
    let mut number = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            number.push(group);
        }
        number.push(digit);
    }
    if digits > 0 {
        number += &format!("{point}{rest:0>digits$}");
    }
    let sign = if minor < 0 { "-" } else { "" };
    let symbol = match currency {
        "EUR" => "€",
        "GBP" => "£",
        "USD" => "$",
        "JPY" => "¥",
        other => return format!("{sign}{number}\u{a0}{other}"),
    };
    match german(locale) {
        true => format!("{sign}{number}\u{a0}{symbol}"),
        false => format!("{sign}{symbol}{number}"),
    }
}

/// The day of a time in milliseconds since 1970, in UTC: `25 November 2026`, `25. November 2026`.
pub fn day(ms: u64, locale: &str) -> String {
    let mut days = ms / 86_400_000;
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    // A century has a hundred steps; beyond the year 9999 nobody buys.
    while year < 9_999 {
        let length = if leap(year) { 366 } else { 365 };
        if days < length {
            break;
        }
        days -= length;
        year += 1;
    }
    let february = if leap(year) { 29 } else { 28 };
    let mut month = 0;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (months, dot) = if german(locale) { (MONTHS_DE, ".") } else { (MONTHS_EN, "") };
    let month = months.get(month).copied().unwrap_or_default();
    format!("{}{dot} {month} {year}", days + 1)
}
