//! Bad input: refused with words that help, and nothing has changed afterwards.

mod bundles;
#[cfg(target_os = "linux")]
mod compiling;
mod json;
mod manifests;
mod names;
mod requests;
mod shops;
