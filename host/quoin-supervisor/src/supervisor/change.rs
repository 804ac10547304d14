//! From a shop as it is wanted to one that is published, or refused with nothing changed.

use std::sync::Arc;

use quoin_core::shop::StoredShop;
use quoin_core::{Digest, Name};
use quoin_egress::Outlet;
use quoin_runtime::{Level, Log};
use quoin_storage::{ControlError, blocking};

use super::Supervisor;
use crate::assemble::Parts;
use crate::binding::{self, Plugins, Resolved};
use crate::error::Error;
use crate::plan::{self, Applied, Change, Kind, Plan};
use crate::tenant::{Tenant, Wiring};

impl Supervisor {
    /// What [`Supervisor::apply`] would change. Its checks are made as far as that is possible without
    /// changing anything: the plugins fit together, new generations start, and migrations succeed on
    /// the databases that there are (they are rolled back). What is left to fail are the migrations
    /// of databases that do not exist yet, the disk, and what others change meanwhile. As in a change,
    /// migrations hold up the writing calls of their plugin, and other changes of the shop wait.
    ///
    /// # Errors
    /// As for [`Supervisor::apply`].
    pub async fn plan(&self, shop: &StoredShop) -> Result<Plan, Error> {
        // Before the turn: what has to be compiled again would hold up other changes for minutes.
        self.library.recover(shop.plugins.values().map(|i| &i.bundle)).await?;
        // A shop that does not exist takes no turn: the creation of any other would wait for it.
        let (tenant, _turn) = match self.tenant(shop.name.as_str()) {
            Some(_) => {
                let (tenant, turn) = self.turn(&shop.name).await;
                (tenant, Some(turn))
            }
            None => (None, None),
        };
        let current = match &tenant {
            Some(tenant) => Some(self.wiring(tenant).await),
            None => None,
        };
        self.rehearse(current.as_deref(), shop).await
    }

    /// The caller has the turn to change this tenant, if it exists: a rehearsal must not have a database
    /// open that a failing change takes away. SQLite removes files by name when it closes one, and the
    /// name may be that of the next change's database by then.
    pub(super) async fn rehearse(
        &self,
        current: Option<&Wiring>,
        shop: &StoredShop,
    ) -> Result<Plan, Error> {
        self.library.recover(shop.plugins.values().map(|i| &i.bundle)).await?;
        self.check_domains(shop)?;
        self.recover_previous(current).await;
        let (plugins, resolved) = self.resolve(shop)?;
        let (log, outlet) = (self.new_log(), self.new_outlet(&shop.name));
        let parts = self.parts(current, &log, &outlet);
        let migrations = parts.rehearse(shop, &plugins, &resolved).await?;
        let mut plan = self.difference(current, shop, &plugins);
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
        let (tenant, _turn) = self.turn(&shop.name).await;
        self.change(tenant.as_ref(), shop, note).await
    }

    /// Reads the bundles again that `back` goes to: whether they kept data is to be known. One that
    /// cannot be read counts as having kept some.
    async fn recover_previous(&self, current: Option<&Wiring>) {
        let Some(wiring) = current else { return };
        for previous in wiring.record.previous.values() {
            if let Err(error) = self.library.recover(std::iter::once(&previous.bundle)).await {
                let bundle = previous.bundle.short();
                tracing::warn!(bundle, "not read again: {error}");
            }
        }
    }

