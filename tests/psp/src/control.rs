//! By what a test reads the books, and says what is to go wrong.

use std::time::Duration;

use serde_json::{Value, json};

use crate::door::Closing;
use crate::form::of_form;
use crate::intent::Intent;
use crate::wire::{Answer, Request};
use crate::world::World;

/// Answers a request.
pub fn answer(world: &World, closing: &Closing, request: &Request) -> Answer {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let Some(path) = request.path().strip_prefix("/control/") else {
        return failed(404, "there is no such thing here");
    };
    match (request.method.as_str(), path) {
        ("GET", "ledger") => ok(json!({ "entries": world.books().ledger.entries() })),
        ("GET", "requests") => ok(json!({ "requests": world.books().requests() })),
        ("GET", "intents") => {
            let books = world.books();
            let wanted = of_form(request.query()).remove("payment");
            let fits = |intent: &&Intent| {
                wanted.is_none() || intent.metadata.get("payment") == wanted.as_ref()
            };
            let found = books.intents.values().filter(fits);
            let intents: Vec<_> = found.map(|intent| intent.view(&world.base)).collect();
            ok(json!({ "intents": intents }))
        }
        ("POST", "faults") => match world.books().faults.add(&body) {
            Ok(()) => ok(Value::Null),
            Err(why) => failed(422, &why),
        },
        ("DELETE", "faults") => {
            world.books().faults.clear();
            ok(Value::Null)
        }
        ("POST", "away") => {
            closing.close_for(Duration::from_millis(body["ms"].as_u64().unwrap_or(0)));
            ok(Value::Null)
        }
        ("GET", "webhooks") => ok(world.webhooks.told()),
        ("POST", "webhooks") => {
            world.webhooks.change(&body);
            ok(Value::Null)
        }
        ("POST", path) => {
            match path.strip_prefix("intents/").and_then(|p| p.strip_suffix("/act")) {
                Some(id) => act(world, id, &body),
                None => failed(404, "there is no such thing here"),
            }
        }
        _ => failed(404, "there is no such thing here"),
    }
}

/// What the buyer, or the bank, does with an intent.
fn act(world: &World, id: &str, body: &Value) -> Answer {
    let done = match body["outcome"].as_str() {
        Some("succeed") => world.books().pay(id),
        Some("decline") => world.books().decline(id),
        Some("cancel") => world.books().cancel(id),
        _ => return failed(422, "an outcome is succeed, decline or cancel"),
    };
    match done {
        Ok((kind, intent)) => {
            world.tell(kind, &intent);
            ok(intent.view(&world.base))
        }
        Err(_) => failed(409, "its state is another one"),
    }
}

fn ok(body: Value) -> Answer {
    Answer::json(200, &body)
}

fn failed(status: u16, why: &str) -> Answer {
    Answer::json(status, &json!({ "error": why }))
}
