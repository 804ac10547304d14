//! Bundles good and bad: every way in which a file can fail to be one has its own test.

mod disagreement;
mod edges;
mod file;
mod given;
mod inspect;
mod migrations;
mod routes;
mod store;
mod types;
