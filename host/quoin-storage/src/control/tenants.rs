//! Tenants and the domains that they answer to.

use std::collections::BTreeSet;

use quoin_core::{Domain, Name};
use rusqlite::OptionalExtension as _;

use super::{Control, ControlError, parsed, unsigned};
use crate::Error;

/// A tenant as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantRow {
    /// Its name.
    pub name: Name,
    /// When it was created, in milliseconds since 1970.
    pub created_ms: u64,
    /// The number of its current revision.
    pub revision: u64,
    /// The shop as wired, as JSON.
    pub document: String,
    /// What it answers to.
    pub domains: BTreeSet<Domain>,
}

impl Control {
    /// All tenants, by name.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn tenants(&self) -> Result<Vec<TenantRow>, Error> {
        self.read(|sqlite| {
            let mut domains = sqlite.prepare_cached("SELECT name FROM domain WHERE tenant = ?1")?;
            let mut tenants = sqlite.prepare_cached(
                "SELECT t.name, t.created_ms, r.number, r.document FROM tenant t
                 JOIN revision r ON r.tenant = t.name AND r.number = t.revision ORDER BY t.name",
            )?;
            let tenants = tenants.query_map([], |row| {
                let name: Name = parsed(row, 0)?;
                let domains = domains.query_map([name.as_str()], |row| parsed(row, 0))?;
                let domains = domains.collect::<rusqlite::Result<_>>()?;
                let (created_ms, revision) = (unsigned(row.get(1)?), unsigned(row.get(2)?));
                Ok(TenantRow { name, created_ms, revision, document: row.get(3)?, domains })
            })?;
            tenants.collect()
        })
    }

    /// Forgets a tenant with its revisions, domains and keys; `false` when there is none. Its
    /// plugins' databases are not touched.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn remove_tenant(&self, tenant: &Name) -> Result<bool, ControlError> {
        self.change(|tx| {
            Ok(tx.execute("DELETE FROM tenant WHERE name = ?1", [tenant.as_str()])? == 1)
        })
    }
}

/// The number of the tenant's current revision.
pub(super) fn current(
    sqlite: &rusqlite::Connection,
    tenant: &Name,
) -> rusqlite::Result<Option<u64>> {
    let mut query = sqlite.prepare_cached("SELECT revision FROM tenant WHERE name = ?1")?;
    query.query_row([tenant.as_str()], |row| row.get(0).map(unsigned)).optional()
}
