//! The engine's pool of instances: how much of it each shop has, and which instances idle in it.
//!
//! A pool is counted in slots: what an instance of one memory and two tables takes. Nobody waits for
//! slots, because a request that holds some would wait for others that do the same: where none is free,
//! the oldest instance that idles is thrown away for it, and where none idles, the call is refused.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use quoin_core::Name;

/// One shop can have an eighth of the pool: of 4,000 slots that is four times what a busy shop uses, and
/// seven others can be as busy beside one that takes all it gets.
const PART: u32 = 8;
/// Of what a shop can have, a quarter is for the calls that its requests lead to. Requests that wait for the
/// shop's writer have an instance each; if they had all, the one that writes would find none for what it
/// calls, and so would the next one.
const FOR_CALLEES: u32 = 4;
/// Slots that a shop can have at least, where that is not more than half of the pool: as many as an
/// installation runs calls at once by default, and two of the longest call trees.
const PART_MIN: u32 = 32;
/// Instances that are thrown away for one that starts, at most. It may need the slots of four, and others
/// may be quicker to take what comes free.
const THROWN_AWAY_MAX: u32 = 16;

/// Idle instances that a generation keeps. More callers than this at once are rare enough to pay for
/// a fresh instance, and each kept one holds slots.
const IDLE_KEPT: usize = 8;

/// An instance that idles; whoever put it there knows what it is.
pub(crate) type Parked = Box<dyn Any + Send>;

/// Why no slot is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Taken {
    /// By calls of all shops.
    #[error("the host's instance pool is full")]
    ByAll,
    /// By calls of this shop.
    #[error("its shop has all {0} slots of the host's instance pool that it can have")]
    ByShop(u32),
}

/// The pool of an engine.
pub(crate) struct Pool {
    slots: u32,
    taken: AtomicU32,
    /// Instances that idle.
    idling: AtomicU32,
    /// The next number for a generation.
    generations: AtomicU64,
    shops: Mutex<HashMap<Name, Weak<Shop>>>,
    idle: Mutex<Idle>,
}

/// What one shop has of the pool. All of its generations share it.
pub(crate) struct Shop {
    pool: Arc<Pool>,
    name: Name,
    taken: AtomicU32,
    /// Its instances that idle.
    idle: AtomicU32,
}

/// Slots that an instance has until it is dropped.
pub(crate) struct Slots {
    shop: Arc<Shop>,
    count: u32,
}

/// A place for the idle instances of a generation; dropped with them.
pub(crate) struct Lot {
    shop: Arc<Shop>,
    generation: u64,
}

/// The instances that idle.
#[derive(Default)]
struct Idle {
    next: u64,
    /// By generation and age.
    parked: BTreeMap<(u64, u64), Entry>,
    /// The generation of each, the oldest first.
    ages: BTreeMap<u64, u64>,
    /// The same for each shop, by its address.
    ages_of: BTreeMap<(usize, u64), u64>,
}

struct Entry {
    shop: Arc<Shop>,
    since: Instant,
    instance: Parked,
}

impl Pool {
    pub fn new(slots: u32) -> Arc<Pool> {
        let (taken, idling, generations) = Default::default();
        let (shops, idle) = (Mutex::default(), Mutex::default());
        Arc::new(Pool { slots, taken, idling, generations, shops, idle })
    }

    /// All slots.
    pub fn slots(&self) -> u32 {
        self.slots
    }

    /// Slots that one shop can have.
    fn part(&self) -> u32 {
        (self.slots / PART).max(PART_MIN.min(self.slots / 2)).max(1)
    }

    /// Slots that one shop can have for instances that requests begin in.
    fn roots_part(&self) -> u32 {
        let part = self.part();
        part - part / FOR_CALLEES
    }

    /// What the shop of this name has of the pool, and shares with all who ask for it.
    pub fn shop(self: &Arc<Self>, name: &Name) -> Arc<Shop> {
        let mut shops = locked(&self.shops);
        if let Some(shop) = shops.get(name).and_then(Weak::upgrade) {
            return shop;
        }
        let (taken, idle) = (AtomicU32::new(0), AtomicU32::new(0));
        let shop = Arc::new(Shop { pool: Arc::clone(self), name: name.clone(), taken, idle });
        shops.insert(name.clone(), Arc::downgrade(&shop));
        shop
    }

