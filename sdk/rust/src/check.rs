//! Whether the fields of a request can be used. The shared nouns have the same limits in every plugin,
//! so that what one accepts the next one does not refuse.
//!
//! ```ignore
//! let mut check = Check::default();
//! check.id("variant", &line.variant);
//! check.address("address", &address);
//! check.done()?;
//! ```

use std::collections::HashSet;
use std::hash::Hash;

use crate::types::{Address, Error, Field, FieldFault, Money};
use crate::{currency, fault, text};

/// Characters of an id, a key, or the name of a payment method.
pub const ID_MAX: usize = 200;
/// Characters of a SKU.
pub const SKU_MAX: usize = 64;
/// Characters of a line's title, of the reason of its price, and of other sentences.
pub const TITLE_MAX: usize = 300;
/// Lines of a cart or an order: one question about all of them stays small.
pub const LINES_MAX: usize = 200;
/// Pieces of a line.
pub const QUANTITY_MAX: u32 = 9_999;

/// Characters of an e-mail address, as RFC 5321 has it.
const EMAIL_MAX: usize = 254;
/// Characters of each part of a postal address.
const ADDRESS_PART_MAX: usize = 200;
const ADDRESS_LINES_MAX: usize = 5;
const POSTAL_CODE_MAX: usize = 20;
const PHONE_MAX: usize = 40;
/// Fields of an entity, and characters of their names and values.
const FIELDS_MAX: usize = 20;
const FIELD_NAME_MAX: usize = 100;
const FIELD_VALUE_MAX: usize = 1_000;
/// Faults that one answer lists; more help nobody.
const FAULTS_MAX: usize = 100;

/// Collects what is wrong with the fields of a request.
#[derive(Default)]
pub struct Check(Vec<FieldFault>);

impl Check {
    /// Notes a fault, unless there are many already.
    pub fn fault(&mut self, field: impl Into<String>, problem: impl Into<String>) {
        if self.0.len() < FAULTS_MAX {
            self.0.push(fault(field, problem));
        }
    }

    /// Notes a fault if there is a problem.
    pub fn note(&mut self, field: impl Into<String>, problem: Option<String>) {
        if let Some(problem) = problem {
            self.fault(field, problem);
        }
    }

    /// All that was found.
    pub fn faults(self) -> Vec<FieldFault> {
        self.0
    }

    /// # Errors
    /// `invalid` with all that was found, if anything was.
    pub fn done(self) -> Result<(), Error> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self.0)) }
    }

    /// A list that is too long is a fault; then its items are not looked at.
    pub fn list<'a, T>(&mut self, field: &str, items: &'a [T], max: usize) -> &'a [T] {
        if items.len() <= max {
            return items;
        }
        self.fault(field, format!("has {} items; at most {max} are possible", items.len()));
        &[]
    }

    /// An item that is there twice is a fault.
    pub fn distinct<K: Eq + Hash>(&mut self, field: &str, keys: impl Iterator<Item = K>) {
        let mut seen = HashSet::new();
        for (i, key) in keys.enumerate() {
            if !seen.insert(key) {
                self.fault(format!("{field}/{i}"), "is there twice");
            }
        }
    }

    /// An id, a key, or the name of a payment method.
    pub fn id(&mut self, field: impl Into<String>, id: &str) {
        self.note(field, text::line_problem(id, ID_MAX));
    }

    /// A SKU.
    pub fn sku(&mut self, field: impl Into<String>, sku: &str) {
        self.note(field, text::line_problem(sku, SKU_MAX));
    }

    /// A title, a reason or another sentence that must not be empty.
    pub fn title(&mut self, field: impl Into<String>, title: &str) {
        self.note(field, text::line_problem(title, TITLE_MAX));
    }

    /// The pieces of a line: `least` or more.
    pub fn quantity(&mut self, field: impl Into<String>, quantity: u32, least: u32) {
        if !(least..=QUANTITY_MAX).contains(&quantity) {
            self.fault(field, format!("must be {least} to {QUANTITY_MAX}"));
        }
    }

    /// An amount of zero or more in this currency.
    pub fn money(&mut self, field: &str, amount: &Money, currency: &str) {
        if amount.minor < 0 {
            self.fault(format!("{field}/minor"), "must not be negative");
        }
        if amount.currency != currency {
            self.fault(format!("{field}/currency"), format!("must be {currency} here"));
        }
    }

    /// An ISO 4217 code.
    pub fn currency(&mut self, field: impl Into<String>, code: &str) {
        self.note(field, currency::problem(code));
    }

    /// An e-mail address that mail could be sent to. Whether the mailbox exists, only sending tells.
    pub fn email(&mut self, field: impl Into<String>, email: &str) {
        let problem = text::line_problem(email, EMAIL_MAX);
        let form = || "must be an e-mail address such as name@example.com".into();
        self.note(field, problem.or_else(|| (!is_email(email)).then(form)));
    }

    /// A postal address. Its fields are told below `field`.
    pub fn address(&mut self, field: &str, address: &Address) {
        let mut part = |name: &str, value: &str, max| {
            self.note(format!("{field}/{name}"), text::line_problem(value, max));
        };
        part("name", &address.name, ADDRESS_PART_MAX);
        part("city", &address.city, ADDRESS_PART_MAX);
        for (name, value) in [("company", &address.company), ("region", &address.region)] {
            if let Some(value) = value {
                part(name, value, ADDRESS_PART_MAX);
            }
        }
        for (i, line) in address.lines.iter().enumerate().take(ADDRESS_LINES_MAX) {
            part(&format!("lines/{i}"), line, ADDRESS_PART_MAX);
        }
        // Some countries have no postal codes.
        if !address.postal_code.is_empty() {
            part("postalCode", &address.postal_code, POSTAL_CODE_MAX);
        }
        if !(1..=ADDRESS_LINES_MAX).contains(&address.lines.len()) {
            let problem = format!("must have 1 to {ADDRESS_LINES_MAX} entries");
            self.fault(format!("{field}/lines"), problem);
        }
        let country = &address.country;
        if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) {
            let problem = "must be an ISO 3166-1 code of two capital letters, e.g. DE";
            self.fault(format!("{field}/country"), problem);
        }
        if address.phone.as_deref().is_some_and(|phone| !is_phone(phone)) {
            let problem = format!(
                "must be 3 to {PHONE_MAX} digits, spaces and + - ( ) / . with a digit among them"
            );
            self.fault(format!("{field}/phone"), problem);
        }
    }

    /// The fields of an entity. They are told below `field`.
    pub fn fields(&mut self, field: &str, fields: &[Field]) {
        for (i, one) in self.list(field, fields, FIELDS_MAX).iter().enumerate() {
            if !is_field_name(&one.name) {
                let problem = format!(
                    "must be a namespace and a name of a-z, 0-9 and -, e.g. acme:engraving, \
                     with at most {FIELD_NAME_MAX} characters"
                );
                self.fault(format!("{field}/{i}/name"), problem);
            }
            let value = format!("{field}/{i}/value");
            if one.value.is_empty() {
                self.fault(value, "is empty");
            } else {
                self.note(value, text::prose_problem(&one.value, FIELD_VALUE_MAX));
            }
        }
        self.distinct(field, fields.iter().map(|one| &one.name));
    }
}

