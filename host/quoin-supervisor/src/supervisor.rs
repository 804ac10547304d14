//! The supervisor: every tenant of this host, and every change to one.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use bytes::Bytes;
use quoin_core::manifest::Need;
use quoin_core::shop::StoredShop;
use quoin_core::{Description, Digest, Name};
use quoin_runtime::{Engine, Generation, Level, Log};
use quoin_storage::{Control, ControlError, KeyRow, RevisionRow, TenantRow};

use crate::assemble::Parts;
use crate::binding::{self, Plugins, Resolved};
use crate::data;
use crate::databases::Databases;
use crate::error::Error;
use crate::library::Library;
use crate::lookup::no_plugin;
use crate::plan::{self, Applied, Change, Kind, Plan};
use crate::routes::RouteTable;
use crate::tenant::{Record, Tenant, Wiring};

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
}

/// Every tenant of this host.
pub struct Supervisor {
    data: PathBuf,
    library: Library,
    control: Control,
    databases: Databases,
    tenants: ArcSwap<BTreeMap<Name, Arc<Tenant>>>,
    /// Which tenant answers to a host name: replaced whenever a tenant's domains change.
    domains: ArcSwap<HashMap<String, Arc<Tenant>>>,
    /// Guards the two maps above against two changes at once.
    maps: Mutex<()>,
    /// Generations of removed tenants; a call may still run in them.
    removed: Mutex<Vec<Weak<Generation>>>,
    /// One new tenant at a time.
    creating: tokio::sync::Mutex<()>,
    _lock: data::Lock,
}

/// A new API key.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// What it is called.
    pub id: String,
    /// What its holder sends. It is shown once and kept nowhere.
    pub secret: String,
}