    /// Throws away instances that have idled since before `then`.
    pub fn reclaim(&self, then: Instant) {
        let mut old = Vec::new();
        let mut idle = locked(&self.idle);
        while idle.oldest().is_some_and(|entry| entry.since < then) {
            old.extend(idle.take_oldest(None));
        }
        drop(idle);
        // Outside the lock: returning memory to the pool takes a while.
        drop(old);
    }

    /// Throws away the oldest idle instance, or the oldest of a shop. Returns whether there was one.
    fn throw_away(&self, of: Option<&Shop>) -> bool {
        if of.is_some_and(|shop| shop.idle.load(Ordering::Acquire) == 0) {
            return false;
        }
        let oldest = locked(&self.idle).take_oldest(of);
        // The lock is free again: returning memory to the pool takes a while.
        oldest.is_some()
    }
}

impl Shop {
    /// Slots for an instance that starts; `root` if it is that of a request and not of a call below one.
    ///
    /// # Errors
    /// None are free, and none of an idle instance can be.
    pub fn take(self: &Arc<Self>, count: u32, root: bool) -> Result<Slots, Taken> {
        let part = if root { self.pool.roots_part() } else { self.pool.part() };
        let mut refused = Taken::ByAll;
        for _ in 0..=THROWN_AWAY_MAX {
            let (of, why) = match self.try_take(count, part) {
                Ok(slots) => return Ok(slots),
                Err(why @ Taken::ByShop(_)) => (Some(&**self), why),
                Err(why @ Taken::ByAll) => (None, why),
            };
            refused = why;
            if !self.pool.throw_away(of) {
                break;
            }
        }
        Err(refused)
    }

    fn try_take(self: &Arc<Self>, count: u32, part: u32) -> Result<Slots, Taken> {
        if !add(&self.taken, count, part) {
            return Err(Taken::ByShop(part));
        }
        if !add(&self.pool.taken, count, self.pool.slots) {
            self.taken.fetch_sub(count, Ordering::AcqRel);
            return Err(Taken::ByAll);
        }
        Ok(Slots { shop: Arc::clone(self), count })
    }

    /// Whether so much is in use, of what it can have or of the whole pool, that no request of it should
    /// keep an instance until it ends.
    pub fn is_short(&self) -> bool {
        let (pool, all) = (&self.pool, self.pool.slots);
        in_use(&self.taken, &self.idle) > pool.roots_part()
            || in_use(&pool.taken, &pool.idling) > all - all / FOR_CALLEES
    }

    /// Tells it from every other one that has an instance.
    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// A place for the idle instances of a generation.
    pub fn lot(self: &Arc<Self>) -> Lot {
        let generation = self.pool.generations.fetch_add(1, Ordering::Relaxed);
        Lot { shop: Arc::clone(self), generation }
    }
}

/// Slots of instances that do not idle, of which each has one at least.
fn in_use(taken: &AtomicU32, idle: &AtomicU32) -> u32 {
    taken.load(Ordering::Acquire).saturating_sub(idle.load(Ordering::Acquire))
}

/// Adds to a count that may be `most`.
fn add(count: &AtomicU32, more: u32, most: u32) -> bool {
    let next = |now: u32| now.checked_add(more).filter(|next| *next <= most);
    count.fetch_update(Ordering::AcqRel, Ordering::Acquire, next).is_ok()
}

impl Drop for Shop {
    fn drop(&mut self) {
        let mut shops = locked(&self.pool.shops);
        // Another one may have come in its place meanwhile.
        if shops.get(&self.name).is_some_and(|shop| shop.strong_count() == 0) {
            shops.remove(&self.name);
        }
    }
}

impl Drop for Slots {
    fn drop(&mut self) {
        self.shop.taken.fetch_sub(self.count, Ordering::AcqRel);
        self.shop.pool.taken.fetch_sub(self.count, Ordering::AcqRel);
    }
}

