//! The API keys of tenants. The host stores what a key hashes to, never the key.

use quoin_core::limits::KEYS_MAX;
use quoin_core::{Digest, Name};

use super::tenants::current;
use super::{Control, ControlError, parsed, signed, unsigned};
use crate::Error;

/// An API key of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// Whose it is.
    pub tenant: Name,
    /// What it is called in lists and logs; unique in its tenant.
    pub id: String,
    /// What the key hashes to.
    pub hash: Digest,
    /// What its owner says it is for.
    pub label: String,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: u64,
}

impl Control {
    /// Adds a key to a tenant.
    ///
    /// # Errors
    /// There is no such tenant, it has a key of this id, or it has as many keys as it may have.
    pub fn add_key(
        &self,
        tenant: &Name,
        id: &str,
        hash: &Digest,
        label: &str,
        now_ms: u64,
    ) -> Result<(), ControlError> {
        let name = tenant.as_str();
        self.change(|tx| {
            if current(tx, tenant)?.is_none() {
                return Err(ControlError::NoTenant(tenant.clone()).into());
            }
            let count = "SELECT count(*) FROM api_key WHERE tenant = ?1";
            let count: i64 = tx.query_row(count, [name], |row| row.get(0))?;
            if unsigned(count) >= KEYS_MAX as u64 {
                return Err(ControlError::TooManyKeys.into());
            }
            let added = tx.execute(
                "INSERT INTO api_key (tenant, id, hash, label, created_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
                (name, id, hash.as_str(), label, signed(now_ms)),
            )?;
            match added {
                1 => Ok(()),
                _ => Err(ControlError::KeyExists(id.to_owned()).into()),
            }
        })
    }

    /// The keys of one tenant, the oldest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn keys(&self, tenant: &Name) -> Result<Vec<KeyRow>, Error> {
        let mut keys = self.all_keys()?;
        keys.retain(|key| key.tenant == *tenant);
        Ok(keys)
    }

    /// The keys of all tenants, by tenant, the oldest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn all_keys(&self) -> Result<Vec<KeyRow>, Error> {
        self.read(|sqlite| {
            let mut query = sqlite.prepare_cached(
                "SELECT tenant, id, hash, label, created_ms FROM api_key
                 ORDER BY tenant, created_ms, id",
            )?;
            let keys = query.query_map([], |row| {
                Ok(KeyRow {
                    tenant: parsed(row, 0)?,
                    id: row.get(1)?,
                    hash: parsed(row, 2)?,
                    label: row.get(3)?,
                    created_ms: unsigned(row.get(4)?),
                })
            })?;
            keys.collect()
        })
    }

    /// Removes a key; `false` when the tenant has none of this id.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn remove_key(&self, tenant: &Name, id: &str) -> Result<bool, ControlError> {
        let removed = "DELETE FROM api_key WHERE tenant = ?1 AND id = ?2";
        self.change(|tx| Ok(tx.execute(removed, (tenant.as_str(), id))? == 1))
    }
}
