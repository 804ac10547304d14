//! Idle connections of a shop.

use std::sync::Arc;
use std::time::{Duration, Instant};

use quoin_core::limits::{HTTP_IDLE_SECONDS, HTTP_IDLE_SHOP};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connect::Connection;
use crate::place::Place;

/// Idle connections of a shop, the oldest first.
#[derive(Default)]
pub(crate) struct Idle(Vec<Kept>);

struct Kept {
    place: Place,
    connection: Connection,
    since: Instant,
    /// A place among those of all shops.
    _room: OwnedSemaphorePermit,
}

impl Idle {
    /// The connection to a place that was used last, if there is one that is not too old.
    pub fn take(&mut self, place: &Place, now: Instant) -> Option<Connection> {
        self.close_old(now);
        let at = self.0.iter().rposition(|kept| kept.place == *place)?;
        Some(self.0.remove(at).connection)
    }

    /// Keeps a connection if all shops together have room for it. The oldest makes room for it here.
    pub fn put(
        &mut self,
        place: Place,
        connection: Connection,
        now: Instant,
        room: &Arc<Semaphore>,
    ) {
        self.close_old(now);
        if self.0.len() >= HTTP_IDLE_SHOP {
            self.0.remove(0);
        }
        if let Ok(room) = room.clone().try_acquire_owned() {
            self.0.push(Kept { place, connection, since: now, _room: room });
        }
    }

    /// Closes those that are too old, or were closed by the other side.
    pub fn close_old(&mut self, now: Instant) {
        let age = |kept: &Kept| now.saturating_duration_since(kept.since);
        let most = Duration::from_secs(HTTP_IDLE_SECONDS);
        self.0.retain(|kept| age(kept) < most && !kept.connection.sender.is_closed());
    }

    /// Closes all.
    pub fn close(&mut self) {
        self.0 = Vec::new();
    }
}
