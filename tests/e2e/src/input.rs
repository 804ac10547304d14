//! Bad input: refused with words that help, and nothing has changed afterwards.

mod bundles;
mod json;
mod manifests;
mod requests;
mod shops;
