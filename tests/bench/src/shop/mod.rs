//! Requests to real shops: the host's own process, its gateway, plugins and databases on disk.

mod beside;
mod checkouts;
mod density;
mod host;
mod load;
mod native;
mod products;
mod size;
mod synced;

pub use beside::beside;
pub use checkouts::checkouts;
pub use density::density;
pub use host::Shops;
pub use products::products;
pub use size::size;
pub use synced::synced;
