//! The admin API as a client sees it, on a host without plugins.

mod door;
mod given;
mod tenants;
