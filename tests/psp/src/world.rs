//! All that the provider knows, and what can happen to an intent.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use crate::faults::Faults;
use crate::intent::{Intent, Status};
use crate::ledger::Ledger;
use crate::webhooks::Webhooks;

/// Intents that are kept: a long test has some thousands.
pub const INTENTS_MAX: usize = 200_000;
/// Requests that are remembered.
const REQUESTS_MAX: usize = 10_000;

/// What a request with an idempotency key came to.
pub struct Kept {
    /// What was asked for.
    pub asked: String,
    /// The status of the answer.
    pub status: u16,
    /// The answer.
    pub body: Value,
}

/// All of it.
pub struct World {
    /// The secret key of the API.
    pub key: String,
    /// The beginning of its URLs.
    pub base: String,
    /// What is sent to the shop.
    pub webhooks: Arc<Webhooks>,
    books: Mutex<Books>,
}

/// What changes.
pub struct Books {
    /// By id.
    pub intents: BTreeMap<String, Intent>,
    /// By id: intent, amount, and what the shop keeps with it.
    pub refunds: BTreeMap<String, (String, u64, BTreeMap<String, String>)>,
    /// By idempotency key.
    pub kept: BTreeMap<String, Kept>,
    /// The money that moved.
    pub ledger: Ledger,
    /// What is to go wrong.
    pub faults: Faults,
    requests: Vec<Value>,
}

/// Why something is not done.
pub enum Refusal {
    /// The intent is in another state.
    State(&'static str),
    /// More than there is.
    Amount,
    /// The ledger cannot be written.
    Broken(String),
}

impl World {
    /// An empty one.
    ///
    /// # Errors
    /// The ledger's file cannot be opened.
    pub fn open(
        key: String,
        base: String,
        ledger: Option<&Path>,
        webhooks: &Arc<Webhooks>,
    ) -> Result<World, String> {
        let books = Books {
            intents: BTreeMap::new(),
            refunds: BTreeMap::new(),
            kept: BTreeMap::new(),
            ledger: Ledger::open(ledger)?,
            faults: Faults::default(),
            requests: Vec::new(),
        };
        Ok(World { key, base, webhooks: webhooks.clone(), books: Mutex::new(books) })
    }

    /// What changes, for one request at a time.
    pub fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends word of an intent.
    pub fn tell(&self, kind: &str, intent: &Intent) {
        self.webhooks.tell(kind, &intent.view(&self.base));
    }
}

impl Books {
    /// Remembers a request.
    pub fn note(&mut self, step: &str, target: &str, key: &str) {
        if self.requests.len() < REQUESTS_MAX {
            self.requests.push(json!({ "step": step, "target": target, "key": key }));
        }
    }

    /// The requests that came, oldest first.
    pub fn requests(&self) -> &[Value] {
        &self.requests
    }

    /// The card is charged: authorized, and captured where that is not a step of its own. What the shop is
    /// told of it.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn pay(&mut self, id: &str) -> Result<(&'static str, Intent), Refusal> {
        self.step(id, |intent, write| {
            if !intent.waits() && intent.status != Status::Processing {
                return Err(Refusal::State("nobody waits for its money"));
            }
            write("authorize", intent.amount)?;
            intent.error = None;
            intent.status = Status::RequiresCapture;
            if intent.is_manual {
                return Ok("amount_capturable_updated");
            }
            write("capture", intent.amount)?;
            intent.received = intent.amount;
            intent.status = Status::Succeeded;
            Ok("succeeded")
        })
    }

    /// The card is refused; another one may be tried.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn decline(&mut self, id: &str) -> Result<(&'static str, Intent), Refusal> {
        self.step(id, |intent, _| {
            if !intent.waits() && intent.status != Status::Processing {
                return Err(Refusal::State("nobody waits for its money"));
            }
            intent.error = Some("Your card was declined.");
            intent.status = Status::RequiresPaymentMethod;
            Ok("payment_failed")
        })
    }

    /// Takes so much of what is authorized, or all; the rest is given up.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn capture(
        &mut self,
        id: &str,
        amount: Option<u64>,
    ) -> Result<(&'static str, Intent), Refusal> {
        self.step(id, |intent, write| {
            if intent.status != Status::RequiresCapture {
                return Err(Refusal::State("it is not authorized"));
            }
            let amount = amount.unwrap_or(intent.amount);
            if amount == 0 || amount > intent.amount {
                return Err(Refusal::Amount);
            }
            write("capture", amount)?;
            if amount < intent.amount {
                write("cancel", intent.amount - amount)?;
            }
            intent.received = amount;
            intent.status = Status::Succeeded;
            Ok("succeeded")
        })
    }

    /// Gives it up.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn cancel(&mut self, id: &str) -> Result<(&'static str, Intent), Refusal> {
        self.step(id, |intent, write| {
            match intent.status {
                Status::RequiresCapture => write("cancel", intent.amount)?,
                Status::Succeeded | Status::Canceled => {
                    return Err(Refusal::State("it is over"));
                }
                _ => {}
            }
            intent.status = Status::Canceled;
            Ok("canceled")
        })
    }

    /// Gives so much back, or all that is left. The amount.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn refund(&mut self, id: &str, amount: Option<u64>) -> Result<(u64, Intent), Refusal> {
        let mut given = 0;
        let (_, intent) = self.step(id, |intent, write| {
            let left = intent.received - intent.refunded;
            given = amount.unwrap_or(left);
            if given == 0 || given > left {
                return Err(Refusal::Amount);
            }
            write("refund", given)?;
            intent.refunded += given;
            Ok("refunded")
        })?;
        Ok((given, intent))
    }

    /// Changes an intent, and writes the money that it moves into the ledger.
    fn step(
        &mut self,
        id: &str,
        change: impl FnOnce(
            &mut Intent,
            &mut dyn FnMut(&str, u64) -> Result<(), Refusal>,
        ) -> Result<&'static str, Refusal>,
    ) -> Result<(&'static str, Intent), Refusal> {
        let Some(intent) = self.intents.get_mut(id) else {
            return Err(Refusal::State("there is no such intent"));
        };
        let payment = intent.metadata.get("payment").cloned().unwrap_or_default();
        let ledger = &mut self.ledger;
        let mut write = |kind: &str, amount: u64| {
            ledger.append(kind, id, &payment, amount).map_err(Refusal::Broken)
        };
        let told = change(intent, &mut write)?;
        Ok((told, intent.clone()))
    }
}

/// An id that nobody can guess.
pub fn token(prefix: &str) -> String {
    let mut bytes = [0; 12];
    // Without randomness of the system nothing here is worth anything.
    getrandom::fill(&mut bytes).unwrap_or_else(|error| {
        eprintln!("no randomness: {error}");
        std::process::abort()
    });
    format!("{prefix}_{}", HEXLOWER.encode(&bytes))
}

/// Seconds since 1970.
pub fn second() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