    pub(super) async fn change(
        &self,
        tenant: Option<&Arc<Tenant>>,
        shop: StoredShop,
        note: &str,
    ) -> Result<Applied, Error> {
        self.check_domains(&shop)?;
        self.library.recover(shop.plugins.values().map(|i| &i.bundle)).await?;
        let current = match tenant {
            Some(tenant) => Some(self.wiring(tenant).await),
            None => None,
        };
        let current = current.as_deref();
        self.recover_previous(current).await;
        let (plugins, resolved) = self.resolve(&shop)?;
        let Plan { tenant: name, revision, mut changes } =
            self.difference(current, &shop, &plugins);
        if changes.is_empty() {
            return Ok(Applied { changes, tenant: name, revision });
        }
        let log = tenant.map_or_else(|| self.new_log(), |t| t.log.clone());
        let outlet = tenant.map_or_else(|| self.new_outlet(&name), |t| t.outlet.clone());
        let parts = self.parts(current, &log, &outlet);
        let mut assembled = parts.assemble(&shop, &plugins, &resolved).await?;
        plan::tell_migrations(&mut changes, std::mem::take(&mut assembled.migrations));
        // In this order: when the publishing is refused, the file goes after who has it open.
        let (created, mut wiring) = assembled.commit().await?;
        let record = serde_json::to_string(&wiring.record).map_err(|e| Error::host("record", e))?;
        let now = self.clock.now_ms();
        let published =
            blocking(|| self.control.publish(&name, revision, &record, &shop.domains, note, now));
        if published.is_ok() || matches!(published, Err(ControlError::Storage(_))) {
            // After a failed write nobody knows whether it is there after all.
            created.keep();
        }
        let revision = published?;
        wiring.revision = revision;
        let tenant = match tenant {
            Some(tenant) => tenant.clone(),
            None => Arc::new(Tenant::new(name.clone(), log, outlet)),
        };
        tenant.use_at(self.now());
        if tenant.publish(wiring, self.now()) {
            self.is_awake(&tenant);
        }
        self.enter(&tenant, shop.domains);
        if let Some(wiring) = tenant.awake() {
            self.tell_of_later(&tenant, &wiring);
        }
        for change in &changes {
            // A change belongs to no request.
            tenant.log.write(Level::Info, "quoin", "", &told(change));
        }
        Ok(Applied { changes, tenant: name, revision })
    }

    /// Publishing refuses the domain of another tenant, too, that took it meanwhile; here, nothing has
    /// been made yet.
    fn check_domains(&self, shop: &StoredShop) -> Result<(), Error> {
        let tenants = self.directory();
        for domain in &shop.domains {
            if let Some(other) = tenants.at(domain.as_str()).filter(|t| t.name != shop.name) {
                let (domain, tenant) = (domain.clone(), other.name.clone());
                return Err(ControlError::DomainTaken { domain, tenant }.into());
            }
        }
        Ok(())
    }

    pub(super) fn resolve(&self, shop: &StoredShop) -> Result<(Plugins, Resolved), Error> {
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

    fn difference(&self, wiring: Option<&Wiring>, shop: &StoredShop, plugins: &Plugins) -> Plan {
        let before: Option<(&StoredShop, Plugins)> = wiring.map(|w| {
            let plugin = |(n, i): (&Name, &quoin_core::shop::Installation<Digest>)| {
                Some((n.clone(), self.library.get(&i.bundle)?))
            };
            (&w.shop, w.shop.plugins.iter().filter_map(plugin).collect())
        });
        let before = before.as_ref().map(|(shop, plugins)| (*shop, plugins));
        let mut changes = plan::difference(before, shop, plugins);
        if wiring.is_some_and(|w| w.fault.is_some()) {
            let detail = "it did not run, and is brought up again".to_owned();
            let change = Change::of(Kind::Change, format!("shop {}", shop.name));
            changes.insert(0, Change { detail, ..change });
        }
        Plan { tenant: shop.name.clone(), revision: wiring.map_or(0, |w| w.revision), changes }
    }

    pub(super) fn new_log(&self) -> Arc<Log> {
        Arc::new(Log::new(self.clock.clone()))
    }

    fn new_outlet(&self, tenant: &Name) -> Arc<Outlet> {
        Arc::new(Outlet::new(&self.egress, tenant.clone()))
    }

    pub(super) fn parts<'a>(
        &'a self,
        current: Option<&'a Wiring>,
        log: &'a Arc<Log>,
        outlet: &'a Arc<Outlet>,
    ) -> Parts<'a> {
        let (data, library, databases) = (&self.data, &self.library, &self.databases);
        Parts { data, library, log, outlet, databases, current }
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
