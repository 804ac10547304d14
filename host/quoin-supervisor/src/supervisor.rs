//! The supervisor: every tenant of this host, and every change to one.

mod change;
mod files;
mod keys;
mod later;
mod secrets;
mod sleep;
mod swap;
mod tenants;
mod wake;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;
use quoin_core::{Clock, Description, Digest, Name};
use quoin_egress::{Egress, Outlet};
use quoin_runtime::{Engine, Generation, Log};
use quoin_storage::{Control, ControlError, RevisionRow, blocking};
use tokio::sync::Semaphore;

use crate::answers::Answers;
use crate::data;
use crate::databases::Databases;
use crate::directory::Directory;
use crate::error::Error;
use crate::library::Library;
use crate::schedule::Schedule;
use crate::tenant::Tenant;

pub use files::Receiving;
pub use keys::NewKey;

/// How often idle instances and shops are looked at, or more often where shops sleep sooner.
const RECLAIM_EVERY: Duration = Duration::from_secs(10);
/// Idle time after which an instance is thrown away.
const IDLE_MAX: Duration = Duration::from_secs(30);

/// Shops that open their databases at once. More would wait for the same disk, and a host that starts with
/// everybody at its door has work for other threads, too.
const WAKES_AT_ONCE: usize = 16;
/// Later calls that run at once in all shops: enough to keep all processors busy while some of them wait
/// for what is outside.
const LATER_AT_ONCE: usize = 64;
/// Shops that are awake at once. One takes some two megabytes, most of them for its database.
const AWAKE_MAX: u64 = 500;
/// Open files of a shop that is awake and busy: nine connections have two each, and share one.
const FILES_OF_ONE: u64 = 19;

/// Where a supervisor works.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data directory.
    pub data: PathBuf,
    /// The executable that compiles: run as `compiler compile-bundle BUNDLE FOLDER`.
    pub compiler: PathBuf,
    /// What time it is.
    pub clock: Clock,
    /// How long nobody uses a shop before it sleeps.
    pub sleep_after: Duration,
    /// What the operator says about secrets and requests to other systems.
    pub egress: quoin_egress::Options,
}

/// Every tenant of this host.
pub struct Supervisor {
    /// For tasks of its own.
    me: Weak<Supervisor>,
    data: PathBuf,
    /// What its times are told by.
    pub clock: Clock,
    library: Library,
    egress: Arc<Egress>,
    control: Control,
    databases: Databases,
    /// Answers of all shops that are kept.
    pub answers: Arc<Answers>,
    tenants: RwLock<Directory>,
    /// Those that are awake, and some that were removed.
    awake: Mutex<Vec<Weak<Tenant>>>,
    /// How many may be awake.
    awake_max: usize,
    sleep_after: Duration,
    /// Held by who lets tenants sleep.
    sleeping: Mutex<()>,
    /// Tenants that wake.
    wakes: Semaphore,
    started: Instant,
    /// When shops have later calls.
    schedule: Arc<Schedule>,
    /// Later calls that run at once.
    later_turns: Arc<Semaphore>,
    /// Generations of removed tenants; a call may still run in them.
    removed: Mutex<Vec<Weak<Generation>>>,
    /// One change of a secret at a time.
    secrets: Mutex<()>,
    /// One new tenant at a time, or the trial of one.
    creating: Arc<tokio::sync::Mutex<()>>,
    _lock: data::Lock,
}

impl Supervisor {
    /// Opens the data directory. Every tenant is there as it was, and sleeps until somebody asks for it.
    ///
    /// # Errors
    /// Another host uses the directory, or the host's own files cannot be read. A tenant that cannot
    /// be brought up does not stop the others: its wiring says why.
    pub async fn open(options: Options) -> Result<Arc<Supervisor>, Error> {
        let Options { data, compiler, clock, sleep_after, egress } = options;
        let lock = data::lock(&data)?;
        let storage = |e| Error::Control(ControlError::Storage(e));
        let control = Control::open(&data.join("control.db")).map_err(storage)?;
        let library = Library::open(&data, compiler, Engine::new(clock.clone())?)?;
        let egress = Egress::open(egress, &data, clock.clone())?;
        let mut tenants = Directory::default();
        for name in control.names().map_err(storage)? {
            let log = Arc::new(Log::new(clock.clone()));
            let outlet = Arc::new(Outlet::new(&egress, name.clone()));
            tenants.enter(&Arc::new(Tenant::new(name, log, outlet)), []);
        }
        for (domain, tenant) in control.domains().map_err(storage)? {
            tenants.answers(&tenant, domain);
        }
        let mut keys: HashMap<Name, HashMap<String, Digest>> = HashMap::new();
        for key in control.all_keys().map_err(storage)? {
            keys.entry(key.tenant).or_default().insert(key.id, key.hash);
        }
        for (tenant, keys) in keys {
            if let Some(tenant) = tenants.named(tenant.as_str()) {
                tenant.keys.store(Arc::new(keys));
            }
        }
        for secret in control.all_secrets().map_err(storage)? {
            if let Some(tenant) = tenants.named(secret.tenant.as_str()) {
                tenant.outlet.put_secret(secret.name, secret.sealed, secret.set_ms);
            }
        }
        let supervisor = Arc::new_cyclic(|me| Supervisor {
            me: me.clone(),
            data,
            library,
            egress,
            control,
            databases: Databases::new(clock.clone()),
            answers: Arc::default(),
            started: clock.instant(),
            clock,
            tenants: RwLock::new(tenants),
            awake: Mutex::default(),
            awake_max: awake_max(),
            sleep_after,
            sleeping: Mutex::default(),
            wakes: Semaphore::new(WAKES_AT_ONCE),
            schedule: Arc::default(),
            later_turns: Arc::new(Semaphore::new(LATER_AT_ONCE)),
            removed: Mutex::default(),
            secrets: Mutex::default(),
            creating: Arc::default(),
            _lock: lock,
        });
        for (tenant, time) in supervisor.control.later().map_err(storage)? {
            supervisor.schedule.enter(&tenant, time);
        }
        Supervisor::look_after_later_calls(&supervisor.me);
        let watched = Arc::downgrade(&supervisor);
        let every = RECLAIM_EVERY.min(sleep_after).max(Duration::from_secs(1));
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(every).await;
                let Some(supervisor) = watched.upgrade() else { break };
                supervisor.let_go_of_files().await;
                blocking(|| supervisor.reclaim());
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
        let now = self.clock.instant();
        if let Some(then) = now.checked_sub(IDLE_MAX) {
            self.library.reclaim(then);
            for tenant in self.awake() {
                tenant.draining();
                tenant.outlet.close_old();
            }
        }
        self.let_sleep();
        let mut removed = self.removed.lock().unwrap_or_else(PoisonError::into_inner);
        removed.retain(|generation| generation.strong_count() > 0);
        drop(removed);
        self.library.forget_unused(now);
    }
}

/// How many shops may be awake: half of the files that this process may open are theirs.
fn awake_max() -> usize {
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let room = files.map_or(AWAKE_MAX, |files| files / 2 / FILES_OF_ONE);
    usize::try_from(room.clamp(1, AWAKE_MAX)).unwrap_or(1)
}
