//! The page on which the buyer pays: the card is the provider's to see, and no shop's.

use crate::form::of_form;
use crate::intent::Intent;
use crate::wire::{Answer, Request};
use crate::world::World;

/// Answers the buyer's browser.
pub fn answer(world: &World, request: &Request, id: &str) -> Answer {
    let Some(intent) = world.books().intents.get(id).cloned() else {
        return Answer::html(404, page("There is nothing to pay here.", ""));
    };
    if request.method != "POST" {
        return Answer::html(200, shown(&intent));
    }
    let fields = of_form(&String::from_utf8_lossy(&request.body));
    let done = match fields.get("outcome").map(String::as_str) {
        Some("pay") => world.books().pay(id),
        Some("decline") => world.books().decline(id),
        _ => world.books().cancel(id),
    };
    let Ok((kind, intent)) = done else {
        return Answer::html(409, page("This is settled already.", ""));
    };
    world.tell(kind, &intent);
    match &intent.return_url {
        Some(url) if !intent.waits() => Answer::see(url),
        _ => Answer::html(200, shown(&intent)),
    }
}

fn shown(intent: &Intent) -> String {
    if !intent.waits() {
        return page("This is settled. You can go back to the shop.", "");
    }
    let (amount, currency) = (intent.amount, intent.currency.to_uppercase());
    let text = format!("{} · {amount} minor units of {currency}", escaped(&intent.description));
    let button = |outcome: &str, label: &str| {
        format!("<button name=\"outcome\" value=\"{outcome}\">{label}</button>\n")
    };
    let why = intent.error.map(|why| format!("<p role=\"alert\">{why}</p>\n")).unwrap_or_default();
    let buttons = [button("pay", "Pay"), button("decline", "Pay with a card that is declined")];
    let form = format!(
        "{why}<form method=\"post\">\n{}{}</form>\n",
        buttons.concat(),
        button("cancel", "Go back without paying")
    );
    page(&text, &form)
}

fn page(text: &str, rest: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Card payment (test)</title>\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <style>body{{font:1.1rem/1.5 system-ui;max-width:32rem;margin:4rem auto;padding:0 1rem}}\
         button{{display:block;font:inherit;padding:.6rem 1rem;margin:.5rem 0;width:100%}}</style>\n\
         <h1>Card payment (test)</h1>\n<p>{text}</p>\n{rest}</html>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
