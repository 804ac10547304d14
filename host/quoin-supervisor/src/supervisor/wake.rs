//! Shops that sleep are woken by who asks for them.

use std::sync::Arc;

use quoin_runtime::Log;
use quoin_storage::blocking;

use super::Supervisor;
use crate::error::Error;
use crate::tenant::{Record, Tenant, Wiring};

impl Supervisor {
    /// The wiring of a tenant, which is woken if it sleeps: once, however many ask for it meanwhile.
    /// Where the shop does not come up, the wiring says why.
    pub async fn wiring(&self, tenant: &Arc<Tenant>) -> Arc<Wiring> {
        tenant.use_at(self.now());
        match tenant.awake() {
            Some(wiring) => wiring,
            None => Box::pin(self.wake(tenant)).await,
        }
    }

    async fn wake(&self, tenant: &Arc<Tenant>) -> Arc<Wiring> {
        let turn = tenant.waking.clone().lock_owned().await;
        if let Some(wiring) = tenant.awake() {
            return wiring;
        }
        // In a task of its own: what has begun is not begun anew for each client that gives up.
        let (woken, name) = (tenant.clone(), tenant.name.clone());
        let task = self.me.upgrade().map(|supervisor| {
            tokio::spawn(async move {
                let wiring = supervisor.bring_up(&woken).await;
                drop(turn);
                if supervisor.too_many_are_awake() {
                    tokio::task::spawn_blocking(move || supervisor.let_sleep());
                }
                wiring
            })
        });
        let woken = match task {
            Some(task) => task.await.ok(),
            None => None,
        };
        woken.unwrap_or_else(|| {
            let fault = "the host failed while it brought the shop up".to_owned();
            Arc::new(Wiring::faulty(0, Record::unknown(name), fault))
        })
    }

    /// Brings a tenant up as the control database has it. The caller has the turn to wake it.
    async fn bring_up(&self, tenant: &Arc<Tenant>) -> Arc<Wiring> {
        let (mut revision, mut record) = (0, Record::unknown(tenant.name.clone()));
        let wiring = self.restored(tenant, &mut revision, &mut record).await;
        let wiring = wiring.unwrap_or_else(|error| {
            let name = tenant.name.as_str();
            tracing::error!(tenant = name, "the shop does not come up: {error}");
            Wiring::faulty(revision, record, error.to_string())
        });
        if tenant.publish(wiring, self.now()) {
            self.is_awake(tenant);
        }
        // Nobody lets it sleep while it is being woken.
        let awake = tenant.awake();
        if let Some(wiring) = &awake {
            self.tell_of_later(tenant, wiring);
        }
        awake.unwrap_or_else(|| {
            let fault = "the shop sleeps again: ask once more".to_owned();
            Arc::new(Wiring::faulty(0, Record::unknown(tenant.name.clone()), fault))
        })
    }

    /// What the control database has, as it runs. `revision` and `record` are told as far as they are
    /// known.
    async fn restored(
        &self,
        tenant: &Arc<Tenant>,
        revision: &mut u64,
        record: &mut Record,
    ) -> Result<Wiring, Error> {
        if !self.is_current(tenant) {
            return Err(Error::NoTenant(tenant.name.clone()));
        }
        let row = blocking(|| self.control.tenant(&tenant.name));
        let row = row.map_err(|e| Error::Control(e.into()))?;
        let row = row.ok_or_else(|| Error::NoTenant(tenant.name.clone()))?;
        *revision = row.revision;
        record.shop.domains = row.domains;
        *record = serde_json::from_str(&row.document)
            .map_err(|e| Error::host("the shop's record in the control database", e))?;
        let log: &Arc<Log> = &tenant.log;
        for installation in record.shop.plugins.values() {
            // Reads the description, and compiles again after an update of the host.
            self.library.program(&installation.bundle).await?;
        }
        // Compiling may take minutes, and is over.
        let _turn = self.wakes.acquire().await.map_err(|e| Error::host("wakes", e))?;
        let (plugins, resolved) = self.resolve(&record.shop)?;
        let assembled =
            self.parts(None, log, &tenant.outlet).restore(record, &plugins, &resolved).await?;
        let (created, mut wiring) = assembled.commit().await?;
        created.keep();
        wiring.revision = row.revision;
        Ok(wiring)
    }
}