impl Supervisor {
    /// Opens the data directory and brings up every tenant as it was.
    ///
    /// # Errors
    /// Another host uses the directory, or the host's own files cannot be read. A tenant that cannot
    /// be brought up does not stop the others: its wiring says why.
    pub async fn open(options: Options) -> Result<Arc<Supervisor>, Error> {
        let Options { data, compiler } = options;
        let lock = data::lock(&data)?;
        let storage = |e| Error::Control(ControlError::Storage(e));
        let control = Control::open(&data.join("control.db")).map_err(storage)?;
        let library = Library::open(&data, compiler, Engine::new()?)?;
        let supervisor = Supervisor {
            data,
            library,
            control,
            databases: Databases::default(),
            tenants: ArcSwap::default(),
            domains: ArcSwap::default(),
            maps: Mutex::default(),
            removed: Mutex::default(),
            creating: tokio::sync::Mutex::default(),
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

    /// The tenant of this name.
    pub fn tenant(&self, name: &str) -> Option<Arc<Tenant>> {
        self.tenants.load().get(name).cloned()
    }

    /// The tenant that answers to this host name (lower case, without port).
    pub fn tenant_of_host(&self, host: &str) -> Option<Arc<Tenant>> {
        self.domains.load().get(host).cloned()
    }

    /// All tenants, by name.
    pub fn tenants(&self) -> Vec<Arc<Tenant>> {
        self.tenants.load().values().cloned().collect()
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

    /// What [`Supervisor::apply`] would change. Its checks are made as far as that is possible without
    /// changing anything: the plugins fit together, new generations start, and migrations succeed on
    /// the databases that there are (they are rolled back). What is left to fail are the migrations
    /// of databases that do not exist yet, the disk, and what others change meanwhile.
    ///
    /// # Errors
    /// As for [`Supervisor::apply`].
    pub async fn plan(&self, shop: &StoredShop) -> Result<Plan, Error> {
        self.library.recover(shop.plugins.values().map(|i| &i.bundle)).await?;
        let tenant = self.tenant(shop.name.as_str());
        self.check_domains(shop)?;
        let (plugins, resolved) = self.resolve(shop)?;
        let log = Arc::default();
        let parts = self.parts(tenant.as_deref(), &log);
        let migrations = parts.rehearse(shop, &plugins, &resolved).await?;
        let mut plan = self.difference(tenant.as_deref(), shop, &plugins);
        plan::tell_migrations(&mut plan.changes, migrations);
        Ok(plan)
    }

    /// Makes a shop what it is wanted to be, creating the tenant if it does not exist: checks,
    /// databases and migrations, new generations warmed, and then one publishing. On any failure
    /// before that, everything stays as it was. When nothing differs, nothing is done.
    ///
    /// # Errors
    /// The plugins do not fit together, a migration fails, a new generation does not start, another
    /// tenant has one of the domains, or the host's storage fails.
    pub async fn apply(&self, shop: StoredShop, note: &str) -> Result<Applied, Error> {
        loop {
            if let Some(tenant) = self.tenant(shop.name.as_str()) {
                let _change = tenant.changing.lock().await;
                // It may have been removed while this one waited.
                if self.is_current(&tenant) {
                    return self.change(Some(&tenant), shop, note).await;
                }
                continue;
            }
            let _one = self.creating.lock().await;
            if self.tenant(shop.name.as_str()).is_none() {
                return self.change(None, shop, note).await;
            }
        }
    }

    /// Replaces the bundle of one installation; everything else of the shop stays.
    ///
    /// # Errors
    /// There is no such installation, or as for [`Supervisor::apply`].
    pub async fn swap(
        &self,
        tenant: &Name,
        installation: &Name,
        bundle: &Digest,
    ) -> Result<Applied, Error> {
        let tenant = self.existing(tenant)?;
        let _change = self.changing(&tenant).await?;
        let shop = swapped(&tenant, installation, bundle)?;
        self.change(Some(&tenant), shop, &format!("swap {installation}")).await
    }

    /// What [`Supervisor::swap`] would change; as [`Supervisor::plan`].
    ///
    /// # Errors
    /// As for [`Supervisor::swap`].
    pub async fn plan_swap(
        &self,
        tenant: &Name,
        installation: &Name,
        bundle: &Digest,
    ) -> Result<Plan, Error> {
        let tenant = self.existing(tenant)?;
        self.plan(&swapped(&tenant, installation, bundle)?).await
    }

    /// Takes an installation back to what it was before its last change: bundle, grants,
    /// configuration and limits. Asked twice, it is forward again.
    ///
    /// # Errors
    /// There is nothing to go back to, or as for [`Supervisor::apply`].
    pub async fn back(&self, tenant: &Name, installation: &Name) -> Result<Applied, Error> {
        let tenant = self.existing(tenant)?;
        let _change = self.changing(&tenant).await?;
        let shop = self.taken_back(&tenant, installation)?;
        self.change(Some(&tenant), shop, &format!("back {installation}")).await
    }

    /// What [`Supervisor::back`] would change; as [`Supervisor::plan`].
    ///
    /// # Errors
    /// As for [`Supervisor::back`].
    pub async fn plan_back(&self, tenant: &Name, installation: &Name) -> Result<Plan, Error> {
        let tenant = self.existing(tenant)?;
        self.plan(&self.taken_back(&tenant, installation)?).await
    }

    /// The shop with an installation as it was before its last change.
    fn taken_back(&self, tenant: &Tenant, installation: &Name) -> Result<StoredShop, Error> {
        let wiring = tenant.wiring();
        let mut shop = wiring.shop.clone();
        let Some(plugin) = shop.plugins.get_mut(installation) else {
            return Err(Error::NotFound(no_plugin(&wiring, installation)));
        };
        let Some(previous) = wiring.record.previous.get(installation) else {
            let nothing =
                format!("{installation} has not been changed, so there is nothing to go back to");
            return Err(Error::NotFound(nothing));
        };
        // Bindings are the shop's, not the generation's: today's stay, as far as there is a need.
        let needs = self.library.get(&previous.bundle).map(|d| d.manifest.needs.clone());
        let bind = std::mem::replace(plugin, previous.clone()).bind;
        for (interface, providers) in bind {
            let named =
                |n: &Need| n.interface.as_str() == interface || n.interface.path() == interface;
            if needs.iter().flatten().any(named) {
                plugin.bind.insert(interface, providers);
            }
        }
        Ok(shop)
    }

    /// Removes a tenant: its shop, keys and domains. The databases of its plugins stay on disk.
    ///
    /// # Errors
    /// There is no such tenant, or the control database fails.
    pub async fn remove_tenant(&self, tenant: &Name) -> Result<(), Error> {
        let tenant = self.existing(tenant)?;
        let _change = self.changing(&tenant).await?;
        self.control.remove_tenant(&tenant.name)?;
        self.removed.lock().unwrap_or_else(|e| e.into_inner()).extend(tenant.generations());
        let _maps = self.maps.lock().unwrap_or_else(|e| e.into_inner());
        let mut tenants = BTreeMap::clone(&self.tenants.load());
        tenants.remove(&tenant.name);
        self.tenants.store(Arc::new(tenants));
        self.route_domains();
        Ok(())
    }

    /// Makes an API key for a tenant.
    ///
    /// # Errors
    /// There is no such tenant, it has too many keys, or the control database fails.
    pub fn add_key(&self, tenant: &Name, label: &str) -> Result<NewKey, Error> {
        let tenant = self.existing(tenant)?;
        let random = |e| Error::host("no randomness for a key", e);
        let id = quoin_core::ids::random_hex::<4>().map_err(random)?;
        let secret = quoin_core::ids::random_hex::<24>().map_err(random)?;
        let secret = format!("qk_{id}_{secret}");
        let hash = Digest::of(secret.as_bytes());
        self.control.add_key(&tenant.name, &id, &hash, label, now_ms())?;
        tenant.keys.rcu(|keys| {
            let mut keys = HashMap::clone(keys);
            keys.insert(id.clone(), hash.clone());
            keys
        });
        Ok(NewKey { id, secret })
    }

    /// The API keys of a tenant: ids, labels, hashes.
    ///
    /// # Errors
    /// There is no such tenant, or the control database fails.
    pub fn keys(&self, tenant: &Name) -> Result<Vec<KeyRow>, Error> {
        let tenant = self.existing(tenant)?;
        self.control.keys(&tenant.name).map_err(|e| Error::Control(e.into()))
    }

    /// Removes an API key; `false` when there is none of this id.
    ///
    /// # Errors
    /// There is no such tenant, or the control database fails.
    pub fn remove_key(&self, tenant: &Name, id: &str) -> Result<bool, Error> {
        let tenant = self.existing(tenant)?;
        let removed = self.control.remove_key(&tenant.name, id)?;
        tenant.keys.rcu(|keys| {
            let mut keys = HashMap::clone(keys);
            keys.remove(id);
            keys
        });
        Ok(removed)
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

    async fn change(
        &self,
        tenant: Option<&Arc<Tenant>>,
        shop: StoredShop,
        note: &str,
    ) -> Result<Applied, Error> {
        self.check_domains(&shop)?;
        self.library.recover(shop.plugins.values().map(|i| &i.bundle)).await?;
        let (plugins, resolved) = self.resolve(&shop)?;
        let Plan { tenant: name, revision, mut changes } =
            self.difference(tenant.map(Arc::as_ref), &shop, &plugins);
        let running = tenant.is_none_or(|t| t.wiring().fault.is_none());
        if changes.is_empty() && running {
            return Ok(Applied { changes, tenant: name, revision });
        }
        let log = tenant.map_or_else(Arc::default, |t| t.log.clone());
        let parts = self.parts(tenant.map(Arc::as_ref), &log);
        let mut assembled = parts.assemble(&shop, &plugins, &resolved).await?;
        plan::tell_migrations(&mut changes, std::mem::take(&mut assembled.migrations));
        // In this order: when the publishing is refused, files go after who has them open.
        let (created, databases, mut wiring) = assembled.commit()?;
        let record = serde_json::to_string(&wiring.record).map_err(|e| Error::host("record", e))?;
        let now = now_ms();
        let published = self.control.publish(&name, revision, &record, &shop.domains, note, now);
        if published.is_ok() || matches!(published, Err(ControlError::Storage(_))) {
            // After a failed write nobody knows whether it is there after all.
            created.keep();
        }
        let revision = published?;
        wiring.revision = revision;
        for (database, bytes) in databases.into_values() {
            database.set_max_bytes(bytes);
        }
        let tenant = match tenant {
            Some(tenant) => {
                tenant.publish(wiring);
                tenant.clone()
            }
            None => Arc::new(Tenant::new(name.clone(), log, wiring)),
        };
        self.enter(&tenant);
        for change in &changes {
            tenant.log.write(Level::Info, "quoin", note, &told(change));
        }
        Ok(Applied { changes, tenant: name, revision })
    }

    /// Publishing refuses the domain of another tenant, too, that took it meanwhile; here, nothing has
    /// been made yet.
    fn check_domains(&self, shop: &StoredShop) -> Result<(), Error> {
        let domains = self.domains.load();
        for domain in &shop.domains {
            if let Some(other) = domains.get(domain.as_str()).filter(|t| t.name != shop.name) {
                let (domain, tenant) = (domain.clone(), other.name.clone());
                return Err(ControlError::DomainTaken { domain, tenant }.into());
            }
        }
        Ok(())
    }

    fn resolve(&self, shop: &StoredShop) -> Result<(Plugins, Resolved), Error> {
        let missing = self.library.missing(shop.plugins.values().map(|i| &i.bundle));
        if !missing.is_empty() {
            let list: Vec<_> = missing.iter().map(Digest::as_str).collect();
            return Err(Error::NotFound(format!(
                "the host does not have these bundles; upload them first: {}",
                list.join(", ")
            )));
        }
        let plugins: Plugins = (shop.plugins.iter())
            .filter_map(|(name, i)| Some((name.clone(), self.library.get(&i.bundle)?)))
            .collect();
        let resolved = binding::resolve(shop, &plugins).map_err(Error::Refused)?;
        Ok((plugins, resolved))
    }

    fn difference(&self, tenant: Option<&Tenant>, shop: &StoredShop, plugins: &Plugins) -> Plan {
        let wiring = tenant.map(Tenant::wiring);
        let before: Option<(&StoredShop, Plugins)> = wiring.as_ref().map(|w| {
            let plugin = |(n, i): (&Name, &quoin_core::shop::Installation<Digest>)| {
                Some((n.clone(), self.library.get(&i.bundle)?))
            };
            (&w.shop, w.shop.plugins.iter().filter_map(plugin).collect())
        });
        let before = before.as_ref().map(|(shop, plugins)| (*shop, plugins));
        let changes = plan::difference(before, shop, plugins);
        Plan { tenant: shop.name.clone(), revision: wiring.map_or(0, |w| w.revision), changes }
    }

    fn parts<'a>(&'a self, tenant: Option<&'a Tenant>, log: &'a Arc<Log>) -> Parts<'a> {
        let (data, library, databases) = (&self.data, &self.library, &self.databases);
        Parts { data, library, log, databases, tenant }
    }

    /// A tenant as the control database has it.
    async fn restore(&self, row: TenantRow) -> Tenant {
        let log: Arc<Log> = Arc::default();
        match self.restored(&row, &log).await {
            Ok(tenant) => tenant,
            Err(error) => {
                tracing::error!(tenant = row.name.as_str(), "the shop does not come up: {error}");
                let shop = StoredShop {
                    name: row.name.clone(),
                    domains: row.domains,
                    plugins: BTreeMap::new(),
                };
                let record = serde_json::from_str(&row.document).unwrap_or_else(|_| Record {
                    shop: shop.clone(),
                    generations: BTreeMap::new(),
                    previous: BTreeMap::new(),
                });
                let wiring = Wiring {
                    revision: row.revision,
                    shop: record.shop.clone(),
                    nodes: BTreeMap::new(),
                    routes: RouteTable::empty(),
                    document: OnceLock::new(),
                    page: OnceLock::new(),
                    fault: Some(error.to_string()),
                    record,
                };
                Tenant::new(row.name, log, wiring)
            }
        }
    }

    async fn restored(&self, row: &TenantRow, log: &Arc<Log>) -> Result<Tenant, Error> {
        let record: Record = serde_json::from_str(&row.document)
            .map_err(|e| Error::host("the shop's record in the control database", e))?;
        for installation in record.shop.plugins.values() {
            // Reads the description, and compiles again after an update of the host.
            self.library.program(&installation.bundle).await?;
        }
        let (plugins, resolved) = self.resolve(&record.shop)?;
        let assembled = self.parts(None, log).restore(&record, &plugins, &resolved).await?;
        let (created, _, mut wiring) = assembled.commit()?;
        created.keep();
        wiring.revision = row.revision;
        Ok(Tenant::new(row.name.clone(), log.clone(), wiring))
    }

    fn enter(&self, tenant: &Arc<Tenant>) {
        let _maps = self.maps.lock().unwrap_or_else(|e| e.into_inner());
        let mut tenants = BTreeMap::clone(&self.tenants.load());
        tenants.insert(tenant.name.clone(), tenant.clone());
        self.tenants.store(Arc::new(tenants));
        self.route_domains();
    }

    fn route_domains(&self) {
        let mut domains = HashMap::new();
        for tenant in self.tenants.load().values() {
            for domain in &tenant.wiring().shop.domains {
                domains.insert(domain.to_string(), tenant.clone());
            }
        }
        self.domains.store(Arc::new(domains));
    }

    /// The turn to change a tenant, which may have been removed by the time that it comes.
    async fn changing<'t>(
        &self,
        tenant: &'t Arc<Tenant>,
    ) -> Result<tokio::sync::MutexGuard<'t, ()>, Error> {
        let turn = tenant.changing.lock().await;
        if self.is_current(tenant) {
            return Ok(turn);
        }
        Err(Error::NotFound(format!(
            "the tenant {} was removed or made anew meanwhile",
            tenant.name
        )))
    }

