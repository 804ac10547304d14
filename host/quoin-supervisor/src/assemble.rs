//! From a shop as it is wanted to nodes that are ready to run it.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use quoin_core::Name;
use quoin_core::description::Migration;
use quoin_core::shop::{Installation, StoredShop};
use quoin_core::{Description, Digest};
use quoin_runtime::{Binding, Generation, GenerationSpec, Log, Node, Provider};
use quoin_storage::{Database, Migrated};

use crate::binding::{Bound, Plugins, Resolved, Served};
use crate::data;
use crate::error::Error;
use crate::library::Library;
use crate::routes::RouteTable;
use crate::tenant::{Record, Tenant, Wiring};

/// Time for the migrations of one plugin, waiting for its writer included. They hold up the
/// plugin's writing calls, so a schema change on much data belongs in several small ones.
const MIGRATION_TIME: Duration = Duration::from_secs(60);

/// A shop that is ready to be published, its migrations made but not yet durable.
pub(crate) struct Assembled {
    pub wiring: Wiring,
    migrated: Vec<(Name, Migrated)>,
    /// The databases with the sizes that they may grow to, once this is published.
    databases: Sizes,
    created: Created,
}

/// The open databases of this host by file. A file has one at a time, whoever uses it: two would not
/// know of each other's writers.
pub(crate) type Databases = Mutex<HashMap<PathBuf, Weak<Database>>>;

/// Databases and the bytes that they may grow to.
pub(crate) type Sizes = Vec<(Arc<Database>, u64)>;

/// Database files that did not exist before. A change that fails takes them away again.
#[derive(Default)]
struct Created(Vec<PathBuf>);

/// What a shop is assembled from.
pub(crate) struct Parts<'a> {
    pub data: &'a Path,
    pub library: &'a Library,
    pub log: &'a Arc<Log>,
    pub databases: &'a Databases,
    /// The tenant as it is, if it exists.
    pub tenant: Option<&'a Tenant>,
}

