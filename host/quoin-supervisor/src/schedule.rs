//! When each shop's later calls are to be looked after.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use quoin_core::Name;
use tokio::sync::Notify;

/// For each shop the time of its next later call, in milliseconds since 1970, as far as it is known.
#[derive(Default)]
pub(crate) struct Schedule {
    times: Mutex<Times>,
    /// Rung when an earlier time than all others was entered.
    earlier: Notify,
}

#[derive(Default)]
struct Times {
    by_time: BTreeSet<(u64, Name)>,
    of: HashMap<Name, u64>,
}

impl Schedule {
    /// The shop is to be looked after at this time, or earlier if that was entered before.
    pub fn enter(&self, shop: &Name, time: u64) {
        let mut times = self.times();
        if times.of.get(shop).is_some_and(|known| *known <= time) {
            return;
        }
        if let Some(known) = times.of.insert(shop.clone(), time) {
            times.by_time.remove(&(known, shop.clone()));
        }
        times.by_time.insert((time, shop.clone()));
        let first = times.by_time.first().is_some_and(|(_, first)| first == shop);
        drop(times);
        if first {
            self.earlier.notify_one();
        }
    }

    /// Takes one out whose time has come.
    pub fn take(&self, now: u64) -> Option<Name> {
        let mut times = self.times();
        if times.by_time.first().is_none_or(|(time, _)| *time > now) {
            return None;
        }
        let (_, shop) = times.by_time.pop_first()?;
        times.of.remove(&shop);
        Some(shop)
    }

    /// The first time that is entered.
    pub fn first(&self) -> Option<u64> {
        self.times().by_time.first().map(|(time, _)| *time)
    }

    /// The time that is entered for a shop.
    pub fn of(&self, shop: &Name) -> Option<u64> {
        self.times().of.get(shop).copied()
    }

    /// Forgets a shop.
    pub fn remove(&self, shop: &Name) {
        let mut times = self.times();
        if let Some(time) = times.of.remove(shop) {
            times.by_time.remove(&(time, shop.clone()));
        }
    }

    /// Waits until an earlier time is entered than there was.
    pub async fn earlier(&self) {
        self.earlier.notified().await;
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> Name {
        name.parse().unwrap()
    }

    #[test]
    fn a_shop_is_looked_after_at_the_earliest_time_that_was_entered() {
        let schedule = Schedule::default();
        schedule.enter(&name("a"), 7);
        schedule.enter(&name("a"), 9);
        schedule.enter(&name("b"), 8);
        schedule.enter(&name("b"), 5);
        assert_eq!((schedule.first(), schedule.of(&name("a"))), (Some(5), Some(7)));
        assert_eq!(schedule.take(4), None);
        assert_eq!(schedule.take(7), Some(name("b")));
        assert_eq!(schedule.take(7), Some(name("a")));
        assert_eq!(schedule.take(u64::MAX), None);
    }

    #[test]
    fn a_shop_that_is_gone_is_not_looked_after() {
        let schedule = Schedule::default();
        schedule.enter(&name("a"), 7);
        schedule.remove(&name("a"));
        assert_eq!((schedule.first(), schedule.of(&name("a"))), (None, None));
        assert_eq!(schedule.take(u64::MAX), None);
    }

    #[tokio::test]
    async fn who_waits_is_told_of_an_earlier_time() {
        let schedule = Schedule::default();
        schedule.enter(&name("a"), 7);
        schedule.earlier().await;
        schedule.enter(&name("b"), 8);
        let wait = std::time::Duration::from_millis(20);
        assert!(tokio::time::timeout(wait, schedule.earlier()).await.is_err());
        schedule.enter(&name("b"), 6);
        schedule.earlier().await;
    }
}
