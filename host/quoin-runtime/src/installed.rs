//! What a running version of an installation may do, and within which limits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use quoin_core::Name;
use quoin_core::limits::Limits;
use quoin_core::manifest::{HostInterface, HttpGrant, Relay};
use quoin_egress::Outlet;
use quoin_storage::Database;

use crate::log::Log;

/// An installation as one generation runs it: everything but the program.
pub struct Installed {
    /// The tenant.
    pub tenant: Name,
    /// The installation.
    pub name: Name,
    /// The number of the generation, growing with each of the installation's.
    pub number: u64,
    /// The configuration, defaults included.
    pub config: BTreeMap<String, String>,
    /// The host interfaces that it may use.
    pub grants: BTreeSet<HostInterface>,
    /// Its limits.
    pub limits: Limits,
    /// The shop's database, if the plugin keeps data.
    pub database: Option<Arc<Database>>,
    /// The tenant's log.
    pub log: Arc<Log>,
    /// Where requests to other systems go out; none where it may send none.
    pub out: Option<WayOut>,
    /// Where its mail goes out; none where it may send none.
    pub mail: Option<MailOut>,
}

/// How requests of an installation leave the shop.
pub struct WayOut {
    /// What they may name.
    pub grant: HttpGrant,
    /// The tenant's way out.
    pub outlet: Arc<Outlet>,
}

/// How mail of an installation leaves the shop.
pub struct MailOut {
    /// The relay that it goes through, if the shop names one.
    pub relay: Option<Relay>,
    /// The tenant's way out.
    pub outlet: Arc<Outlet>,
}

impl Installed {
    /// The time that a call has.
    pub(crate) fn deadline(&self) -> Duration {
        Duration::from_millis(u64::from(self.limits.deadline_ms))
    }

    /// Bytes that its tables may take.
    pub(crate) fn max_bytes(&self) -> u64 {
        u64::from(self.limits.database_mib) << 20
    }
}
