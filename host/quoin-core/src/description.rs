//! What a bundle is, read from its bytes.

use serde::{Deserialize, Serialize};

use crate::{Digest, Interface, Manifest};

/// Everything that the host knows of a bundle before it runs: the manifest, and what the component
/// itself says it imports and exports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// The SHA-256 of the bundle.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// What its author states.
    pub manifest: Manifest,
    /// The interfaces that it imports, by name: host interfaces, WASI, and needed interfaces.
    pub imports: Vec<Interface>,
    /// The interfaces that it exports, by name.
    pub exports: Vec<Interface>,
    /// Its migrations in order.
    pub migrations: Vec<Migration>,
}

impl Description {
    /// The exported interface of exactly this name.
    pub fn export(&self, interface: &str) -> Option<&Interface> {
        self.exports.iter().find(|i| i.name == interface)
    }

    /// The imported interface of exactly this name.
    pub fn import(&self, interface: &str) -> Option<&Interface> {
        self.imports.iter().find(|i| i.name == interface)
    }
}

/// A numbered step of a plugin's schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migration {
    /// Its number: 1, 2, 3 … without gaps.
    pub number: u32,
    /// Its file name, e.g. `0001_create_thing.sql`.
    pub name: String,
    /// One or more SQL statements.
    pub sql: String,
}
