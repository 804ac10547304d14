//! What a tenant is and was made of.

use std::collections::BTreeSet;

use quoin_core::limits::DOMAINS_MAX;
use quoin_core::{Domain, Name};
use rusqlite::{OptionalExtension as _, Transaction};

use super::tenants::current;
use super::{Control, ControlError, Failure, parsed, signed, unsigned};
use crate::Error;

/// Revisions kept for each tenant: enough to undo and to see what happened, for months.
const REVISIONS_KEPT: u64 = 100;

/// A tenant as it was published once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionRow {
    /// Its number: 1, 2, 3 …
    pub number: u64,
    /// When it was published, in milliseconds since 1970.
    pub created_ms: u64,
    /// What it was for.
    pub note: String,
    /// The shop as wired, as JSON.
    pub document: String,
}

impl Control {
    /// Publishes `document` as the tenant's next revision, makes it current, and has the tenant
    /// answer to exactly `domains`. Creates the tenant when `expected` is 0. Returns the number of
    /// the new revision.
    ///
    /// # Errors
    /// [`ControlError::Conflict`] when `expected` is not the current revision,
    /// [`ControlError::DomainTaken`] when another tenant has one of the domains.
    pub fn publish(
        &self,
        tenant: &Name,
        expected: u64,
        document: &str,
        domains: &BTreeSet<Domain>,
        note: &str,
        now_ms: u64,
    ) -> Result<u64, ControlError> {
        if domains.len() > DOMAINS_MAX {
            return Err(ControlError::TooManyDomains);
        }
        let (name, now) = (tenant.as_str(), signed(now_ms));
        self.change(|tx| {
            let current = current(tx, tenant)?.unwrap_or(0);
            if current != expected {
                return Err(ControlError::Conflict { expected, current }.into());
            }
            let next = current + 1;
            let number = signed(next);
            tx.execute(
                "INSERT INTO tenant (name, created_ms, revision) VALUES (?1, ?2, ?3)
                 ON CONFLICT (name) DO UPDATE SET revision = excluded.revision",
                (name, now, number),
            )?;
            tx.execute(
                "INSERT INTO revision (tenant, number, created_ms, note, document)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                (name, number, now, note, document),
            )?;
            let oldest = signed(next.saturating_sub(REVISIONS_KEPT));
            tx.execute("DELETE FROM revision WHERE tenant = ?1 AND number <= ?2", (name, oldest))?;
            replace_domains(tx, tenant, domains)?;
            Ok(next)
        })
    }

    /// The newest `limit` revisions of a tenant, the newest first; none when there is no such tenant.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn revisions(&self, tenant: &Name, limit: usize) -> Result<Vec<RevisionRow>, Error> {
        let limit = signed(limit as u64);
        self.read(|sqlite| {
            let mut query = sqlite.prepare_cached(
                "SELECT number, created_ms, note, document FROM revision
                 WHERE tenant = ?1 ORDER BY number DESC LIMIT ?2",
            )?;
            let revisions = query.query_map((tenant.as_str(), limit), |row| {
                Ok(RevisionRow {
                    number: unsigned(row.get(0)?),
                    created_ms: unsigned(row.get(1)?),
                    note: row.get(2)?,
                    document: row.get(3)?,
                })
            })?;
            revisions.collect()
        })
    }
}

fn replace_domains(
    tx: &Transaction<'_>,
    tenant: &Name,
    domains: &BTreeSet<Domain>,
) -> Result<(), Failure> {
    tx.execute("DELETE FROM domain WHERE tenant = ?1", [tenant.as_str()])?;
    let mut owner = tx.prepare_cached("SELECT tenant FROM domain WHERE name = ?1")?;
    let mut insert = tx.prepare_cached("INSERT INTO domain (name, tenant) VALUES (?1, ?2)")?;
    for domain in domains {
        let taken = owner.query_row([domain.as_str()], |row| parsed(row, 0)).optional()?;
        if let Some(tenant) = taken {
            return Err(ControlError::DomainTaken { domain: domain.clone(), tenant }.into());
        }
        insert.execute((domain.as_str(), tenant.as_str()))?;
    }
    Ok(())
}
