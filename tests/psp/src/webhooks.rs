//! Events that are sent to a shop: signed, tried again, and in the way that a test wants them to come.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::signature;
use crate::world::{second, token};

/// How often one is sent that nobody takes.
const TRIES_MAX: u32 = 60;
/// How long it waits then.
const AGAIN: Duration = Duration::from_millis(500);
/// How long a shop may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Those that wait to be sent; more are dropped.
const WAITING_MAX: usize = 10_000;
/// How far apart those may come whose order is not kept.
const REORDERED_MS: u64 = 400;

/// How they come.
#[derive(Default)]
struct Way {
    url: Option<String>,
    host: Option<String>,
    /// How often each comes besides.
    duplicates: u64,
    /// They wait for a while that is another one for each.
    reorders: bool,
    delay: Duration,
    drops: bool,
}

struct Event {
    body: String,
    tries: u32,
}

#[derive(Default)]
struct Queue {
    way: Way,
    /// By when they are due, and a number.
    waiting: BTreeMap<(Instant, u64), Event>,
    number: u64,
    sent: u64,
    refused: u64,
}

/// The webhooks of the provider.
pub struct Webhooks {
    key: String,
    queue: Mutex<Queue>,
    news: Condvar,
}

impl Webhooks {
    /// Those that are signed with this key and go there.
    pub fn new(key: String, url: Option<String>, host: Option<String>) -> Webhooks {
        let way = Way { url, host, ..Way::default() };
        let queue = Queue { way, ..Queue::default() };
        Webhooks { key, queue: Mutex::new(queue), news: Condvar::new() }
    }

    /// Changes how they come: `url`, `host`, `duplicates`, `reorders`, `delayMs`, `drops`; what is left out
    /// stays.
    pub fn change(&self, wanted: &Value) {
        let way = &mut self.queue().way;
        let text = |name: &str| wanted[name].as_str().map(str::to_owned);
        way.url = text("url").or(way.url.take());
        way.host = text("host").or(way.host.take());
        way.duplicates = wanted["duplicates"].as_u64().unwrap_or(way.duplicates).min(100);
        way.reorders = wanted["reorders"].as_bool().unwrap_or(way.reorders);
        way.drops = wanted["drops"].as_bool().unwrap_or(way.drops);
        way.delay = wanted["delayMs"].as_u64().map_or(way.delay, Duration::from_millis);
    }

    /// How many were taken and refused, and how many wait.
    pub fn told(&self) -> Value {
        let queue = self.queue();
        json!({ "sent": queue.sent, "refused": queue.refused, "waiting": queue.waiting.len() })
    }

    /// Tells of an intent.
    pub fn tell(&self, kind: &str, intent: &Value) {
        let id = token("evt");
        let event = json!({
            "id": id, "object": "event", "type": format!("payment_intent.{kind}"),
            "created": second(), "data": { "object": intent },
        });
        let mut queue = self.queue();
        if queue.way.drops || queue.way.url.is_none() {
            return;
        }
        for _ in 0..=queue.way.duplicates {
            if queue.waiting.len() >= WAITING_MAX {
                break;
            }
            queue.number += 1;
            // Looks random, and is the same in every run.
            let apart = match queue.way.reorders {
                true => queue.number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32,
                false => 0,
            };
            let due =
                Instant::now() + queue.way.delay + Duration::from_millis(apart % REORDERED_MS);
            let place = (due, queue.number);
            queue.waiting.insert(place, Event { body: event.to_string(), tries: 0 });
        }
        drop(queue);
        self.news.notify_all();
    }

    /// Sends what is due, for ever.
    pub fn send_for_ever(&self) {
        let mut queue = self.queue();
        loop {
            let now = Instant::now();
            let wait = match queue.waiting.first_key_value() {
                Some(((due, _), _)) if *due <= now => Duration::ZERO,
                Some(((due, _), _)) => *due - now,
                None => PATIENCE,
            };
            if !wait.is_zero() {
                let waited = self.news.wait_timeout(queue, wait);
                queue = waited.unwrap_or_else(PoisonError::into_inner).0;
                continue;
            }
            let Some(((_, number), mut event)) = queue.waiting.pop_first() else { continue };
            let (url, host) = (queue.way.url.clone(), queue.way.host.clone());
            drop(queue);
            let taken = url.is_some_and(|url| self.send(&url, host.as_deref(), &event.body));
            queue = self.queue();
            event.tries += 1;
            if taken {
                queue.sent += 1;
            } else if event.tries < TRIES_MAX {
                queue.refused += 1;
                queue.waiting.insert((Instant::now() + AGAIN, number), event);
            }
        }
    }

    /// Whether the shop has taken it.
    fn send(&self, url: &str, host: Option<&str>, body: &str) -> bool {
        let Some((place, path)) = url.strip_prefix("http://").map(|rest| {
            rest.split_once('/').map_or((rest, String::from("/")), |(a, b)| (a, format!("/{b}")))
        }) else {
            return false;
        };
        let address = place.to_socket_addrs().ok().and_then(|mut found| found.next());
        let Some(stream) = address.and_then(|a| TcpStream::connect_timeout(&a, PATIENCE).ok())
        else {
            return false;
        };
        if stream.set_read_timeout(Some(PATIENCE)).is_err() {
            return false;
        }
        let signature = signature::header(&self.key, second(), body);
        let message = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: application/json\r\n\
             psp-signature: {signature}\r\ncontent-length: {}\r\n\r\n{body}",
            host.unwrap_or(place),
            body.len()
        );
        let mut line = String::new();
        (&stream).write_all(message.as_bytes()).is_ok()
            && BufReader::new(&stream).read_line(&mut line).is_ok()
            && line.split(' ').nth(1).is_some_and(|status| status.starts_with('2'))
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
