//! Answers of reading requests that are kept until what they were made from changes.
//!
//! A shelf belongs to a wiring, and with it to one configuration: a change of the shop begins an empty one.
//! All shelves together have a bounded size, of which each shop has its share.

use std::hash::RandomState;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::{Cache, DefaultLifecycle, PlaceholderGuard};
use quoin_core::limits::{ANSWER_BYTES_KEPT_MAX, ANSWERS_BYTES_MAX, ANSWERS_BYTES_SHOP_MAX};
use quoin_runtime::Basis;

/// How long a request waits for another one that makes the answer which it wants, too. An answer that
/// takes longer is made by each that wants it.
const WAIT: Duration = Duration::from_secs(1);
/// Requests of a route that do not look for a kept answer after one could not be kept: it is the same
/// with the next ones, most of the time, and they would wait for each other in vain.
const NOT_TRIED: u32 = 63;
/// What an answer takes besides its key and its body.
const OVERHEAD: usize = 256;
/// Answers that a shelf is laid out for, which makes it one of few parts: it may hold many more.
const EXPECTED: usize = 128;

/// The shelves of all shops.
#[derive(Default)]
pub struct Answers {
    bytes: AtomicU64,
    shelves: Mutex<Vec<Weak<Shelf>>>,
}

/// The kept answers of a shop.
pub struct Shelf {
    kept: Cache<Key, Arc<Kept>, Weight, RandomState>,
    /// Bytes of it, as they were last counted in those of all.
    counted: AtomicU64,
    all: Arc<Answers>,
}

/// What a request asks: two with the same key are answered the same.
pub type Key = Box<[u8]>;

/// An answer.
pub struct Kept {
    /// How long it holds.
    pub basis: Basis,
    /// What the function returned.
    pub returned: Returned,
    /// Tells it from every other answer to the same request, for clients that keep it, too.
    pub tag: Option<String>,
}

/// What a function returned, as it is told to a client.
#[derive(Debug, PartialEq, Eq)]
pub struct Returned {
    /// The HTTP status.
    pub status: u16,
    /// JSON, if it returned anything.
    pub body: Option<Bytes>,
}

impl Returned {
    fn bytes(&self) -> usize {
        self.body.as_ref().map_or(0, Bytes::len)
    }
}

/// Whether the answers of a route can be kept, as far as is known.
#[derive(Default)]
pub struct Keeping {
    not_tried: AtomicU32,
}

/// What is there for a request.
pub enum Found<'s> {
    /// An answer that holds.
    Kept(Arc<Kept>),
    /// Nothing. The answer that is made has this place, where others wait for it.
    Nothing(Place<'s>),
    /// Nothing, and no place for it.
    NoPlace,
}

/// The place for an answer that is being made. Dropped, it is the next one's who waits.
pub struct Place<'s> {
    shelf: &'s Shelf,
    guard:
        PlaceholderGuard<'s, Key, Arc<Kept>, Weight, RandomState, DefaultLifecycle<Key, Arc<Kept>>>,
}

#[derive(Clone)]
struct Weight;

impl Weighter<Key, Arc<Kept>> for Weight {
    fn weight(&self, key: &Key, kept: &Arc<Kept>) -> u64 {
        (OVERHEAD + key.len() + kept.returned.bytes()) as u64
    }
}

impl Answers {
    /// An empty shelf.
    pub fn shelf(self: &Arc<Self>) -> Arc<Shelf> {
        let (hash, lifecycle) = (RandomState::new(), DefaultLifecycle::default());
        let kept = Cache::with(EXPECTED, ANSWERS_BYTES_SHOP_MAX, Weight, hash, lifecycle);
        let shelf = Arc::new(Shelf { kept, counted: AtomicU64::new(0), all: self.clone() });
        let mut shelves = self.shelves();
        if shelves.len() == shelves.capacity() {
            shelves.retain(|shelf| shelf.strong_count() > 0);
        }
        shelves.push(Arc::downgrade(&shelf));
        shelf
    }

    /// Bytes that all kept answers take.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Makes room where all have more than the limit: who has more than his share gives back what is beyond
    /// three quarters of it.
    fn make_room(&self) {
        let mut shelves = self.shelves();
        shelves.retain(|shelf| shelf.strong_count() > 0);
        let share = ANSWERS_BYTES_MAX / (shelves.len() as u64).max(1);
        for shelf in shelves.iter().filter_map(Weak::upgrade) {
            if shelf.kept.weight() > share {
                shelf.kept.set_capacity(share / 4 * 3);
                shelf.count();
            }
        }
    }

    fn shelves(&self) -> MutexGuard<'_, Vec<Weak<Shelf>>> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    /// The answer to what is asked with this key, if one is kept that holds. If another request makes it
    /// just now, waits for that.
    pub async fn find(&self, key: &Key) -> Found<'_> {
        let find = async {
            loop {
                match self.kept.get_value_or_guard_async(key).await {
                    Ok(kept) if kept.basis.holds() => return Found::Kept(kept),
                    // Not another one that was put there meanwhile.
                    Ok(_) => drop(self.kept.remove_if(key, |kept| !kept.basis.holds())),
                    Err(guard) => return Found::Nothing(Place { shelf: self, guard }),
                }
            }
        };
        tokio::time::timeout(WAIT, find).await.unwrap_or(Found::NoPlace)
    }

    /// Counts what it has in what all have.
    fn count(&self) {
        let now = self.kept.weight();
        let before = self.counted.swap(now, Ordering::Relaxed);
        self.all.bytes.fetch_add(now.wrapping_sub(before), Ordering::Relaxed);
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        self.all.bytes.fetch_sub(*self.counted.get_mut(), Ordering::Relaxed);
    }
}

impl Place<'_> {
    /// Keeps the answer, unless it is too large.
    pub fn keep(self, kept: Arc<Kept>) {
        if kept.returned.bytes() > ANSWER_BYTES_KEPT_MAX {
            return;
        }
        let Place { shelf, guard } = self;
        if shelf.all.bytes() < ANSWERS_BYTES_MAX / 2
            && shelf.kept.capacity() < ANSWERS_BYTES_SHOP_MAX
        {
            shelf.kept.set_capacity(ANSWERS_BYTES_SHOP_MAX);
        }
        // Somebody took its place away: then there is a newer one.
        let _ = guard.insert(kept);
        shelf.count();
        if shelf.all.bytes() > ANSWERS_BYTES_MAX {
            shelf.all.make_room();
        }
    }
}

impl Keeping {
    /// Whether it is worth looking for a kept answer.
    pub fn is_tried(&self) -> bool {
        let next = |left: u32| left.checked_sub(1);
        self.not_tried.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_err()
    }

    /// An answer could not be kept.
    pub fn failed(&self) {
        self.not_tried.store(NOT_TRIED, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
