//! A tenant at run time: its keys and log, and while it is awake its wiring.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use arc_swap::{ArcSwap, ArcSwapOption};
use bytes::Bytes;
use quoin_core::later::DoneCall;
use quoin_core::limits::{FILES_RECEIVED_AT_ONCE, LATER_DONE_KEPT};
use quoin_core::shop::{Installation, StoredShop};
use quoin_core::{Digest, Name};
use quoin_egress::Outlet;
use quoin_runtime::{Generation, Log, Node};
use quoin_storage::Database;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, Semaphore};

use crate::alone::Turns;
use crate::answers::Shelf;
use crate::routes::RouteTable;

/// Bytes of a sleeping shop's log that stay in memory: the last twenty lines or so. Ten thousand shops
/// that sleep hold 80 MiB at most.
const LOG_BYTES_ASLEEP: usize = 8 << 10;

/// One shop: its plugins, data, keys and log. While nobody uses it, it sleeps: it has no wiring then, no
/// open files, and only the last lines of its log.
pub struct Tenant {
    /// Its name.
    pub name: Name,
    /// What its plugins, and the host about them, have written.
    pub log: Arc<Log>,
    /// Its secrets, and its requests to other systems.
    pub outlet: Arc<Outlet>,
    /// None while it sleeps.
    wiring: ArcSwapOption<Wiring>,
    /// When it was last asked for, in milliseconds since the host started.
    used: AtomicU64,
    /// When it was last woken or changed, in milliseconds since the host started.
    woken: AtomicU64,
    /// Why it did not come up when it last woke.
    fault: Mutex<Option<String>>,
    /// The numbers of its later calls that run now.
    later: Mutex<BTreeSet<u64>>,
    /// Its newest later calls that are done, the oldest first.
    done: Mutex<VecDeque<DoneCall>>,
    /// Told whenever one of its later calls has ended, well or not.
    pub(crate) later_ended: Notify,
    /// Whether a host that starts looks after it at once, for the sake of its later calls.
    marked: AtomicBool,
    /// Turns for files that it receives.
    pub(crate) receiving: Arc<Semaphore>,
    /// Its requests with idempotency keys.
    pub turns: Arc<Turns>,
    /// The hashes of its API keys by key id.
    pub(crate) keys: ArcSwap<HashMap<String, Digest>>,
    /// Generations that were replaced; a call may still run in them.
    retired: Mutex<Vec<Weak<Generation>>>,
    /// One change at a time, or the trial of one. A shop that is being changed stays awake.
    pub(crate) changing: Arc<tokio::sync::Mutex<()>>,
    /// Held by who wakes it, puts it to sleep or removes it.
    pub(crate) waking: Arc<tokio::sync::Mutex<()>>,
}

/// All nodes and routes of a tenant: one immutable snapshot. Readers load it once for each request.
pub struct Wiring {
    /// The revision that it is of.
    pub revision: u64,
    /// What was asked for.
    pub shop: StoredShop,
    /// What runs, by installation.
    pub nodes: BTreeMap<Name, Arc<Node>>,
    /// Its database, if any plugin needs it.
    pub database: Option<Arc<Database>>,
    /// Its HTTP routes.
    pub routes: RouteTable,
    /// The OpenAPI document and its digest, made when it is first asked for.
    pub document: OnceLock<(Bytes, Digest)>,
    /// The page for people and its digest, made when it is first asked for.
    pub page: OnceLock<(String, Digest)>,
    /// Kept answers, from the first that was looked for on.
    pub answers: OnceLock<Arc<Shelf>>,
    /// Why nothing runs, when the shop could not be brought up.
    pub fault: Option<String>,
    pub(crate) record: Record,
}

/// What the control database keeps of a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Record {
    pub shop: StoredShop,
    /// The number of each installation's generation.
    pub generations: BTreeMap<Name, u64>,
    /// What each installation was before its last change: where `back` goes.
    pub previous: BTreeMap<Name, Installation<Digest>>,
}

impl Record {
    /// That of a shop of which nothing is known but its name.
    pub fn unknown(name: Name) -> Record {
        let shop = StoredShop { name, domains: BTreeSet::new(), plugins: BTreeMap::new() };
        Record { shop, generations: BTreeMap::new(), previous: BTreeMap::new() }
    }
}

impl Wiring {
    /// That of a shop that could not be brought up: nothing runs.
    pub(crate) fn faulty(revision: u64, record: Record, fault: String) -> Wiring {
        let (document, page, answers) = Default::default();
        Wiring {
            revision,
            shop: record.shop.clone(),
            nodes: BTreeMap::new(),
            database: None,
            routes: RouteTable::empty(),
            document,
            page,
            answers,
            fault: Some(fault),
            record,
        }
    }

    /// Whether a call runs or waits in it.
    fn is_busy(&self) -> bool {
        self.nodes.values().any(|node| {
            let stats = node.generation.stats();
            stats.running + stats.waiting > 0
        })
    }
}

impl Tenant {
    /// A tenant that sleeps.
    pub(crate) fn new(name: Name, log: Arc<Log>, outlet: Arc<Outlet>) -> Tenant {
        Tenant {
            name,
            log,
            outlet,
            wiring: ArcSwapOption::default(),
            used: AtomicU64::new(0),
            woken: AtomicU64::new(0),
            fault: Mutex::default(),
            later: Mutex::default(),
            done: Mutex::default(),
            later_ended: Notify::new(),
            marked: AtomicBool::new(false),
            receiving: Arc::new(Semaphore::new(FILES_RECEIVED_AT_ONCE)),
            turns: Arc::default(),
            keys: ArcSwap::default(),
            retired: Mutex::default(),
            changing: Arc::default(),
            waking: Arc::default(),
        }
    }

