//! The supervisor: every tenant of this host, and every change to one.

mod change;
mod keys;
mod restore;
mod swap;
mod tenants;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use quoin_core::{Clock, Description, Digest, Name};
use quoin_runtime::{Engine, Generation};
use quoin_storage::{Control, ControlError, RevisionRow};

use crate::answers::Answers;
use crate::data;
use crate::databases::Databases;
use crate::error::Error;
use crate::library::Library;
use crate::tenant::Tenant;

pub use keys::NewKey;

/// How often idle instances are looked at.
const RECLAIM_EVERY: Duration = Duration::from_secs(10);
/// Idle time after which an instance is thrown away.
const IDLE_MAX: Duration = Duration::from_secs(30);

/// Where a supervisor works.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data directory.
    pub data: PathBuf,
    /// The executable that compiles: run as `compiler compile-bundle BUNDLE FOLDER`.
    pub compiler: PathBuf,
    /// What time it is.
    pub clock: Clock,
}

/// Every tenant of this host.
pub struct Supervisor {
    data: PathBuf,
    clock: Clock,
    library: Library,
    control: Control,
    databases: Databases,
    /// Answers of all shops that are kept.
    pub answers: Arc<Answers>,
    tenants: ArcSwap<BTreeMap<Name, Arc<Tenant>>>,
    /// Which tenant answers to a host name: replaced whenever a tenant's domains change.
    domains: ArcSwap<HashMap<String, Arc<Tenant>>>,
    /// Guards the two maps above against two changes at once.
    maps: Mutex<()>,
    /// Generations of removed tenants; a call may still run in them.
    removed: Mutex<Vec<Weak<Generation>>>,
    /// One new tenant at a time, or the trial of one.
    creating: Arc<tokio::sync::Mutex<()>>,
    _lock: data::Lock,
}

impl Supervisor {
    /// Opens the data directory and brings up every tenant as it was.
    ///
    /// # Errors
    /// Another host uses the directory, or the host's own files cannot be read. A tenant that cannot
    /// be brought up does not stop the others: its wiring says why.
    pub async fn open(options: Options) -> Result<Arc<Supervisor>, Error> {
        let Options { data, compiler, clock } = options;
        let lock = data::lock(&data)?;
        let storage = |e| Error::Control(ControlError::Storage(e));
        let control = Control::open(&data.join("control.db")).map_err(storage)?;
        let library = Library::open(&data, compiler, Engine::new(clock.clone())?)?;
        let supervisor = Supervisor {
            data,
            library,
            control,
            databases: Databases::new(clock.clone()),
            answers: Arc::default(),
            clock,
            tenants: ArcSwap::default(),
            domains: ArcSwap::default(),
            maps: Mutex::default(),
            removed: Mutex::default(),
            creating: Arc::default(),
            _lock: lock,
        };
        for row in supervisor.control.tenants().map_err(storage)? {
            let tenant = Arc::new(supervisor.restore(row).await);
            supervisor.enter(&tenant);
        }
        for key in supervisor.control.all_keys().map_err(storage)? {
            if let Some(tenant) = supervisor.tenant(key.tenant.as_str()) {
                let mut keys = HashMap::clone(&tenant.keys.load());
                keys.insert(key.id, key.hash);
                tenant.keys.store(Arc::new(keys));
            }
        }
        let supervisor = Arc::new(supervisor);
        let watched = Arc::downgrade(&supervisor);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(RECLAIM_EVERY).await;
                let Some(supervisor) = watched.upgrade() else { break };
                supervisor.reclaim();
            }
        });
        Ok(supervisor)
    }

    /// Takes a bundle in: verified, compiled, kept. A bundle that the host has is not compiled again.
    ///
    /// # Errors
    /// The bundle is not sound; nothing is kept of it.
    pub async fn add_bundle(&self, bytes: Bytes) -> Result<Arc<Description>, Error> {
        self.library.add(&bytes).await
    }

    /// A bundle that the host has.
    pub fn bundle(&self, digest: &Digest) -> Option<Arc<Description>> {
        self.library.get(digest)
    }

    /// All bundles that the host has, by name and version.
    pub fn bundles(&self) -> Vec<Arc<Description>> {
        self.library.all()
    }

    /// The newest revisions of a tenant, newest first.
    ///
    /// # Errors
    /// There is no such tenant, or the control database fails.
    pub fn revisions(&self, tenant: &Name, limit: usize) -> Result<Vec<RevisionRow>, Error> {
        let tenant = self.existing(tenant)?;
        self.control.revisions(&tenant.name, limit).map_err(|e| Error::Control(e.into()))
    }

    /// Calls that run or wait now, of all tenants, those included that were removed meanwhile.
    pub fn in_flight(&self) -> u32 {
        // In this order: a tenant that is removed in between is counted twice rather than not at all.
        let present = self.tenants();
        let removed = self.removed.lock().unwrap_or_else(|e| e.into_inner()).clone();
        let all = present.iter().flat_map(|tenant| tenant.generations()).chain(removed);
        let calls = |generation: Arc<Generation>| {
            let stats = generation.stats();
            stats.running + stats.waiting
        };
        all.filter_map(|generation| generation.upgrade()).map(calls).sum()
    }

    fn reclaim(&self) {
        let Some(then) = self.clock.instant().checked_sub(IDLE_MAX) else { return };
        for tenant in self.tenants() {
            for node in tenant.wiring().nodes.values() {
                node.generation.reclaim(then);
            }
            tenant.draining();
        }
        let mut removed = self.removed.lock().unwrap_or_else(|e| e.into_inner());
        removed.retain(|generation| generation.strong_count() > 0);
        drop(removed);
        self.library.forget_unused();
    }
}
