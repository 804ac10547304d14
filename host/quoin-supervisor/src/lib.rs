//! What should run, and making it so: installations, generations, wiring, swap.

mod alone;
mod answers;
mod assemble;
mod binding;
mod bundle_change;
mod data;
mod databases;
mod directory;
mod error;
mod feed;
mod library;
mod lookup;
mod overlap;
mod plan;
mod routes;
mod schedule;
mod shadow;
mod supervisor;
mod tenant;

pub use alone::{Alone, Turns};
pub use answers::{Answers, Found, Keeping, Kept, Key, Place, Returned, Shelf};
pub use bundle_change::{BundleChange, BundleVersion, Difference, Permission, RouteOf};
pub use error::Error;
pub use plan::{Applied, Change, Kind, Plan, Unheard};
pub use quoin_egress::{Exchange, SecretState};
pub use quoin_storage::{File, KeyRow, RevisionRow, TenantSummary};
pub use routes::{Match, RouteConflict, RouteEntry, RouteTable, Source, Wait, WebEntry, is_web};
pub use shadow::Shadow;
pub use supervisor::{NewKey, Options, Receiving, Supervisor};
pub use tenant::{Tenant, Wiring};
