//! The API that shops speak: intents and refunds.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::faults::Fault;
use crate::form::{Fields, of_body, of_form};
use crate::intent::{Intent, Status};
use crate::wire::{Answer, Request};
use crate::world::{Books, INTENTS_MAX, Kept, Refusal, World, second, token};

/// The smallest amount that is worth a card.
const AMOUNT_MIN: u64 = 1;
/// The largest that a card pays.
const AMOUNT_MAX: u64 = 99_999_999;

/// What is asked for: a step, and the intent that it is about.
struct Asked<'a> {
    step: &'static str,
    id: &'a str,
}

/// Answers a request.
pub fn answer(world: &World, request: &Request) -> Answer {
    if request.header("authorization") != format!("Bearer {}", world.key) {
        return Answer::error(401, "authentication_error", "key", "this is not the secret key");
    }
    let Some(asked) = asked(request) else {
        return Answer::error(
            404,
            "invalid_request_error",
            "unknown",
            "there is no such thing here",
        );
    };
    let fields = match request.method.as_str() {
        "GET" => of_form(request.query()),
        _ => of_body(request.header("content-type"), &request.body),
    };
    let key = request.header("idempotency-key");
    let mut books = world.books();
    books.note(asked.step, &request.target, key);
    let fault = books.faults.take(asked.step);
    match fault {
        Some(Fault::Error) => {
            return Answer::error(500, "api_error", "internal", "something went wrong here");
        }
        Some(Fault::Drop) => {
            return Answer::json(500, &Value::Null).lost();
        }
        Some(Fault::Decline) => {
            return Answer::error(402, "card_error", "card_declined", "The bank refused it.");
        }
        _ => {}
    }
    let answer = once(world, &mut books, request, &asked, &fields);
    drop(books);
    match fault {
        Some(Fault::Late(late)) => answer.late(late),
        Some(Fault::Lose) => answer.lost(),
        _ => answer,
    }
}

/// Does what is asked for, once for each idempotency key.
fn once(
    world: &World,
    books: &mut Books,
    request: &Request,
    asked: &Asked,
    fields: &Fields,
) -> Answer {
    let key = request.header("idempotency-key");
    if key.is_empty() || request.method == "GET" {
        let (status, body) = act(world, books, asked, fields);
        return Answer::json(status, &body);
    }
    let what = format!("{} {:?}", request.target, fields);
    if let Some(kept) = books.kept.get(key) {
        return match kept.asked == what {
            true => Answer::json(kept.status, &kept.body),
            false => Answer::error(
                400,
                "idempotency_error",
                "idempotency_key_in_use",
                "this key was used for another request",
            ),
        };
    }
    let (status, body) = act(world, books, asked, fields);
    books.kept.insert(key.to_owned(), Kept { asked: what, status, body: body.clone() });
    Answer::json(status, &body)
}

fn asked(request: &Request) -> Option<Asked<'_>> {
    let rest = request.path().strip_prefix("/v1/")?;
    let parts: Vec<&str> = rest.split('/').collect();
    let (step, id) = match (request.method.as_str(), parts.as_slice()) {
        ("POST", ["payment_intents"]) => ("create", ""),
        ("GET", ["payment_intents"]) => ("read", ""),
        ("GET", ["payment_intents", id]) => ("read", *id),
        ("POST", ["payment_intents", id, "confirm"]) => ("confirm", *id),
        ("POST", ["payment_intents", id, "capture"]) => ("capture", *id),
        ("POST", ["payment_intents", id, "cancel"]) => ("cancel", *id),
        ("POST", ["refunds"]) => ("refund", ""),
        ("GET", ["refunds"]) => ("refunds", ""),
        _ => return None,
    };
    Some(Asked { step, id })
}

type Done = (u16, Value);

fn act(world: &World, books: &mut Books, asked: &Asked, fields: &Fields) -> Done {
    let number = |name: &str| fields.get(name).and_then(|text| text.parse::<u64>().ok());
    match asked.step {
        "create" => create(world, books, fields),
        "read" if asked.id.is_empty() => (200, search(world, books, fields)),
        "read" => match books.intents.get(asked.id) {
            Some(intent) => (200, intent.view(&world.base)),
            None => failed(404, "resource_missing", "there is no such intent"),
        },
        "confirm" => confirm(world, books, asked.id, fields),
        "capture" => {
            let done = books.capture(asked.id, number("amount_to_capture"));
            told(world, done)
        }
        "cancel" => {
            let done = books.cancel(asked.id);
            told(world, done)
        }
        "refund" => refund(world, books, fields),
        _ => (200, refunds(books, fields)),
    }
}

