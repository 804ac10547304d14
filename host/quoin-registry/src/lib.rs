//! Bundles: what a plugin's file is, whether it is sound, and where bundles are kept.
//!
//! Everything here reads a bundle without compiling or running it.

pub mod bundle;
mod component;
mod error;
mod function;
pub mod inspect;
mod route;
mod sections;
mod signature;
pub mod store;
mod verify;

pub use bundle::{describe, pack};
pub use error::BundleError;
pub use store::{BundleStore, StoreError};
