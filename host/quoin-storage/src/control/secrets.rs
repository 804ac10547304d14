//! The secrets of tenants, sealed: what opens them is kept elsewhere.

use quoin_core::Name;
use quoin_core::limits::SECRETS_MAX;

use super::tenants::current;
use super::{Control, ControlError, parsed, signed, unsigned};
use crate::Error;

/// A secret of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRow {
    /// Whose it is.
    pub tenant: Name,
    /// What plugins call it; unique in its tenant.
    pub name: Name,
    /// What it is, encrypted.
    pub sealed: Vec<u8>,
    /// When it was set, in milliseconds since 1970.
    pub set_ms: u64,
}

impl Control {
    /// Sets a secret of a tenant, in place of the one that it may have had by this name.
    ///
    /// # Errors
    /// There is no such tenant, or it has as many secrets as it may have.
    pub fn set_secret(&self, secret: &SecretRow) -> Result<(), ControlError> {
        let (tenant, name) = (secret.tenant.as_str(), secret.name.as_str());
        self.change(|tx| {
            if current(tx, &secret.tenant)?.is_none() {
                return Err(ControlError::NoTenant(secret.tenant.clone()).into());
            }
            let others = "SELECT count(*) FROM secret WHERE tenant = ?1 AND name <> ?2";
            let others: i64 = tx.query_row(others, [tenant, name], |row| row.get(0))?;
            if unsigned(others) >= SECRETS_MAX as u64 {
                return Err(ControlError::TooManySecrets.into());
            }
            tx.execute(
                "INSERT INTO secret (tenant, name, sealed, set_ms) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (tenant, name)
                 DO UPDATE SET sealed = excluded.sealed, set_ms = excluded.set_ms",
                (tenant, name, &secret.sealed, signed(secret.set_ms)),
            )?;
            Ok(())
        })
    }

    /// The secrets of all tenants, by tenant and name.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn all_secrets(&self) -> Result<Vec<SecretRow>, Error> {
        self.read(|sqlite| {
            let mut query = sqlite.prepare_cached(
                "SELECT tenant, name, sealed, set_ms FROM secret ORDER BY tenant, name",
            )?;
            let secrets = query.query_map([], |row| {
                Ok(SecretRow {
                    tenant: parsed(row, 0)?,
                    name: parsed(row, 1)?,
                    sealed: row.get(2)?,
                    set_ms: unsigned(row.get(3)?),
                })
            })?;
            secrets.collect()
        })
    }

    /// Removes a secret; `false` when the tenant has none of this name.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn remove_secret(&self, tenant: &Name, name: &Name) -> Result<bool, ControlError> {
        let removed = "DELETE FROM secret WHERE tenant = ?1 AND name = ?2";
        self.change(|tx| Ok(tx.execute(removed, (tenant.as_str(), name.as_str()))? == 1))
    }
}
