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

/// What is told of a tenant in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantSummary {
    /// Its name.
    pub name: Name,
    /// The number of its current revision.
    pub revision: u64,
    /// What it answers to.
    pub domains: BTreeSet<Domain>,
    /// How many plugins it has.
    pub plugins: u64,
}

impl Control {
    /// The names of all tenants, sorted.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn names(&self) -> Result<Vec<Name>, Error> {
        self.read(|sqlite| {
            let mut names = sqlite.prepare_cached("SELECT name FROM tenant ORDER BY name")?;
            names.query_map([], |row| parsed(row, 0))?.collect()
        })
    }

    /// All domains and whose they are.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn domains(&self) -> Result<Vec<(Domain, Name)>, Error> {
        self.read(|sqlite| {
            let mut domains = sqlite.prepare_cached("SELECT name, tenant FROM domain")?;
            let domains = domains.query_map([], |row| Ok((parsed(row, 0)?, parsed(row, 1)?)))?;
            domains.collect()
        })
    }

    /// A tenant as it is now, if there is one of this name.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn tenant(&self, name: &Name) -> Result<Option<TenantRow>, Error> {
        self.read(|sqlite| {
            let domains = domains_of(sqlite, name)?;
            let mut tenant = sqlite.prepare_cached(
                "SELECT t.created_ms, r.number, r.document FROM tenant t
                 JOIN revision r ON r.tenant = t.name AND r.number = t.revision WHERE t.name = ?1",
            )?;
            let row = tenant.query_row([name.as_str()], |row| {
                let (created_ms, revision) = (unsigned(row.get(0)?), unsigned(row.get(1)?));
                let (name, document) = (name.clone(), row.get(2)?);
                Ok(TenantRow { name, created_ms, revision, document, domains })
            });
            row.optional()
        })
    }

    /// What a list tells of all tenants, by name.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn summaries(&self) -> Result<Vec<TenantSummary>, Error> {
        self.read(|sqlite| {
            let mut tenants = sqlite.prepare_cached(
                "SELECT t.name, t.revision, CASE WHEN json_valid(r.document) THEN
                     (SELECT count(*) FROM json_each(r.document, '$.shop.plugins')) ELSE 0 END
                 FROM tenant t
                 JOIN revision r ON r.tenant = t.name AND r.number = t.revision ORDER BY t.name",
            )?;
            let tenants = tenants.query_map([], |row| {
                let name: Name = parsed(row, 0)?;
                let domains = domains_of(sqlite, &name)?;
                let (revision, plugins) = (unsigned(row.get(1)?), unsigned(row.get(2)?));
                Ok(TenantSummary { name, revision, domains, plugins })
            })?;
            tenants.collect()
        })
    }

    /// When a host that starts looks after later calls of which tenants, in milliseconds since 1970.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn later(&self) -> Result<Vec<(Name, u64)>, Error> {
        self.read(|sqlite| {
            let all = "SELECT name, later_ms FROM tenant WHERE later_ms IS NOT NULL";
            let mut all = sqlite.prepare_cached(all)?;
            all.query_map([], |row| Ok((parsed(row, 0)?, unsigned(row.get(1)?))))?.collect()
        })
    }

    /// Notes when a host that starts looks after a tenant's later calls: 0 is at once, none is never.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn set_later(&self, tenant: &Name, later_ms: Option<u64>) -> Result<(), Error> {
        let later_ms = later_ms.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX));
        let set = "UPDATE tenant SET later_ms = ?2 WHERE name = ?1";
        let done = self.change(|tx| Ok(tx.execute(set, (tenant.as_str(), later_ms)).map(drop)?));
        done.map_err(|error| match error {
            ControlError::Storage(error) => error,
            other => Error::Sqlite { path: Default::default(), message: other.to_string() },
        })
    }

    /// Forgets a tenant with its revisions, domains, keys and secrets; `false` when there is none. Its
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

fn domains_of(sqlite: &rusqlite::Connection, tenant: &Name) -> rusqlite::Result<BTreeSet<Domain>> {
    let mut domains = sqlite.prepare_cached("SELECT name FROM domain WHERE tenant = ?1")?;
    domains.query_map([tenant.as_str()], |row| parsed(row, 0))?.collect()
}