impl Parts<'_> {
    /// Makes the nodes and routes of a shop without touching any database: what a dry run needs.
    pub async fn rehearse(
        &self,
        shop: &StoredShop,
        plugins: &Plugins,
        resolved: &Resolved,
    ) -> Result<Wiring, Error> {
        let (wiring, _) = self.nodes(shop, plugins, resolved, &HashMap::new(), None).await?;
        Ok(wiring)
    }

    /// Makes everything that the shop needs: databases opened, new generations warmed, migrations made
    /// but not yet durable.
    pub async fn assemble(
        &self,
        shop: &StoredShop,
        plugins: &Plugins,
        resolved: &Resolved,
    ) -> Result<Assembled, Error> {
        // Routes and programs first: they can fail without having touched a database.
        self.rehearse(shop, plugins, resolved).await?;
        let mut created = Created::default();
        let (databases, sizes) = self.databases(shop, plugins, &mut created)?;
        let (wiring, fresh) = self.nodes(shop, plugins, resolved, &databases, None).await?;
        // A start function can use no database, so nobody's writer waits while it runs.
        for generation in &fresh {
            generation.warm().await?;
        }
        let mut migrated = Vec::new();
        // Who needs others first: calls take their turns at the writers in this order, too.
        for generation in fresh.iter().rev() {
            let name = &generation.installation;
            let migrations = &generation.program.description.migrations;
            if let Some(database) = databases.get(name) {
                let done = migrate(name, database, migrations).await?;
                migrated.extend(done.map(|done| (name.clone(), done)));
            }
        }
        Ok(Assembled { wiring, migrated, databases: sizes, created })
    }

    /// Makes what a restart needs: as it was, without warming. A database file that is gone was taken
    /// away by the operator, to start empty: it gets its schema.
    pub async fn restore(
        &self,
        record: &Record,
        plugins: &Plugins,
        resolved: &Resolved,
    ) -> Result<Assembled, Error> {
        let mut created = Created::default();
        let (databases, sizes) = self.databases(&record.shop, plugins, &mut created)?;
        let (mut wiring, _) =
            self.nodes(&record.shop, plugins, resolved, &databases, Some(record)).await?;
        wiring.record = record.clone();
        let mut migrated = Vec::new();
        for (name, database) in &databases {
            let gone = created.0.iter().any(|path| path == database.path());
            if let Some(description) = plugins.get(name).filter(|_| gone) {
                let done = migrate(name, database, &description.migrations).await?;
                migrated.extend(done.map(|done| (name.clone(), done)));
            }
        }
        Ok(Assembled { wiring, migrated, databases: sizes, created })
    }

    fn databases(
        &self,
        shop: &StoredShop,
        plugins: &Plugins,
        created: &mut Created,
    ) -> Result<(HashMap<Name, Arc<Database>>, Sizes), Error> {
        let (mut databases, mut sizes) = (HashMap::new(), Vec::new());
        let mut open = self.databases.lock().unwrap_or_else(|e| e.into_inner());
        open.retain(|_, database| database.strong_count() > 0);
        for (name, installation) in &shop.plugins {
            let Some(description) = plugins.get(name).filter(|d| keeps_data(d)) else { continue };
            let limits = installation.limits.apply(description.manifest.limits);
            let bytes = u64::from(limits.database_mib) << 20;
            let path = data::database(self.data, &shop.name, name);
            let database = match open.get(&path).and_then(Weak::upgrade) {
                Some(database) => database,
                None => {
                    if !path.exists() {
                        created.0.push(path.clone());
                    }
                    let database = Database::open(&path, bytes).map_err(|e| failed(name, e))?;
                    open.insert(path, Arc::downgrade(&database));
                    database
                }
            };
            sizes.push((database.clone(), bytes));
            databases.insert(name.clone(), database);
        }
        Ok((databases, sizes))
    }

    /// The wiring, and the generations in it that are new. They are numbered from those that run now,
    /// or as in the record that is `restored`.
    async fn nodes(
        &self,
        shop: &StoredShop,
        plugins: &Plugins,
        resolved: &Resolved,
        databases: &HashMap<Name, Arc<Database>>,
        restored: Option<&Record>,
    ) -> Result<(Wiring, Vec<Arc<Generation>>), Error> {
        let current = self.tenant.map(Tenant::wiring);
        let mut record = Record {
            shop: shop.clone(),
            generations: BTreeMap::new(),
            previous: current.as_ref().map(|c| c.record.previous.clone()).unwrap_or_default(),
        };
        record.previous.retain(|name, _| shop.plugins.contains_key(name));
        let (mut nodes, mut fresh) = (BTreeMap::<Name, Arc<Node>>::new(), Vec::new());
        for name in &resolved.order {
            let (Some(wanted), Some(description)) = (shop.plugins.get(name), plugins.get(name))
            else {
                continue;
            };
            let was = current.as_ref().and_then(|c| c.record.shop.plugins.get(name));
            let running = current.as_ref().and_then(|c| c.nodes.get(name));
            let generation = match (was, running) {
                (Some(was), Some(node)) if same_generation(was, wanted) => node.generation.clone(),
                _ => {
                    let last = current.as_ref().and_then(|c| c.record.generations.get(name));
                    let again = restored.and_then(|r| r.generations.get(name)).copied();
                    if let Some(was) = was.filter(|was| !same_generation(was, wanted)) {
                        record.previous.insert(name.clone(), was.clone());
                    }
                    let spec = GenerationSpec {
                        tenant: shop.name.clone(),
                        installation: name.clone(),
                        number: again.unwrap_or_else(|| last.copied().unwrap_or(0) + 1),
                        program: self.library.program(&wanted.bundle).await?,
                        config: configured(wanted, description),
                        grants: wanted.grants.clone(),
                        limits: wanted.limits.apply(description.manifest.limits),
                        database: databases.get(name).cloned(),
                        log: self.log.clone(),
                    };
                    let generation = Arc::new(Generation::new(spec));
                    fresh.push(generation.clone());
                    generation
                }
            };
            record.generations.insert(name.clone(), generation.number);
            let bound = resolved.bindings.get(name).into_iter().flatten();
            let bindings = bound.filter_map(|(need, b)| Some((need.clone(), binding(b, &nodes)?)));
            let node = Node { generation, bindings: bindings.collect() };
            nodes.insert(name.clone(), Arc::new(node));
        }
        let routes = RouteTable::build(&nodes)?;
        let (shop, revision) = (shop.clone(), current.map_or(0, |c| c.revision));
        let (document, page) = Default::default();
        Ok((Wiring { revision, shop, nodes, routes, document, page, fault: None, record }, fresh))
    }
}

