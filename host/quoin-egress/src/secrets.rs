//! The secrets of a shop: sealed, until one goes out.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use quoin_core::Name;
use quoin_core::manifest::HttpGrant;

use crate::key::Key;
use crate::message::Error;

/// The secrets of a shop.
pub(crate) struct Secrets {
    tenant: Name,
    key: Arc<Key>,
    sealed: RwLock<BTreeMap<Name, Sealed>>,
}

struct Sealed {
    bytes: Vec<u8>,
    set_ms: u64,
}

/// A secret as it may be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretState {
    /// What it is called.
    pub name: Name,
    /// When it was set, in milliseconds since 1970.
    pub set_ms: u64,
    /// Whether the host's key opens it: not, if it was set with another one.
    pub opens: bool,
}

impl Secrets {
    pub fn new(tenant: Name, key: Arc<Key>) -> Secrets {
        Secrets { tenant, key, sealed: RwLock::default() }
    }

    pub fn key(&self) -> &Key {
        &self.key
    }

    pub fn put(&self, name: Name, bytes: Vec<u8>, set_ms: u64) {
        self.write().insert(name, Sealed { bytes, set_ms });
    }

    pub fn remove(&self, name: &Name) {
        self.write().remove(name);
    }

    /// All of them, by name.
    pub fn states(&self) -> Vec<SecretState> {
        let state = |(name, sealed): (&Name, &Sealed)| SecretState {
            name: name.clone(),
            set_ms: sealed.set_ms,
            opens: self.key.unseal(&self.tenant, name, &sealed.bytes).is_some(),
        };
        self.read().iter().map(state).collect()
    }

    /// Those that a grant names and that can be opened, with what they are.
    pub fn granted(&self, grant: &HttpGrant) -> Vec<(Name, Vec<u8>)> {
        let sealed = self.read();
        let opened = |name: &Name| {
            let secret = self.key.unseal(&self.tenant, name, &sealed.get(name)?.bytes)?;
            Some((name.clone(), secret))
        };
        grant.secrets.iter().filter_map(opened).collect()
    }

    /// One that the shop's file names itself.
    ///
    /// # Errors
    /// It is not set, or not with the key that the host has.
    pub fn named(&self, name: &Name) -> Result<Vec<u8>, String> {
        let sealed = self.read();
        let Some(secret) = sealed.get(name) else { return Err(self.unset(name)) };
        self.key.unseal(&self.tenant, name, &secret.bytes).ok_or_else(|| self.unreadable(name))
    }

    fn unset(&self, name: &Name) -> String {
        let tenant = &self.tenant;
        format!(
            "the secret {name} is not set; `quoin secret set {tenant} {name}` reads it from standard \
             input"
        )
    }

    fn unreadable(&self, name: &Name) -> String {
        let tenant = &self.tenant;
        format!(
            "the secret {name} was set with another key than the host has now; set it again with `quoin \
             secret set {tenant} {name}`"
        )
    }

    /// Why a secret that a request names is not among [`Secrets::granted`].
    pub fn lacking(&self, grant: &HttpGrant, name: &str) -> Error {
        Error::Secret(match name.parse::<Name>() {
            Err(_) => {
                "a secret's name is 1 to 40 characters a-z, 0-9 and -: what stands in {{ }} is \
                       none; where {{ belongs to a body, send it without secrets in the body"
                    .into()
            }
            Ok(name) if !grant.secrets.contains(&name) => format!(
                "the plugin has no grant for the secret {name}; if it may have it, write secrets = \
                 [\"{name}\"] into its http table in the shop file, and apply it"
            ),
            Ok(name) if !self.read().contains_key(&name) => self.unset(&name),
            Ok(name) => self.unreadable(&name),
        })
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<Name, Sealed>> {
        self.sealed.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<Name, Sealed>> {
        self.sealed.write().unwrap_or_else(PoisonError::into_inner)
    }
}
