//! The API keys of tenants.

use std::collections::HashMap;

use quoin_core::{Digest, Name};
use quoin_storage::KeyRow;

use super::Supervisor;
use crate::error::Error;

/// A new API key.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// What it is called.
    pub id: String,
    /// What its holder sends. It is shown once and kept nowhere.
    pub secret: String,
}

impl Supervisor {
    /// Makes an API key for a tenant.
    ///
    /// # Errors
    /// There is no such tenant, it has too many keys, or the control database fails.
    pub fn add_key(&self, tenant: &Name, label: &str) -> Result<NewKey, Error> {
        let tenant = self.existing(tenant)?;
        let random = |e| Error::host("no randomness for a key", e);
        let id = quoin_core::ids::random_hex::<4>().map_err(random)?;
        let secret = quoin_core::ids::random_hex::<24>().map_err(random)?;
        let secret = format!("qk_{id}_{secret}");
        let hash = Digest::of(secret.as_bytes());
        self.control.add_key(&tenant.name, &id, &hash, label, self.clock.now_ms())?;
        tenant.keys.rcu(|keys| {
            let mut keys = HashMap::clone(keys);
            keys.insert(id.clone(), hash.clone());
            keys
        });
        Ok(NewKey { id, secret })
    }

    /// The API keys of a tenant: ids, labels, hashes.
    ///
    /// # Errors
    /// There is no such tenant, or the control database fails.
    pub fn keys(&self, tenant: &Name) -> Result<Vec<KeyRow>, Error> {
        let tenant = self.existing(tenant)?;
        self.control.keys(&tenant.name).map_err(|e| Error::Control(e.into()))
    }

    /// Removes an API key; `false` when there is none of this id.
    ///
    /// # Errors
    /// There is no such tenant, or the control database fails.
    pub fn remove_key(&self, tenant: &Name, id: &str) -> Result<bool, Error> {
        let tenant = self.existing(tenant)?;
        let removed = self.control.remove_key(&tenant.name, id)?;
        tenant.keys.rcu(|keys| {
            let mut keys = HashMap::clone(keys);
            keys.remove(id);
            keys
        });
        Ok(removed)
    }
}