impl Lot {
    /// The shop whose it is.
    pub fn shop(&self) -> &Arc<Shop> {
        &self.shop
    }

    /// Keeps an instance that idles from now on, unless there are [`IDLE_KEPT`] already.
    pub fn park(&self, instance: Parked, since: Instant) {
        let mut idle = locked(&self.shop.pool.idle);
        let refused = match idle.parked.range(self.all()).count() < IDLE_KEPT {
            true => {
                let entry = Entry { shop: Arc::clone(&self.shop), since, instance };
                idle.put(self.generation, entry);
                None
            }
            false => Some(instance),
        };
        drop(idle);
        drop(refused);
    }

    /// The instance that idles for the shortest time.
    pub fn unpark(&self) -> Option<Parked> {
        let mut idle = locked(&self.shop.pool.idle);
        let (newest, _) = idle.parked.range(self.all()).next_back()?;
        let newest = *newest;
        idle.take(newest).map(|entry| entry.instance)
    }

    fn all(&self) -> std::ops::RangeInclusive<(u64, u64)> {
        (self.generation, 0)..=(self.generation, u64::MAX)
    }
}

impl Drop for Lot {
    fn drop(&mut self) {
        while let Some(instance) = self.unpark() {
            drop(instance);
        }
    }
}

impl Idle {
    fn put(&mut self, generation: u64, entry: Entry) {
        entry.shop.idle.fetch_add(1, Ordering::AcqRel);
        entry.shop.pool.idling.fetch_add(1, Ordering::AcqRel);
        self.next += 1;
        self.ages.insert(self.next, generation);
        self.ages_of.insert((entry.shop.address(), self.next), generation);
        self.parked.insert((generation, self.next), entry);
    }

    fn take(&mut self, (generation, age): (u64, u64)) -> Option<Entry> {
        self.ages.remove(&age);
        let entry = self.parked.remove(&(generation, age))?;
        self.ages_of.remove(&(entry.shop.address(), age));
        entry.shop.idle.fetch_sub(1, Ordering::AcqRel);
        entry.shop.pool.idling.fetch_sub(1, Ordering::AcqRel);
        Some(entry)
    }

    fn oldest(&self) -> Option<&Entry> {
        let (age, generation) = self.ages.first_key_value()?;
        self.parked.get(&(*generation, *age))
    }

