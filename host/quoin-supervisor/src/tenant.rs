//! A tenant at run time: its wiring, keys and log.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use arc_swap::ArcSwap;
use bytes::Bytes;
use quoin_core::shop::{Installation, StoredShop};
use quoin_core::{Digest, Name};
use quoin_runtime::{Generation, Log, Node};
use serde::{Deserialize, Serialize};

use crate::answers::Shelf;
use crate::routes::RouteTable;

/// One shop: its plugins, data, keys and log.
pub struct Tenant {
    /// Its name.
    pub name: Name,
    /// What its plugins, and the host about them, have written.
    pub log: Arc<Log>,
    wiring: ArcSwap<Wiring>,
    /// The hashes of its API keys by key id.
    pub(crate) keys: ArcSwap<HashMap<String, Digest>>,
    /// Generations that were replaced; a call may still run in them.
    retired: Mutex<Vec<Weak<Generation>>>,
    /// One change at a time, or the trial of one.
    pub(crate) changing: Arc<tokio::sync::Mutex<()>>,
}

/// All nodes and routes of a tenant: one immutable snapshot. Readers load it once for each request.
pub struct Wiring {
    /// The revision that it is of.
    pub revision: u64,
    /// What was asked for.
    pub shop: StoredShop,
    /// What runs, by installation.
    pub nodes: BTreeMap<Name, Arc<Node>>,
    /// Its HTTP routes.
    pub routes: RouteTable,
    /// The OpenAPI document and its digest, made when it is first asked for.
    pub document: OnceLock<(Bytes, Digest)>,
    /// The page for people and its digest, made when it is first asked for.
    pub page: OnceLock<(String, Digest)>,
    /// Kept answers, from the first that was looked for on.
    pub answers: OnceLock<Arc<Shelf>>,
    /// Why nothing runs, when the shop could not be brought up at start.
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

impl Tenant {
    pub(crate) fn new(name: Name, log: Arc<Log>, wiring: Wiring) -> Tenant {
        Tenant {
            name,
            log,
            wiring: ArcSwap::from_pointee(wiring),
            keys: ArcSwap::default(),
            retired: Mutex::default(),
            changing: Arc::default(),
        }
    }

    /// The wiring now.
    pub fn wiring(&self) -> Arc<Wiring> {
        self.wiring.load_full()
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
        let mut all: Vec<_> =
            self.wiring().nodes.values().map(|node| Arc::downgrade(&node.generation)).collect();
        all.extend(self.retired.lock().unwrap_or_else(|e| e.into_inner()).iter().cloned());
        all
    }

    /// Publishes a wiring, and retires the generations that are not in it.
    pub(crate) fn publish(&self, wiring: Wiring) {
        let old = self.wiring.swap(Arc::new(wiring));
        let now = self.wiring.load();
        let mut retired = self.retired.lock().unwrap_or_else(|e| e.into_inner());
        for (name, node) in &old.nodes {
            let kept = now.nodes.get(name);
            if !kept.is_some_and(|k| Arc::ptr_eq(&k.generation, &node.generation)) {
                retired.push(Arc::downgrade(&node.generation));
            }
        }
    }
}
