//! How many there are, and whose.
//!
//! Nothing is sold twice: allocating takes no more than it has just read, in a transaction that no other
//! writes beside, and a CHECK of the schema refuses what would still slip through.

mod admin;
mod allocate;
mod allocations;
mod import;
mod jobs;
mod ledger;
mod level;
mod parts;

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package quoin:inventory-plugin;
            world plugin {
                import quoin:inventory/import-steps@0.1.0;
                export quoin:inventory/import-steps@0.1.0;
                export quoin:imports/imports@0.1.0;
                import quoin:catalog/variants@0.1.0;
                export quoin:inventory/stock@0.1.0;
                export quoin:inventory/allocations@0.1.0;
                export quoin:inventory/stock-admin@0.1.0;
            }",
        path: ["../../wit/types", "../../wit/catalog", "../../wit/inventory", "../../wit/imports"],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
        with: { "quoin:types/types@0.1.0": quoin_sdk::types },
        generate_all,
        additional_derives: [Clone, PartialEq],
    });
    use super::Inventory;
    export!(Inventory);
}

use bindings::exports::quoin::inventory::{allocations as contract, stock, stock_admin};
use contract::{Allocated, Line};
use parts::Step;
use quoin_sdk::types::{Error, ImportReport, Part};
use stock_admin::{AllocationPage, Change, Level, Location, MovementPage};

struct Inventory;

impl stock::Guest for Inventory {
    fn get_availability(variants: Vec<String>) -> Result<Vec<stock::Availability>, Error> {
        level::availability(variants)
    }
}

impl contract::Guest for Inventory {
    fn allocate(owner: String, lines: Vec<Line>) -> Result<Vec<Allocated>, Error> {
        allocate::allocate(&owner, &lines)
    }

    fn get(owner: String) -> Result<Vec<Allocated>, Error> {
        allocations::of(&owner)
    }

    fn release(owner: String, lines: Option<Vec<Part>>) -> Result<Vec<Allocated>, Error> {
        parts::take(Step::Release, &owner, lines)
    }

    fn ship(owner: String, lines: Option<Vec<Part>>) -> Result<Vec<Allocated>, Error> {
        parts::take(Step::Ship, &owner, lines)
    }

    fn restock(owner: String, lines: Option<Vec<Part>>) -> Result<Vec<Allocated>, Error> {
        parts::take(Step::Restock, &owner, lines)
    }
}

impl stock_admin::Guest for Inventory {
    fn list_locations() -> Result<Vec<Location>, Error> {
        Ok(admin::locations())
    }

    fn upsert_location(id: String, title: String) -> Result<Location, Error> {
        admin::upsert_location(id, title)
    }

    fn levels_of(variant: String) -> Result<Vec<Level>, Error> {
        Ok(level::of([variant.as_str()]))
    }

    fn adjust(changes: Vec<Change>) -> Result<Vec<Level>, Error> {
        admin::adjust(&changes)
    }

    fn set_backorder(variant: String, backorder: bool) -> Result<(), Error> {
        admin::set_backorder(&variant, backorder)
    }

    fn set_incoming(variant: String, location: String, quantity: u32) -> Result<Level, Error> {
        admin::set_incoming(&variant, &location, quantity)
    }

    fn list_movements(
        variant: Option<String>,
        cursor: Option<String>,
        limit: Option<u32>,
    ) -> Result<MovementPage, Error> {
        ledger::page(variant, cursor.as_deref(), limit)
    }

    fn list_open(cursor: Option<String>, limit: Option<u32>) -> Result<AllocationPage, Error> {
        allocations::list_open(cursor.as_deref(), limit)
    }

    fn import_csv(csv: String, dry_run: Option<bool>) -> Result<ImportReport, Error> {
        import::import(&csv, dry_run.unwrap_or(false))
    }
}
