//! Requests that are one request, because they came with the same idempotency key, run one after another:
//! what the first one did outside of the shop is done once, too.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;

type Key = (String, String);

/// Whose turn it is, by who asks and with which key.
#[derive(Debug, Default)]
pub struct Turns(Mutex<HashMap<Key, Arc<tokio::sync::Mutex<()>>>>);

/// A turn. It ends when this is dropped.
#[derive(Debug)]
pub struct Alone {
    turns: Arc<Turns>,
    key: Key,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    /// Waits until nobody else runs a request of `who` with this key, but no longer than `patience`.
    pub async fn alone(
        self: &Arc<Self>,
        who: String,
        key: String,
        patience: Duration,
    ) -> Option<Alone> {
        let key = (who, key);
        let lock = self.all().entry(key.clone()).or_default().clone();
        // Made before it waits, so that its place is given back if nobody waits for it any more.
        let mut alone = Alone { turns: self.clone(), key, guard: None };
        alone.guard = Some(tokio::time::timeout(patience, lock.lock_owned()).await.ok()?);
        Some(alone)
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Key, Arc<tokio::sync::Mutex<()>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        // The guard first: it counts as one who holds the lock.
        self.guard = None;
        let mut all = self.turns.all();
        if all.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            all.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(5);
    const LONG: Duration = Duration::from_secs(60);

    fn of(
        turns: &Arc<Turns>,
        who: &str,
        patience: Duration,
    ) -> impl Future<Output = Option<Alone>> + use<> {
        let turns = turns.clone();
        let who = who.to_owned();
        async move { turns.alone(who, "k".to_owned(), patience).await }
    }

    #[tokio::test]
    async fn one_who_asks_with_the_same_key_waits_for_the_other_and_others_do_not() {
        let turns = Arc::new(Turns::default());
        let first = of(&turns, "a", LONG).await.expect("free");
        assert!(of(&turns, "a", SOON).await.is_none());
        assert!(of(&turns, "b", SOON).await.is_some());
        let second = tokio::spawn(of(&turns, "a", LONG));
        tokio::task::yield_now().await;
        drop(first);
        assert!(second.await.expect("no panic").is_some());
        assert!(turns.all().is_empty());
    }

    #[tokio::test]
    async fn nothing_is_left_of_those_who_waited_in_vain_or_went_away() {
        let turns = Arc::new(Turns::default());
        let first = of(&turns, "a", LONG).await;
        assert!(of(&turns, "a", SOON).await.is_none());
        let gone = tokio::spawn(of(&turns, "a", LONG));
        tokio::task::yield_now().await;
        gone.abort();
        assert!(gone.await.is_err());
        drop(first);
        assert!(turns.all().is_empty());
    }
}