    fn is_current(&self, tenant: &Arc<Tenant>) -> bool {
        self.tenant(tenant.name.as_str()).is_some_and(|now| Arc::ptr_eq(&now, tenant))
    }

    fn existing(&self, name: &Name) -> Result<Arc<Tenant>, Error> {
        self.tenant(name.as_str()).ok_or_else(|| Error::NoTenant(name.clone()))
    }

    fn reclaim(&self) {
        let Some(then) = Instant::now().checked_sub(IDLE_MAX) else { return };
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

fn told(change: &Change) -> String {
    let kind = match change.kind {
        Kind::Add => "added",
        Kind::Change => "changed",
        Kind::Remove => "removed",
    };
    let separator = if change.detail.is_empty() { "" } else { ": " };
    format!("{kind} {}{separator}{}", change.what, change.detail)
}

/// The shop with another bundle behind an installation.
fn swapped(tenant: &Tenant, installation: &Name, bundle: &Digest) -> Result<StoredShop, Error> {
    let wiring = tenant.wiring();
    let mut shop = wiring.shop.clone();
    let Some(plugin) = shop.plugins.get_mut(installation) else {
        return Err(Error::NotFound(no_plugin(&wiring, installation)));
    };
    plugin.bundle = bundle.clone();
    Ok(shop)
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
