//! Mails to buyers: what became of their orders.
//!
//! An event of an order leaves a row that says which mail is to be sent, and asks for a later call. That one
//! sends it and writes down what came of it.

mod hear;
mod kind;
mod outbox;
mod render;
mod send;
mod settings;
mod templates;
mod view;
mod words;

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package quoin:notify-plugin;
            world plugin {
                import quoin:order/orders@0.1.0;
                import quoin:notify/delivery@0.1.0;
                export quoin:order/events@0.1.0;
                export quoin:notify/mails@0.1.0;
                export quoin:notify/templates@0.1.0;
                export quoin:notify/delivery@0.1.0;
            }",
        path: ["../../wit/types", "../../wit/order", "../../wit/notify"],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
        with: { "quoin:types/types@0.1.0": quoin_sdk::types },
        generate_all,
        additional_derives: [Clone, PartialEq],
    });
    use super::Plugin;
    export!(Plugin);
}

use bindings::exports::quoin::notify::{delivery, mails, templates as edited};
use bindings::exports::quoin::order::events::{self, Subject};
use bindings::quoin::order::orders::Pieces;
use edited::{Content, Entry, Template};
use mails::{Kind, Mail, MailState, Page};
use outbox::Change;
use quoin_sdk::types::{Error, Money};

struct Plugin;

impl events::Guest for Plugin {
    fn placed(order: Subject) -> Result<(), Error> {
        hear::hear(Kind::Placed, &order, Change::default())
    }

    fn paid(order: Subject, amount: Money) -> Result<(), Error> {
        // The confirmation has said so.
        if order.revision == 1 {
            return Ok(());
        }
        hear::hear(Kind::Paid, &order, Change::of(&amount))
    }

    fn shipped(order: Subject, pieces: Vec<Pieces>) -> Result<(), Error> {
        hear::hear(Kind::Shipped, &order, Change::moved(&pieces, ""))
    }

    fn cancelled(order: Subject, pieces: Vec<Pieces>, reason: String) -> Result<(), Error> {
        hear::hear(Kind::Cancelled, &order, Change::moved(&pieces, &reason))
    }

    fn refunded(order: Subject, amount: Money) -> Result<(), Error> {
        hear::hear(Kind::Refunded, &order, Change::of(&amount))
    }
}

impl mails::Guest for Plugin {
    fn list_mails(
        state: Option<MailState>,
        order: Option<String>,
        cursor: Option<String>,
        limit: Option<u32>,
    ) -> Result<Page, Error> {
        outbox::list(state, order, cursor, limit)
    }

    fn send_again(id: String) -> Result<Mail, Error> {
        outbox::again(&id)
    }
}

impl edited::Guest for Plugin {
    fn list_templates() -> Result<Vec<Entry>, Error> {
        Ok(templates::list())
    }

    fn get_template(kind: Kind, locale: String) -> Result<Template, Error> {
        templates::get(kind, &locale)
    }

    fn put_template(
        kind: Kind,
        locale: String,
        subject: String,
        text: String,
        html: String,
    ) -> Result<Template, Error> {
        templates::put(kind, &locale, Content { subject, text, html })
    }

    fn reset_template(kind: Kind, locale: String) -> Result<(), Error> {
        templates::reset(kind, &locale)
    }

    fn preview(
        kind: Kind,
        locale: String,
        order: Option<String>,
        draft: Option<Content>,
    ) -> Result<Content, Error> {
        templates::preview(kind, &locale, order, draft)
    }
}

impl delivery::Guest for Plugin {
    fn deliver(mail: String) -> Result<(), Error> {
        send::deliver(&mail);
        Ok(())
    }
}