fn create(world: &World, books: &mut Books, fields: &Fields) -> Done {
    let amount = fields.get("amount").and_then(|text| text.parse::<u64>().ok());
    let Some(amount) = amount.filter(|amount| (AMOUNT_MIN..=AMOUNT_MAX).contains(amount)) else {
        return failed(400, "parameter_invalid", "the amount is not one that a card can pay");
    };
    let currency = fields.get("currency").cloned().unwrap_or_default();
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return failed(400, "parameter_invalid", "the currency is none");
    }
    if books.intents.len() >= INTENTS_MAX {
        return failed(429, "rate_limit", "there are too many intents");
    }
    let intent = Intent {
        id: token("pi"),
        amount,
        currency,
        is_manual: fields.get("capture_method").is_some_and(|method| method == "manual"),
        status: Status::RequiresPaymentMethod,
        received: 0,
        refunded: 0,
        description: fields.get("description").cloned().unwrap_or_default(),
        metadata: metadata(fields),
        return_url: fields.get("return_url").cloned(),
        error: None,
        created: second(),
    };
    let id = intent.id.clone();
    let view = intent.view(&world.base);
    world.tell("created", &intent);
    books.intents.insert(id.clone(), intent);
    match fields.get("confirm").is_some_and(|confirm| confirm == "true") {
        true => confirm(world, books, &id, fields),
        false => (200, view),
    }
}

/// Charges a card by its token: those of a test say what comes of it.
fn confirm(world: &World, books: &mut Books, id: &str, fields: &Fields) -> Done {
    let status = match fields.get("payment_method").map(String::as_str) {
        Some("tok_declined") => {
            let declined = books.decline(id);
            return match declined {
                Ok((kind, intent)) => {
                    world.tell(kind, &intent);
                    failed(402, "card_declined", "Your card was declined.")
                }
                refused => told(world, refused),
            };
        }
        Some("tok_action") => Status::RequiresAction,
        Some("tok_processing") => Status::Processing,
        Some("tok_ok") => {
            let paid = books.pay(id);
            return told(world, paid);
        }
        _ => return failed(400, "parameter_invalid", "there is no such payment method"),
    };
    match books.intents.get_mut(id).filter(|intent| intent.waits()) {
        Some(intent) => {
            intent.status = status;
            (200, intent.view(&world.base))
        }
        None => failed(400, "unexpected_state", "nobody waits for its money"),
    }
}

fn refund(world: &World, books: &mut Books, fields: &Fields) -> Done {
    let id = fields.get("payment_intent").cloned().unwrap_or_default();
    let amount = fields.get("amount").map(|text| text.parse::<u64>().unwrap_or(0));
    match books.refund(&id, amount) {
        Ok((amount, intent)) => {
            world.tell("refunded", &intent);
            let refund = token("re");
            let view = refund_view(&refund, &id, amount, &metadata(fields));
            books.refunds.insert(refund, (id, amount, metadata(fields)));
            (200, view)
        }
        Err(refusal) => refused(refusal),
    }
}

fn refunds(books: &Books, fields: &Fields) -> Value {
    let of = fields.get("payment_intent").cloned().unwrap_or_default();
    let found = books.refunds.iter().filter(|(_, (intent, ..))| *intent == of);
    let data: Vec<_> = found
        .map(|(id, (intent, amount, metadata))| refund_view(id, intent, *amount, metadata))
        .collect();
    json!({ "object": "list", "data": data })
}

fn refund_view(id: &str, intent: &str, amount: u64, metadata: &BTreeMap<String, String>) -> Value {
    json!({
        "id": id, "object": "refund", "payment_intent": intent, "amount": amount,
        "status": "succeeded", "metadata": metadata,
    })
}

/// The intents with this in their metadata: `?metadata[payment]=…`.
fn search(world: &World, books: &Books, fields: &Fields) -> Value {
    let wanted = metadata(fields);
    let fits = |intent: &&Intent| {
        !wanted.is_empty()
            && wanted.iter().all(|(name, value)| intent.metadata.get(name) == Some(value))
    };
    let found = books.intents.values().filter(fits).take(100);
    json!({ "object": "list", "data": found.map(|intent| intent.view(&world.base)).collect::<Vec<_>>() })
}

fn metadata(fields: &Fields) -> BTreeMap<String, String> {
    let inner = |(name, value): (&String, &String)| {
        let name = name.strip_prefix("metadata[")?.strip_suffix(']')?;
        Some((name.to_owned(), value.clone()))
    };
    fields.iter().filter_map(inner).collect()
}

fn told(world: &World, done: Result<(&'static str, Intent), Refusal>) -> Done {
    match done {
        Ok((kind, intent)) => {
            world.tell(kind, &intent);
            (200, intent.view(&world.base))
        }
        Err(refusal) => refused(refusal),
    }
}

fn refused(refusal: Refusal) -> Done {
    match refusal {
        Refusal::State(why) => failed(400, "unexpected_state", why),
        Refusal::Amount => failed(400, "amount_invalid", "there is not so much"),
        Refusal::Broken(why) => failed(500, "internal", &why),
    }
}

fn failed(status: u16, code: &str, message: &str) -> Done {
    let kind = if status == 402 { "card_error" } else { "invalid_request_error" };
    (status, json!({ "error": { "type": kind, "code": code, "message": message } }))
}
