//! From a shop as it is wanted to nodes that are ready to run it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use quoin_core::Name;
use quoin_core::manifest::HostInterface;
use quoin_core::shop::{Installation, StoredShop};
use quoin_core::{Description, Digest};
use quoin_egress::Outlet;
use quoin_runtime::{
    Binding, Feed, Generation, Installed, Log, MailOut, Node, Provider, Subscriber, WayOut,
};
use quoin_storage::{Database, Migrated, blocking};

use crate::binding::{Bound, Plugins, Resolved, Served, reaches_database, uses_database};
use crate::databases::{Created, Databases, Migrations, last, migrate};
use crate::error::Error;
use crate::feed::feeds;
use crate::library::Library;
use crate::routes::RouteTable;
use crate::tenant::{Record, Wiring};

/// A shop that is ready to be published, its migrations made but not yet durable.
pub(crate) struct Assembled {
    wiring: Wiring,
    migrated: Option<Migrated>,
    /// What the migrations are.
    pub migrations: Migrations,
    created: Created,
}

/// What a shop is assembled from.
pub(crate) struct Parts<'a> {
    pub data: &'a Path,
    pub library: &'a Library,
    pub log: &'a Arc<Log>,
    pub outlet: &'a Arc<Outlet>,
    pub databases: &'a Databases,
    /// The wiring that the tenant has, if it exists.
    pub current: Option<&'a Wiring>,
}

impl Parts<'_> {
    /// All that [`Parts::assemble`] does, with nothing kept of it. A database that does not exist yet
    /// is not made, so the migrations are told and not tried.
    pub async fn rehearse(
        &self,
        shop: &StoredShop,
        plugins: &Plugins,
        resolved: &Resolved,
    ) -> Result<Migrations, Error> {
        let fresh = self.start(shop, plugins, resolved).await?;
        let database = match use_database(plugins) {
            true => {
                let known = self.with_data();
                blocking(|| self.databases.open(self.data, &shop.name, &known, None))?
            }
            false => None,
        };
        match database {
            // Dropped at once, and with it what it did.
            Some(database) => Ok(migrate(&database, &fresh).await?.1),
            None => {
                let all = |generation: &Arc<Generation>| {
                    let migrations = &generation.program.description.migrations;
                    let names = last(migrations, migrations.len());
                    (generation.installed.name.clone(), names)
                };
                Ok(fresh.iter().map(all).filter(|(_, names)| !names.is_empty()).collect())
            }
        }
    }

    /// Makes everything that the shop needs: new generations warmed, databases opened, migrations made
    /// but not yet durable.
    pub async fn assemble(
        &self,
        shop: &StoredShop,
        plugins: &Plugins,
        resolved: &Resolved,
    ) -> Result<Assembled, Error> {
        // Held, so that its programs need not be loaded again.
        let _started = self.start(shop, plugins, resolved).await?;
        let mut created = Created::default();
        let database = match use_database(plugins) {
            true => {
                let known = self.with_data();
                blocking(|| self.databases.open(self.data, &shop.name, &known, Some(&mut created)))?
            }
            false => None,
        };
        let (wiring, fresh) = self.nodes(shop, plugins, resolved, database.as_ref(), None).await?;
        let (migrated, migrations) = migrate_in(database.as_ref(), &fresh).await?;
        Ok(Assembled { wiring, migrated, migrations, created })
    }

    /// Makes what a restart needs: as it was, without warming. What a database lacks of its schema it
    /// gets: where the operator has put an empty file, to start without data, that is all of it. The
    /// size of a file does not tell, because opening it writes to it already.
    pub async fn restore(
        &self,
        record: &Record,
        plugins: &Plugins,
        resolved: &Resolved,
    ) -> Result<Assembled, Error> {
        let shop = &record.shop;
        let keepers = plugins.iter().filter(|(_, description)| uses_database(description));
        let known: BTreeSet<Name> = keepers.map(|(name, _)| name.clone()).collect();
        let database = match known.is_empty() {
            true => None,
            false => blocking(|| self.databases.open(self.data, &shop.name, &known, None))?,
        };
        let (mut wiring, fresh) =
            self.nodes(shop, plugins, resolved, database.as_ref(), Some(record)).await?;
        wiring.record = record.clone();
        let (migrated, migrations) = migrate_in(database.as_ref(), &fresh).await?;
        Ok(Assembled { wiring, migrated, migrations, created: Created::default() })
    }

    /// The way out of an installation that may send requests to other systems.
    fn out(&self, wanted: &Installation<Digest>) -> Option<WayOut> {
        let granted = wanted.grants.contains(&HostInterface::Http);
        granted.then(|| WayOut { grant: wanted.http.clone(), outlet: self.outlet.clone() })
    }

    /// Where mail of an installation goes out that may send some.
    fn mail(&self, wanted: &Installation<Digest>) -> Option<MailOut> {
        let granted = wanted.grants.contains(&HostInterface::Mail);
        granted.then(|| MailOut { relay: wanted.mail.clone(), outlet: self.outlet.clone() })
    }

    /// The installations that have tables: they keep data, or kept some before their last change.
    /// Of a bundle that the host has lost, nobody knows that it kept none.
    fn with_data(&self) -> BTreeSet<Name> {
        let Some(wiring) = self.current else { return BTreeSet::new() };
        let record = &wiring.record;
        let all = record.shop.plugins.iter().chain(&record.previous);
        let kept =
            all.filter(|(_, i)| self.library.get(&i.bundle).is_none_or(|d| uses_database(&d)));
        kept.map(|(name, _)| name.clone()).collect()
    }

    /// Routes, programs and new generations, warmed: all that can fail without a database having been
    /// touched. A start function can use none, so nobody's writer waits while it runs.
    async fn start(
        &self,
        shop: &StoredShop,
        plugins: &Plugins,
        resolved: &Resolved,
    ) -> Result<Vec<Arc<Generation>>, Error> {
        let (_, fresh) = self.nodes(shop, plugins, resolved, None, None).await?;
        for generation in &fresh {
            generation.warm().await?;
        }
        Ok(fresh)
    }

    /// The wiring, and the generations in it that are new. They are numbered from those that run now,
    /// or as in the record that is `restored`.
    async fn nodes(
        &self,
        shop: &StoredShop,
        plugins: &Plugins,
        resolved: &Resolved,
        database: Option<&Arc<Database>>,
        restored: Option<&Record>,
    ) -> Result<(Wiring, Vec<Arc<Generation>>), Error> {
        let current = self.current;
        let mut record = Record {
            shop: shop.clone(),
            generations: BTreeMap::new(),
            previous: current.map(|c| c.record.previous.clone()).unwrap_or_default(),
        };
        record.previous.retain(|name, _| shop.plugins.contains_key(name));
        let feeds = feeds(shop);
        let (mut nodes, mut fresh) = (BTreeMap::<Name, Arc<Node>>::new(), Vec::new());
        for name in &resolved.order {
            let (Some(wanted), Some(description)) = (shop.plugins.get(name), plugins.get(name))
            else {
                continue;
            };
            let was = current.and_then(|c| c.record.shop.plugins.get(name));
            let running = current.and_then(|c| c.nodes.get(name));
            let generation = match (was, running) {
                (Some(was), Some(node)) if same_generation(was, wanted) => node.generation.clone(),
                _ => {
                    let last = current.and_then(|c| c.record.generations.get(name));
                    let again = restored.and_then(|r| r.generations.get(name)).copied();
                    if let Some(was) = was.filter(|was| !same_generation(was, wanted)) {
                        record.previous.insert(name.clone(), was.clone());
                    }
                    let program = self.library.program(&wanted.bundle).await?;
                    let installed = Installed {
                        tenant: shop.name.clone(),
                        name: name.clone(),
                        number: again.unwrap_or_else(|| last.copied().unwrap_or(0) + 1),
                        config: configured(wanted, description),
                        grants: wanted.grants.clone(),
                        limits: wanted.limits.apply(description.manifest.limits),
                        database: database.filter(|_| reaches_database(description)).cloned(),
                        log: self.log.clone(),
                        out: self.out(wanted),
                        mail: self.mail(wanted),
                    };
                    let generation = Arc::new(Generation::new(installed, program));
                    fresh.push(generation.clone());
                    generation
                }
            };
            record.generations.insert(name.clone(), generation.installed.number);
            let bound = resolved.bindings.get(name).into_iter().flatten();
            let bindings = bound.filter_map(|(need, bound)| {
                Some((need.clone(), binding(bound, &nodes, (database, &feeds))?))
            });
            let node = Node { generation, bindings: bindings.collect() };
            nodes.insert(name.clone(), Arc::new(node));
        }
        let routes = RouteTable::build(&nodes)?;
        let (shop, revision) = (shop.clone(), current.map_or(0, |c| c.revision));
        let (document, page, answers) = Default::default();
        let fault = None;
        let database = database.cloned();
        let wiring = Wiring {
            revision,
            shop,
            nodes,
            database,
            routes,
            document,
            page,
            answers,
            fault,
            record,
        };
        Ok((wiring, fresh))
    }
}

