//! The templates of mails: the plugin's own, and those that the shop wrote.

use quoin_sdk::db::{self, Row};
use quoin_sdk::types::Error;
use quoin_sdk::{check::Check, params};

use crate::bindings::exports::quoin::notify::mails::Kind;
use crate::bindings::exports::quoin::notify::templates::{Content, Entry, Template};
use crate::bindings::quoin::order::orders;
use crate::kind::{KINDS, Word};
use crate::outbox::Change;
use crate::render::{self, Rendered};
use crate::{settings, view};

/// Templates that a shop may have written: ten languages and more.
const EDITED_MAX: i64 = 100;
/// Bytes of a part.
const PART_BYTES_MAX: usize = 64 << 10;
/// Bytes of a subject.
const SUBJECT_BYTES_MAX: usize = 1_000;
/// The language that all kinds have.
const FIRST_LOCALE: &str = "en";

/// The plugin's own: the subject, the text and, after a line `===`, the HTML.
const OWN: [(&str, [&str; 5]); 2] = [
    (
        "en",
        [
            include_str!("../templates/en/placed.jinja"),
            include_str!("../templates/en/paid.jinja"),
            include_str!("../templates/en/shipped.jinja"),
            include_str!("../templates/en/cancelled.jinja"),
            include_str!("../templates/en/refunded.jinja"),
        ],
    ),
    (
        "de",
        [
            include_str!("../templates/de/placed.jinja"),
            include_str!("../templates/de/paid.jinja"),
            include_str!("../templates/de/shipped.jinja"),
            include_str!("../templates/de/cancelled.jinja"),
            include_str!("../templates/de/refunded.jinja"),
        ],
    ),
];

/// What a template is called in messages.
pub fn name(kind: Kind, locale: &str) -> String {
    format!("{}/{locale}", kind.word())
}

/// The template of a mail: of the locale, or of its language, or of the shop's usual one.
pub fn used(kind: Kind, locale: &str) -> Content {
    let usual = settings::usual_locale();
    let language = |locale: &str| locale.get(..2).unwrap_or_default().to_owned();
    let all = [locale.to_owned(), language(locale), usual.clone(), language(&usual)];
    let mut found =
        all.iter().filter_map(|locale| edited(kind, locale).or_else(|| own(kind, locale)));
    let first = || own(kind, FIRST_LOCALE);
    let none = Content { subject: String::new(), text: String::new(), html: String::new() };
    found.next().or_else(first).unwrap_or(none)
}

fn own(kind: Kind, locale: &str) -> Option<Content> {
    let (_, all) = OWN.iter().find(|(known, _)| *known == locale)?;
    let whole = all.get(KINDS.iter().position(|known| *known == kind)?)?;
    let (subject, rest) = whole.split_once('\n')?;
    let (text, html) = rest.split_once("===\n")?;
    Some(Content { subject: subject.into(), text: text.into(), html: html.into() })
}

fn edited(kind: Kind, locale: &str) -> Option<Content> {
    let sql = "SELECT subject, text, html FROM notify_template WHERE kind = ?1 AND locale = ?2";
    let draft = |row: Row| Content {
        subject: row.text("subject"),
        text: row.text("text"),
        html: row.text("html"),
    };
    db::first(sql, &params![kind.word(), locale]).map(draft)
}

/// All that there are.
pub fn list() -> Vec<Entry> {
    let sql = "SELECT kind, locale FROM notify_template ORDER BY kind, locale";
    let entry = |row: &Row| Entry {
        kind: Kind::read(&row.text("kind")),
        locale: row.text("locale"),
        edited: true,
    };
    let mut all: Vec<_> = db::rows(sql, &[]).iter().map(entry).collect();
    for (locale, _) in OWN {
        for kind in KINDS {
            if !all.iter().any(|entry| entry.kind == kind && entry.locale == locale) {
                all.push(Entry { kind, locale: locale.into(), edited: false });
            }
        }
    }
    all
}