fn is_email(email: &str) -> bool {
    email.rsplit_once('@').is_some_and(|(mailbox, domain)| {
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
    })
}

fn is_phone(phone: &str) -> bool {
    (3..=PHONE_MAX).contains(&phone.len())
        && phone.bytes().all(|b| b.is_ascii_digit() || b" +-()/.".contains(&b))
        && phone.bytes().any(|b| b.is_ascii_digit())
        && phone.trim() == phone
}

fn is_field_name(name: &str) -> bool {
    name.len() <= FIELD_NAME_MAX
        && name.split_once(':').is_some_and(|(space, name)| {
            [space, name].iter().all(|part| text::slug_problem(part, FIELD_NAME_MAX).is_none())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faulty(look: impl FnOnce(&mut Check)) -> Vec<String> {
        let mut check = Check::default();
        look(&mut check);
        check.faults().into_iter().map(|fault| fault.field).collect()
    }

    fn address() -> Address {
        Address {
            name: "Ada Lovelace".into(),
            company: Some("Engines".into()),
            lines: vec!["12 St James's Square".into()],
            postal_code: String::new(),
            city: "London".into(),
            region: None,
            country: "GB".into(),
            phone: Some("+44 (20) 7946-0000".into()),
        }
    }

    #[test]
    fn three_hundred_characters_are_three_hundred_in_any_script() {
        assert!(faulty(|check| check.title("title", &"é".repeat(TITLE_MAX))).is_empty());
        assert_eq!(faulty(|check| check.title("title", &"é".repeat(TITLE_MAX + 1))), ["title"]);
    }

    #[test]
    fn mail_could_be_sent_to_an_email_address() {
        for good in ["a@b.c", "ada.l+shop@mail.example.com", "ü@bücher.example"] {
            assert!(faulty(|check| check.email("email", good)).is_empty(), "{good}");
        }
        let long = format!("{}@example.com", "a".repeat(65));
        for bad in
            ["", "@b.c", "a@", "a@b", "a b@c.d", ".a@b.c", "a..b@c.d", "a@-b.c", "a@b..c", &long]
        {
            assert_eq!(faulty(|check| check.email("email", bad)), ["email"], "{bad}");
        }
    }

    #[test]
    fn an_address_tells_all_that_is_wrong_with_it() {
        assert!(faulty(|check| check.address("address", &address())).is_empty());
        let bad = Address {
            name: String::new(),
            company: Some(" ".into()),
            lines: vec![],
            postal_code: "1".repeat(21),
            city: "a\nb".into(),
            region: Some(String::new()),
            country: "gb".into(),
            phone: Some("call me".into()),
        };
        let parts =
            ["name", "city", "company", "region", "postalCode", "lines", "country", "phone"];
        assert_eq!(faulty(|c| c.address("a", &bad)), parts.map(|part| format!("a/{part}")));
        let six = Address { lines: vec!["x".into(); 6], ..address() };
        assert_eq!(faulty(|check| check.address("a", &six)), ["a/lines"]);
    }

    #[test]
    fn fields_have_a_namespace_a_value_and_one_place() {
        let field = |name: &str, value: &str| Field { name: name.into(), value: value.into() };
        let good = [field("acme:engraving", "Für Ada\nmit Liebe"), field("acme:font", "s")];
        assert!(faulty(|check| check.fields("fields", &good)).is_empty());
        let bad = [
            field("engraving", "x"),
            field("acme:", "x"),
            field("a:b:c", "x"),
            field("acme:a", ""),
            field("acme:a", &"x".repeat(1_001)),
        ];
        let found = faulty(|check| check.fields("f", &bad));
        assert_eq!(found, ["f/0/name", "f/1/name", "f/2/name", "f/3/value", "f/4/value", "f/4"]);
        assert_eq!(
            faulty(|check| check.fields("f", &vec![field("a:b", "x"); 21])).first().unwrap(),
            "f"
        );
    }

    #[test]
    fn no_more_than_a_hundred_faults_are_told() {
        let many = faulty(|check| (0..150).for_each(|i| check.fault(i.to_string(), "is wrong")));
        assert_eq!(many.len(), FAULTS_MAX);
    }
}
