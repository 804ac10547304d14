//! Which tenants there are, by name and by the domains that they answer to.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use quoin_core::{Domain, Name};

use crate::tenant::Tenant;

/// All tenants of a host.
#[derive(Default)]
pub(crate) struct Directory {
    by_name: BTreeMap<Name, Arc<Tenant>>,
    by_domain: HashMap<Domain, Arc<Tenant>>,
}

impl Directory {
    /// The tenant of this name.
    pub fn named(&self, name: &str) -> Option<&Arc<Tenant>> {
        self.by_name.get(name)
    }

    /// The tenant that answers to this domain.
    pub fn at(&self, domain: &str) -> Option<&Arc<Tenant>> {
        self.by_domain.get(domain)
    }

    /// All tenants, by name.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Tenant>> {
        self.by_name.values()
    }

    /// Adds a tenant, or has one that is there answer to exactly these domains.
    pub fn enter(&mut self, tenant: &Arc<Tenant>, domains: impl IntoIterator<Item = Domain>) {
        // A new one, as all are when the host starts, has no domains yet.
        if self.by_name.insert(tenant.name.clone(), tenant.clone()).is_some() {
            self.by_domain.retain(|_, other| other.name != tenant.name);
        }
        self.by_domain.extend(domains.into_iter().map(|domain| (domain, tenant.clone())));
    }

    /// Lets a tenant that is there answer to a domain, too.
    pub fn answers(&mut self, name: &Name, domain: Domain) {
        if let Some(tenant) = self.by_name.get(name) {
            self.by_domain.insert(domain, tenant.clone());
        }
    }

    /// Removes a tenant with its domains.
    pub fn remove(&mut self, name: &Name) {
        self.by_name.remove(name);
        self.by_domain.retain(|_, tenant| tenant.name != *name);
    }
}