/// One of them.
///
/// # Errors
/// `not-found`.
pub fn get(kind: Kind, locale: &str) -> Result<Template, Error> {
    let edited = edited(kind, locale);
    let is_edited = edited.is_some();
    let found = edited.or_else(|| own(kind, locale));
    let found = found
        .ok_or_else(|| Error::NotFound(format!("there is no template {}", name(kind, locale))))?;
    let Content { subject, text, html } = found;
    Ok(Template { kind, locale: locale.into(), subject, text, html, edited: is_edited })
}

/// Keeps one.
///
/// # Errors
/// `invalid` with the part, the line and the reason where it does not render.
pub fn put(kind: Kind, locale: &str, draft: Content) -> Result<Template, Error> {
    check(locale, &draft)?;
    // Both, so that it does not fail where an order has no more than it must.
    for sample in [view::sample(locale), view::bare(locale)] {
        render::render(&draft, &sample).map_err(invalid)?;
    }
    let key = params![kind.word(), locale];
    if edited(kind, locale).is_none() {
        let count = db::first("SELECT count(*) AS many FROM notify_template", &[]);
        if count.is_some_and(|row| row.integer("many") >= EDITED_MAX) {
            return Err(Error::Conflict(format!(
                "the shop has {EDITED_MAX} templates already: reset one that it does not need"
            )));
        }
    }
    db::execute("DELETE FROM notify_template WHERE kind = ?1 AND locale = ?2", &key);
    let sql = "INSERT INTO notify_template (kind, locale, subject, text, html) VALUES (?1, ?2, ?3, ?4, ?5)";
    let Content { subject, text, html } = &draft;
    db::execute(sql, &params![kind.word(), locale, subject, text, html]);
    get(kind, locale)
}

/// Forgets what the shop wrote.
///
/// # Errors
/// `not-found` where it wrote nothing.
pub fn reset(kind: Kind, locale: &str) -> Result<(), Error> {
    let sql = "DELETE FROM notify_template WHERE kind = ?1 AND locale = ?2";
    match db::execute(sql, &params![kind.word(), locale]) {
        0 => Err(Error::NotFound(format!("the shop wrote no template {}", name(kind, locale)))),
        _ => Ok(()),
    }
}

/// A mail as it would be.
///
/// # Errors
/// `not-found` for the order, `invalid` for a draft that does not render.
pub fn preview(
    kind: Kind,
    locale: &str,
    order: Option<String>,
    draft: Option<Content>,
) -> Result<Content, Error> {
    let draft = draft.unwrap_or_else(|| used(kind, locale));
    check(locale, &draft)?;
    let view = match order {
        None => view::sample(locale),
        Some(id) => {
            let order = orders::get(&id)?;
            let pieces = order.snapshot.lines.iter().map(|line| (line.id.clone(), line.quantity));
            let amount = order.snapshot.grand.minor;
            let change = Change { amount, pieces: pieces.collect(), reason: String::new() };
            view::view(&order, &change, locale)
        }
    };
    let Rendered { subject, text, html } = render::render(&draft, &view).map_err(invalid)?;
    Ok(Content { subject, text, html })
}

fn invalid(fault: render::Fault) -> Error {
    Error::Invalid(vec![quoin_sdk::fault(fault.part, fault.problem)])
}

fn check(locale: &str, draft: &Content) -> Result<(), Error> {
    let mut check = Check::default();
    let small = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_lowercase());
    let large = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase());
    let fits = match locale.split_once('-') {
        Some((language, country)) => small(language) && large(country),
        None => small(locale),
    };
    if !fits {
        check.fault("locale", "must be a language, en, or one with a country, en-GB");
    }
    for (part, text, most) in [
        ("subject", &draft.subject, SUBJECT_BYTES_MAX),
        ("text", &draft.text, PART_BYTES_MAX),
        ("html", &draft.html, PART_BYTES_MAX),
    ] {
        if text.trim().is_empty() || text.len() > most {
            check.fault(part, format!("must have 1 to {most} bytes"));
        }
    }
    check.done()
}