impl Assembled {
    /// Makes the migrations durable and hands over what is to be published, with the databases and the
    /// sizes that they may have then. From here on, only a failing control database stands between
    /// this and the publishing; a schema that was expanded for nothing serves the old generation as
    /// well.
    pub fn commit(mut self) -> Result<(Wiring, Sizes), Error> {
        for (name, migrated) in std::mem::take(&mut self.migrated) {
            migrated.commit().map_err(|e| failed(&name, e))?;
        }
        self.created.0.clear();
        Ok((self.wiring, self.databases))
    }
}

/// Makes the migrations that the database does not have yet; none when it has all, so that its writer
/// is free again at once.
async fn migrate(
    name: &Name,
    database: &Arc<Database>,
    migrations: &[Migration],
) -> Result<Option<Migrated>, Error> {
    let done = database.migrate(migrations, Instant::now() + MIGRATION_TIME).await;
    let done = done.map_err(|e| failed(name, e))?;
    Ok((done.applied() > 0).then_some(done))
}

impl Drop for Created {
    fn drop(&mut self) {
        for path in &self.0 {
            for suffix in ["", "-wal", "-shm"] {
                let mut file = path.clone().into_os_string();
                file.push(suffix);
                // What is not there need not be removed.
                let _ = std::fs::remove_file(file);
            }
        }
    }
}

/// Whether two states of an installation are the same generation: all but the bindings.
fn same_generation(a: &Installation<Digest>, b: &Installation<Digest>) -> bool {
    a.bundle == b.bundle && a.grants == b.grants && a.config == b.config && a.limits == b.limits
}

fn keeps_data(description: &Description) -> bool {
    description.manifest.host.contains(&quoin_core::manifest::HostInterface::Sql)
}

fn configured(
    installation: &Installation<Digest>,
    description: &Description,
) -> BTreeMap<String, String> {
    let defaults = description.manifest.config.iter();
    let mut config: BTreeMap<String, String> =
        defaults.filter_map(|c| Some((c.key.clone(), c.default.clone()?))).collect();
    config.extend(installation.config.clone());
    config
}

fn binding(bound: &Bound, nodes: &BTreeMap<Name, Arc<Node>>) -> Option<Binding> {
    let provider = |(name, interface): &Served| -> Option<Provider> {
        Some(Provider { node: nodes.get(name)?.clone(), interface: interface.as_str().into() })
    };
    Some(match bound {
        Bound::One(served) => Binding::One(provider(served)?),
        Bound::All { providers, deadline_ms, on_failure } => Binding::All {
            providers: providers.iter().map(provider).collect::<Option<_>>()?,
            deadline: Duration::from_millis(u64::from(*deadline_ms)),
            on_failure: *on_failure,
        },
        Bound::Keyed(providers) => {
            let one = |(key, served): (&String, &Served)| Some((key.clone(), provider(served)?));
            Binding::Keyed(providers.iter().map(one).collect::<Option<_>>()?)
        }
    })
}

fn failed(plugin: &Name, error: quoin_storage::Error) -> Error {
    Error::Database { plugin: plugin.to_string(), error }
}