    fn take_oldest(&mut self, of: Option<&Shop>) -> Option<Entry> {
        let (age, generation) = match of {
            None => self.ages.first_key_value().map(|(age, generation)| (*age, *generation))?,
            Some(shop) => {
                let all = (shop.address(), 0)..=(shop.address(), u64::MAX);
                let oldest = self.ages_of.range(all).next();
                oldest.map(|((_, age), generation)| (*age, *generation))?
            }
        };
        self.take((generation, age))
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop(pool: &Arc<Pool>, name: &str) -> Arc<Shop> {
        pool.shop(&name.parse().unwrap())
    }

    /// Parks what holds a slot.
    fn park(lot: &Lot) {
        let slots = lot.shop.take(1, false).unwrap();
        lot.park(Box::new(slots), Instant::now());
    }

    #[test]
    fn a_shop_can_have_an_eighth_of_a_large_pool_and_half_of_a_small_one() {
        let part = |slots| Pool::new(slots).part();
        let parts = [4_000, 1_000, 200, 40, 4, 1].map(part);
        assert_eq!(parts, [500, 125, 32, 20, 2, 1]);
        let roots = |slots| Pool::new(slots).roots_part();
        assert_eq!([4_000, 200, 40, 8, 4, 1].map(roots), [375, 24, 15, 3, 2, 1]);
    }

    #[test]
    fn requests_leave_room_for_what_they_call() {
        let pool = Pool::new(8);
        let a = shop(&pool, "a");
        let roots: Vec<Slots> = (0..3).map(|_| a.take(1, true).unwrap()).collect();
        assert_eq!(a.take(1, true).err(), Some(Taken::ByShop(3)));
        let callee = a.take(1, false).unwrap();
        assert_eq!(a.take(1, false).err(), Some(Taken::ByShop(4)));
        drop((roots, callee));
    }

    #[test]
    fn a_shop_is_short_where_it_has_much_or_the_pool_is_nearly_full() {
        let pool = Pool::new(16);
        let (a, b) = (shop(&pool, "a"), shop(&pool, "b"));
        let held = a.take(6, false).unwrap();
        assert!(!a.is_short() && !b.is_short());
        let more = a.take(1, false).unwrap();
        assert!(a.is_short() && !b.is_short());
        let rest = b.take(6, false).unwrap();
        assert!(b.is_short());
        drop(rest);
        let idle = b.lot();
        (0..6).for_each(|_| park(&idle));
        assert!(!b.is_short(), "what idles makes room");
        drop((held, more));
    }

    #[test]
    fn slots_are_counted_for_a_shop_by_its_name_and_given_back() {
        let pool = Pool::new(8);
        let held: Vec<Slots> = (0..4).map(|_| shop(&pool, "a").take(1, false).unwrap()).collect();
        assert_eq!(shop(&pool, "a").take(1, false).err(), Some(Taken::ByShop(4)));
        let other = shop(&pool, "b").take(3, false).unwrap();
        assert_eq!(shop(&pool, "b").take(2, false).err(), Some(Taken::ByShop(4)));
        assert_eq!(shop(&pool, "c").take(2, false).err(), Some(Taken::ByAll));
        drop(held);
        let all = shop(&pool, "a").take(4, false).unwrap();
        drop((other, all));
        assert_eq!(pool.taken.load(Ordering::Acquire), 0);
        assert!(locked(&pool.shops).is_empty(), "nobody is remembered who has nothing");
    }

    #[test]
    fn the_oldest_idle_instance_of_all_makes_room_and_a_shop_beyond_its_part_uses_its_own() {
        let pool = Pool::new(4);
        let (a, b) = (shop(&pool, "a").lot(), shop(&pool, "b").lot());
        let idle = |lot: &Lot| lot.shop.idle.load(Ordering::Acquire);
        for lot in [&a, &b, &b, &a] {
            park(lot);
        }
        let c = shop(&pool, "c").take(1, false).unwrap();
        assert_eq!((idle(&a), idle(&b)), (1, 2));
        // It has two, and may not have more.
        let b_runs = b.shop.take(1, false).unwrap();
        assert_eq!((idle(&a), idle(&b)), (1, 1));
        let more = shop(&pool, "c").take(1, false).unwrap();
        assert_eq!((idle(&a), idle(&b)), (1, 0));
        drop((c, more, b_runs));
    }

    #[test]
    fn a_start_throws_away_as_many_as_it_needs_slots() {
        let pool = Pool::new(8);
        let a = shop(&pool, "a").lot();
        (0..4).for_each(|_| park(&a));
        let _others = shop(&pool, "b").take(4, false).unwrap();
        let _taken = shop(&pool, "c").take(4, false).unwrap();
        assert_eq!(a.shop.taken.load(Ordering::Acquire), 0);
    }

    #[test]
    fn the_newest_serves_next_and_what_idled_too_long_goes() {
        let pool = Pool::new(40);
        let (a, other) = (shop(&pool, "a").lot(), shop(&pool, "a").lot());
        let start = Instant::now();
        let at = |seconds| start + std::time::Duration::from_secs(seconds);
        (1..=9_u64).for_each(|n| a.park(Box::new(n), at(n)));
        let next = |lot: &Lot| lot.unpark().and_then(|n| n.downcast::<u64>().ok());
        assert!(next(&other).is_none());
        assert_eq!(next(&a).as_deref(), Some(&8), "the ninth was too many");
        pool.reclaim(at(7));
        assert_eq!(next(&a).as_deref(), Some(&7));
        assert!(next(&a).is_none());
        a.park(Box::new(0_u64), start);
        drop(a);
        let idle = locked(&pool.idle);
        assert!(idle.parked.is_empty() && idle.ages.is_empty() && idle.ages_of.is_empty());
    }
}
