//! What an order may contain.

use quoin_sdk::fault;
use quoin_sdk::types::{Address, FieldFault, Money};

use crate::bindings::exports::quoin::order::orders::{Draft, Error, Line, PaymentState};

/// Lines of an order: as many as are priced at once.
const LINES_MAX: usize = 1_000;
/// Bytes of keys, ids, SKUs and names of methods.
const NAME_MAX: usize = 200;
/// Bytes of titles, reasons and lines of an address.
const TEXT_MAX: usize = 500;
/// Lines of an address, the ones for name and city aside.
const ADDRESS_LINES_MAX: usize = 10;

/// # Errors
/// `invalid` with every field that cannot be used.
pub fn draft(key: &str, draft: &Draft, payment: PaymentState) -> Result<(), Error> {
    let mut faults = Faults(Vec::new());
    faults.text("key", key, 1, NAME_MAX);
    faults.text("draft/cartId", &draft.cart_id, 1, NAME_MAX);
    faults.text("draft/email", &draft.email, 3, 254);
    if !draft.email.contains('@') {
        faults.add("draft/email", "has no @");
    }
    faults.text("draft/paymentMethod", &draft.payment_method, 1, NAME_MAX);
    faults.text("draft/paymentId", &draft.payment_id, 1, NAME_MAX);
    if let Some(address) = &draft.address {
        faults.address(address);
    }
    if !matches!(payment, PaymentState::Pending | PaymentState::Authorized | PaymentState::Paid) {
        faults.add("payment", "must be pending, authorized or paid for a new order");
    }
    if draft.lines.is_empty() || draft.lines.len() > LINES_MAX {
        faults.add("draft/lines", format!("must be 1 to {LINES_MAX}"));
    } else {
        faults.lines(draft);
    }
    faults.done()
}

/// # Errors
/// `invalid` when there is none, or it is too long.
pub fn reason(reason: &str) -> Result<(), Error> {
    let mut faults = Faults(Vec::new());
    faults.text("reason", reason, 1, TEXT_MAX);
    faults.done()
}

struct Faults(Vec<FieldFault>);

impl Faults {
    fn add(&mut self, field: impl Into<String>, problem: impl Into<String>) {
        self.0.push(fault(field, problem));
    }

    fn done(self) -> Result<(), Error> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self.0)) }
    }

    fn text(&mut self, field: impl Into<String>, text: &str, min: usize, max: usize) {
        if text.len() < min || text.len() > max {
            self.add(field, format!("must have {min} to {max} bytes"));
        }
    }

    fn address(&mut self, address: &Address) {
        self.text("draft/address/name", &address.name, 0, TEXT_MAX);
        self.text("draft/address/postalCode", &address.postal_code, 0, NAME_MAX);
        self.text("draft/address/city", &address.city, 0, TEXT_MAX);
        self.text("draft/address/region", address.region.as_deref().unwrap_or(""), 0, TEXT_MAX);
        let country = &address.country;
        if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) {
            self.add("draft/address/country", "must be an ISO 3166-1 alpha-2 code, e.g. DE");
        }
        if address.lines.len() > ADDRESS_LINES_MAX {
            self.add("draft/address/lines", format!("must be at most {ADDRESS_LINES_MAX}"));
        }
        for (i, line) in address.lines.iter().enumerate() {
            let field = format!("draft/address/lines/{i}");
            if line.contains('\n') {
                self.add(&field, "has a line break; make it two lines");
            }
            self.text(field, line, 0, TEXT_MAX);
        }
    }

    fn lines(&mut self, draft: &Draft) {
        let currency = draft.grand.currency.as_str();
        if currency.len() != 3 || !currency.bytes().all(|b| b.is_ascii_uppercase()) {
            self.add("draft/grand/currency", "must be an ISO 4217 code, e.g. EUR");
        }
        self.money("draft/grand", &draft.grand, currency);
        self.money("draft/subtotal", &draft.subtotal, currency);
        let mut sum = Some(0i64);
        for (i, line) in draft.lines.iter().enumerate() {
            self.line(&format!("draft/lines/{i}"), line, currency);
            sum = sum.and_then(|s| s.checked_add(line.total.minor));
        }
        if sum != Some(draft.subtotal.minor) {
            self.add("draft/subtotal", "is not the sum of the lines");
        }
    }

    fn line(&mut self, field: &str, line: &Line, currency: &str) {
        self.text(format!("{field}/sku"), &line.sku, 1, NAME_MAX);
        self.text(format!("{field}/title"), &line.title, 0, TEXT_MAX);
        self.text(format!("{field}/reason"), &line.reason, 0, TEXT_MAX);
        if line.quantity == 0 {
            self.add(format!("{field}/quantity"), "must be at least 1");
        }
        self.money(&format!("{field}/unit"), &line.unit, currency);
        self.money(&format!("{field}/total"), &line.total, currency);
    }

    fn money(&mut self, field: &str, money: &Money, currency: &str) {
        if money.minor < 0 {
            self.add(format!("{field}/minor"), "must not be negative");
        }
        if money.currency != currency {
            self.add(format!("{field}/currency"), format!("must be {currency}, as the total is"));
        }
    }
}
