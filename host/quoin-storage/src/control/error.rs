//! Why a change of the control database was refused.

use quoin_core::limits::{DOMAINS_MAX, KEYS_MAX, SECRETS_MAX};
use quoin_core::{Domain, Name};

use crate::Error;

/// Why a change was refused; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Somebody else published in between.
    #[error(
        "the shop is at revision {current}, not {expected}: look at what changed and try again"
    )]
    Conflict {
        /// What the change was based on.
        expected: u64,
        /// What is current; 0 when the tenant does not exist.
        current: u64,
    },
    /// Another tenant answers to this domain.
    #[error("the domain {domain} belongs to the tenant {tenant}: remove it there first")]
    DomainTaken {
        /// The domain.
        domain: Domain,
        /// Who has it.
        tenant: Name,
    },
    /// There is no such tenant.
    #[error("there is no tenant {0}")]
    NoTenant(Name),
    /// The tenant has a key of this id already.
    #[error("there is a key {0} already: choose another id")]
    KeyExists(String),
    /// The tenant has as many keys as it may have.
    #[error("a tenant has at most {KEYS_MAX} keys: remove one first")]
    TooManyKeys,
    /// The tenant has as many secrets as it may have.
    #[error("a tenant has at most {SECRETS_MAX} secrets: remove one first")]
    TooManySecrets,
    /// The tenant wants more domains than it may have.
    #[error("a tenant has at most {DOMAINS_MAX} domains")]
    TooManyDomains,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] Error),
}
