//! Whose turn it is on a connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};

/// What the bytes of a connection and its requests, which hyper stands between, know of each other.
#[derive(Default)]
pub(super) struct Turn {
    /// Whether something has arrived since a request was last read to its end.
    pub unread: AtomicBool,
    stage: AtomicU8,
}

impl Turn {
    /// The client's: no request is being answered.
    const CLIENT: u8 = 0;
    /// The service's.
    const SERVICE: u8 = 1;
    /// The answer is made, and on its way.
    const ANSWERED: u8 = 2;

    /// Whether no request is being answered. What is written then does not come from a service.
    pub fn is_the_clients(&self) -> bool {
        self.stage.load(Ordering::Acquire) == Turn::CLIENT
    }

    /// Everything that there was to write is written.
    pub fn flushed(&self) {
        let (from, to, order) = (Turn::ANSWERED, Turn::CLIENT, Ordering::AcqRel);
        // Otherwise the answer has only begun.
        let _ = self.stage.compare_exchange(from, to, order, Ordering::Acquire);
    }
}

/// A request that is being answered, until the body of its answer is written or dropped.
pub(super) struct Answering {
    /// All such requests of the listener.
    count: Arc<AtomicUsize>,
    turn: Arc<Turn>,
}

impl Answering {
    pub fn start(count: &Arc<AtomicUsize>, turn: &Arc<Turn>) -> Answering {
        count.fetch_add(1, Ordering::AcqRel);
        turn.stage.store(Turn::SERVICE, Ordering::Release);
        Answering { count: count.clone(), turn: turn.clone() }
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.turn.stage.store(Turn::ANSWERED, Ordering::Release);
        self.count.fetch_sub(1, Ordering::AcqRel);
    }
}
