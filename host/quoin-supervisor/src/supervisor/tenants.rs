//! Which tenants there are, and whose turn it is to change one.

use std::sync::{Arc, PoisonError, RwLockReadGuard, RwLockWriteGuard};

use quoin_core::{Domain, Name};
use quoin_storage::{TenantSummary, blocking};
use tokio::sync::{MutexGuard, OwnedMutexGuard};

use super::Supervisor;
use crate::directory::Directory;
use crate::error::Error;
use crate::tenant::Tenant;

impl Supervisor {
    /// The tenant of this name.
    pub fn tenant(&self, name: &str) -> Option<Arc<Tenant>> {
        self.directory().named(name).cloned()
    }

    /// The tenant that answers to this host name (lower case, without port).
    pub fn tenant_of_host(&self, host: &str) -> Option<Arc<Tenant>> {
        self.directory().at(host).cloned()
    }

    /// All tenants, by name.
    pub fn tenants(&self) -> Vec<Arc<Tenant>> {
        self.directory().all().cloned().collect()
    }

    /// What a list tells of all tenants, by name: none of them is woken for it. Blocks the thread.
    ///
    /// # Errors
    /// The control database fails.
    pub fn summaries(&self) -> Result<Vec<TenantSummary>, Error> {
        self.control.summaries().map_err(|e| Error::Control(e.into()))
    }

    /// Removes a tenant: its shop, keys and domains. The databases of its plugins stay on disk.
    ///
    /// # Errors
    /// There is no such tenant, or the control database fails.
    pub async fn remove_tenant(&self, tenant: &Name) -> Result<(), Error> {
        let tenant = self.existing(tenant)?;
        let _change = self.changing(&tenant).await?;
        // Who wakes it meanwhile finds that it is gone.
        let _waking = tenant.waking.lock().await;
        blocking(|| self.control.remove_tenant(&tenant.name))?;
        self.removed.lock().unwrap_or_else(|e| e.into_inner()).extend(tenant.generations());
        self.directory_mut().remove(&tenant.name);
        self.schedule.remove(&tenant.name);
        Ok(())
    }

    /// Adds a tenant, or has one that is there answer to exactly these domains.
    pub(super) fn enter(&self, tenant: &Arc<Tenant>, domains: impl IntoIterator<Item = Domain>) {
        self.directory_mut().enter(tenant, domains);
    }

    pub(super) fn directory(&self) -> RwLockReadGuard<'_, Directory> {
        self.tenants.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn directory_mut(&self) -> RwLockWriteGuard<'_, Directory> {
        self.tenants.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The turn to change the tenant of this name, or to make it where there is none.
    pub(super) async fn turn(&self, name: &Name) -> (Option<Arc<Tenant>>, OwnedMutexGuard<()>) {
        loop {
            let Some(tenant) = self.tenant(name.as_str()) else {
                let turn = self.creating.clone().lock_owned().await;
                if self.tenant(name.as_str()).is_none() {
                    return (None, turn);
                }
                continue;
            };
            let turn = tenant.changing.clone().lock_owned().await;
            // It may have been removed while this one waited.
            if self.is_current(&tenant) {
                return (Some(tenant), turn);
            }
        }
    }

    /// The turn to change a tenant, which may have been removed by the time that it comes.
    pub(super) async fn changing<'t>(
        &self,
        tenant: &'t Arc<Tenant>,
    ) -> Result<MutexGuard<'t, ()>, Error> {
        let turn = tenant.changing.lock().await;
        if self.is_current(tenant) {
            return Ok(turn);
        }
        Err(Error::NotFound(format!(
            "the tenant {} was removed or made anew meanwhile",
            tenant.name
        )))
    }

    pub(super) fn is_current(&self, tenant: &Arc<Tenant>) -> bool {
        self.tenant(tenant.name.as_str()).is_some_and(|now| Arc::ptr_eq(&now, tenant))
    }

    pub(super) fn existing(&self, name: &Name) -> Result<Arc<Tenant>, Error> {
        self.tenant(name.as_str()).ok_or_else(|| Error::NoTenant(name.clone()))
    }
}
