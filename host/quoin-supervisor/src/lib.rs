//! What should run, and making it so: installations, generations, wiring, swap.

mod routes;

pub use routes::{Match, RouteConflict, RouteEntry, RouteTable, Source, WebEntry, is_web};
