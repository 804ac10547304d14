//! Requests to real shops: the host's own process, its gateway, plugins and databases on disk.

mod beside;
mod checkouts;
mod density;
mod host;
mod load;
mod native;
mod pinned;
mod products;
mod profile;
mod quotes;
mod size;
mod synced;

pub use beside::beside;
pub use checkouts::checkouts;
pub use density::density;
pub use host::Shops;
pub use pinned::pinned;
pub use products::products;
pub use profile::profile;
pub use quotes::quotes;
pub use size::size;
pub use synced::synced;