impl Assembled {
    /// Makes the migrations durable and hands over what is to be published. From here on, only the
    /// control database stands between this and the publishing; a schema that was expanded for nothing
    /// serves the old generation as well, and a file that was made for nothing goes with [`Created`].
    pub async fn commit(self) -> Result<(Created, Wiring), Error> {
        if let Some(migrated) = self.migrated {
            migrated.commit().await.map_err(Error::Database)?;
        }
        Ok((self.created, self.wiring))
    }
}

async fn migrate_in(
    database: Option<&Arc<Database>>,
    generations: &[Arc<Generation>],
) -> Result<(Option<Migrated>, Migrations), Error> {
    match database {
        Some(database) => migrate(database, generations).await,
        None => Ok((None, Migrations::new())),
    }
}

/// Whether any of these plugins needs the shop's database.
fn use_database(plugins: &Plugins) -> bool {
    plugins.values().any(|description| uses_database(description))
}

/// Whether two states of an installation are the same generation: all but the bindings.
fn same_generation(a: &Installation<Digest>, b: &Installation<Digest>) -> bool {
    let grants = a.grants == b.grants && a.http == b.http && a.mail == b.mail;
    a.bundle == b.bundle && grants && a.config == b.config && a.limits == b.limits
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

fn binding(
    bound: &Bound,
    nodes: &BTreeMap<Name, Arc<Node>>,
    (database, feeds): (Option<&Arc<Database>>, &[Feed]),
) -> Option<Binding> {
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
        Bound::Later(subscribers) => Binding::Later {
            database: database.cloned(),
            feeds: feeds.to_vec(),
            subscribers: subscribers
                .iter()
                .map(|(plugin, interface)| Subscriber {
                    plugin: plugin.clone(),
                    interface: interface.as_str().into(),
                })
                .collect(),
        },
    })
}

#[cfg(test)]
mod tests;
