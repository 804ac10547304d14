//! The last exchanges of a shop with other systems, without secrets.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use quoin_core::limits::HTTP_EXCHANGES_KEPT;

/// Exchanges of a sleeping shop that stay in memory.
const KEPT_ASLEEP: usize = 20;

/// What a request to another system came to. Nothing in it is a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// Grows with each of the shop.
    pub number: u64,
    /// When it began, in milliseconds since 1970.
    pub at_ms: u64,
    /// Whose it was.
    pub plugin: String,
    /// The id of the shop's request that it was made for.
    pub trace: String,
    /// The method.
    pub method: &'static str,
    /// The URL, cut where it is long.
    pub url: String,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// Why there was none: a word and a sentence.
    pub error: Option<(&'static str, String)>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// Bytes of the body that was sent.
    pub sent: usize,
    /// Bytes of the body that came.
    pub received: usize,
}

/// The last exchanges of a shop.
#[derive(Default)]
pub(crate) struct Exchanges(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    last: u64,
    exchanges: VecDeque<Exchange>,
}

impl Exchanges {
    /// Adds one, and gives it its number.
    pub fn add(&self, exchange: Exchange) {
        let mut kept = self.kept();
        kept.last += 1;
        let number = kept.last;
        if kept.exchanges.len() >= HTTP_EXCHANGES_KEPT {
            kept.exchanges.pop_front();
        }
        kept.exchanges.push_back(Exchange { number, ..exchange });
    }

    /// The newest, at most so many, the oldest of them first.
    pub fn newest(&self, limit: usize) -> Vec<Exchange> {
        let kept = self.kept();
        let skipped = kept.exchanges.len().saturating_sub(limit);
        kept.exchanges.iter().skip(skipped).cloned().collect()
    }

    /// Forgets most of them: the shop sleeps.
    pub fn shrink(&self) {
        let mut kept = self.kept();
        let many = kept.exchanges.len().saturating_sub(KEPT_ASLEEP);
        kept.exchanges.drain(..many);
        kept.exchanges.shrink_to_fit();
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