    /// The wiring now, if it is awake.
    pub fn awake(&self) -> Option<Arc<Wiring>> {
        self.wiring.load_full()
    }

    /// Why nothing runs, when the shop could not be brought up the last time that this was tried.
    pub fn fault(&self) -> Option<String> {
        self.fault.lock().unwrap_or_else(|e| e.into_inner()).clone()
    }

    /// The numbers of its later calls that run now.
    pub(crate) fn later(&self) -> MutexGuard<'_, BTreeSet<u64>> {
        self.later.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its newest later calls that are done.
    pub(crate) fn done(&self) -> MutexGuard<'_, VecDeque<DoneCall>> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A later call of it is done.
    pub(crate) fn add_done(&self, call: DoneCall) {
        let mut done = self.done();
        if done.len() >= LATER_DONE_KEPT {
            done.pop_front();
        }
        done.push_back(call);
    }

    /// Whether a host that starts looks after it at once.
    pub(crate) fn is_marked(&self) -> bool {
        self.marked.load(Ordering::Acquire)
    }

    /// Notes whether it does.
    pub(crate) fn mark(&self, marked: bool) {
        self.marked.store(marked, Ordering::Release);
    }

    /// Notes that somebody asks for it, at this many milliseconds since the host started.
    pub(crate) fn use_at(&self, now: u64) {
        self.used.store(now, Ordering::Relaxed);
    }

    /// When it was last asked for, in milliseconds since the host started.
    pub(crate) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// When it was last woken or changed, in milliseconds since the host started.
    pub(crate) fn woken(&self) -> u64 {
        self.woken.load(Ordering::Relaxed)
    }

    /// The id of the API key that this is, if it is one.
    pub fn authenticate(&self, key: &str) -> Option<String> {
        let id = key.strip_prefix("qk_")?.split('_').next()?;
        let keys = self.keys.load();
        // Comparing hashes gives nothing away: who does not know the key cannot choose its hash.
        keys.get(id).filter(|hash| **hash == Digest::of(key.as_bytes())).map(|_| id.to_owned())
    }

    /// Generations that were replaced and still finish calls.
    pub fn draining(&self) -> usize {
        let mut retired = self.retired.lock().unwrap_or_else(|e| e.into_inner());
        retired.retain(|generation| generation.strong_count() > 0);
        retired.len()
    }

    /// The generations in which a call may run: those of the wiring, and those that were replaced.
    pub(crate) fn generations(&self) -> Vec<Weak<Generation>> {
        let wiring = self.awake();
        let nodes = wiring.iter().flat_map(|wiring| wiring.nodes.values());
        let mut all: Vec<_> = nodes.map(|node| Arc::downgrade(&node.generation)).collect();
        all.extend(self.retired.lock().unwrap_or_else(|e| e.into_inner()).iter().cloned());
        all
    }

    /// Publishes a wiring, at this many milliseconds since the host started, and retires the generations
    /// that are not in it. It returns whether the tenant slept.
    pub(crate) fn publish(&self, wiring: Wiring, now: u64) -> bool {
        *self.fault.lock().unwrap_or_else(|e| e.into_inner()) = wiring.fault.clone();
        self.woken.store(now, Ordering::Relaxed);
        let wiring = Arc::new(wiring);
        let old = self.wiring.swap(Some(wiring.clone()));
        let mut retired = self.retired.lock().unwrap_or_else(|e| e.into_inner());
        for (name, node) in old.iter().flat_map(|old| &old.nodes) {
            let kept = wiring.nodes.get(name);
            if !kept.is_some_and(|k| Arc::ptr_eq(&k.generation, &node.generation)) {
                retired.push(Arc::downgrade(&node.generation));
            }
        }
        old.is_none()
    }

    /// Lets it sleep if nobody is about to use it, changes it or wakes it: gives back its wiring, and with
    /// it what is open and idle, and most of its log. It returns whether it sleeps now. `asleep` is called
    /// before anybody can wake it. Closing its database blocks the thread.
    pub(crate) fn sleep(&self, asleep: impl FnOnce(&Tenant)) -> bool {
        // Who wants to wake it waits until everything is closed, or is back.
        let (Ok(_changing), Ok(_waking)) = (self.changing.try_lock(), self.waking.try_lock())
        else {
            return false;
        };
        if self.awake().is_some_and(|wiring| wiring.is_busy()) {
            return false;
        }
        let Some(wiring) = self.wiring.swap(None) else { return true };
        if Arc::strong_count(&wiring) > 1 || wiring.is_busy() {
            // Somebody has it, and what is open is to be open once.
            self.wiring.store(Some(wiring));
            return false;
        }
        let mut retired = self.retired.lock().unwrap_or_else(|e| e.into_inner());
        retired.extend(wiring.nodes.values().map(|node| Arc::downgrade(&node.generation)));
        drop(wiring);
        retired.retain(|generation| generation.strong_count() > 0);
        retired.shrink_to_fit();
        drop(retired);
        self.log.shrink(LOG_BYTES_ASLEEP);
        *self.done() = VecDeque::new();
        asleep(self);
        self.outlet.sleep();
        true
    }
}
