//! What a request may contain.

use quoin_sdk::types::{Address, Error, FieldFault};
use quoin_sdk::{fault, text};

/// Different SKUs in a cart. One question about all of them stays small.
pub const LINES_MAX: usize = 200;
/// Pieces of a line.
pub const QUANTITY_MAX: u32 = 9_999;
/// Characters of a SKU, as the catalogue has it.
pub const SKU_MAX: usize = 64;
/// Characters of the fields of an address.
const FIELD_MAX: usize = 200;
/// Lines of an address besides the ones that have a field of their own.
const ADDRESS_LINES_MAX: usize = 5;

/// What is wrong with a currency code, if anything.
pub fn currency_problem(code: &str) -> Option<&'static str> {
    let fits = code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase());
    (!fits).then_some("must be an ISO 4217 code of three capital letters, e.g. EUR")
}

/// One fault as an error.
pub fn invalid(field: &str, problem: impl Into<String>) -> Error {
    Error::Invalid(vec![fault(field, problem)])
}

/// A quantity of a line, or 0 where a line may be removed that way.
pub fn quantity(quantity: u32, least: u32) -> Result<(), Error> {
    if (least..=QUANTITY_MAX).contains(&quantity) {
        return Ok(());
    }
    Err(invalid("quantity", format!("must be {least} to {QUANTITY_MAX}")))
}

/// Who orders, and where it goes.
pub fn contact(email: &str, address: Option<&Address>) -> Result<(), Error> {
    let mut faults: Vec<FieldFault> = Vec::new();
    faults.extend(email_problem(email).map(|problem| fault("email", problem)));
    if let Some(address) = address {
        check_address(address, &mut faults);
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
}

fn check_address(address: &Address, faults: &mut Vec<FieldFault>) {
    let mut line = |field: &str, value: &str, max: usize| {
        let problem = text::line_problem(value, max);
        faults.extend(problem.map(|problem| fault(format!("address/{field}"), problem)));
    };
    line("name", &address.name, FIELD_MAX);
    line("city", &address.city, FIELD_MAX);
    for (i, text) in address.lines.iter().enumerate().take(ADDRESS_LINES_MAX) {
        line(&format!("lines/{i}"), text, FIELD_MAX);
    }
    if let Some(region) = &address.region {
        line("region", region, FIELD_MAX);
    }
    // Some countries have no postal codes.
    if !address.postal_code.is_empty() {
        line("postalCode", &address.postal_code, 20);
    }
    if address.lines.is_empty() || address.lines.len() > ADDRESS_LINES_MAX {
        let problem = format!("must have 1 to {ADDRESS_LINES_MAX} entries");
        faults.push(fault("address/lines", problem));
    }
    let country = &address.country;
    if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) {
        let problem = "must be an ISO 3166-1 code of two capital letters, e.g. DE";
        faults.push(fault("address/country", problem));
    }
}

/// What keeps a text from being an e-mail address that mail could be sent to. Whether the mailbox
/// exists, only sending tells.
fn email_problem(email: &str) -> Option<String> {
    if let Some(problem) = text::line_problem(email, 254) {
        return Some(problem);
    }
    let well_formed = email.rsplit_once('@').is_some_and(|(mailbox, domain)| {
        let dots = |text: &str| text.starts_with('.') || text.ends_with('.') || text.contains("..");
        let forbidden = |c: char| c.is_whitespace() || "\"(),:;<>@[\\]".contains(c);
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        (1..=64).contains(&mailbox.len())
            && !dots(mailbox)
            && !mailbox.contains(forbidden)
            && domain.contains('.')
            && domain.split('.').all(label)
    });
    (!well_formed).then(|| "must be an e-mail address such as name@example.com".into())
}
