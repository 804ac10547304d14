//! How many there are, and whose.
//!
//! Overselling is impossible by construction: goods are reserved by updates that change nothing where
//! there is not enough (`reserve`), and the schema refuses what would still slip through.

mod admin;
mod check;
mod expiry;
mod import;
mod ledger;
mod level;
mod reservation;
mod reserve;

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package quoin:inventory-plugin;
            world plugin {
                export quoin:inventory/stock@0.1.0;
                export quoin:inventory/stock-admin@0.1.0;
            }",
        path: ["../../wit/types", "../../wit/inventory"],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
        with: { "quoin:types/types@0.1.0": quoin_sdk::types },
        additional_derives: [Clone, PartialEq],
    });
    use super::Inventory;
    export!(Inventory);
}

use bindings::exports::quoin::inventory::{stock, stock_admin};
use quoin_sdk::host::clock;
use quoin_sdk::types::{Error as AdminError, ImportReport};

struct Inventory;

impl stock::Guest for Inventory {
    fn get_availability(
        skus: Vec<String>,
        owner: Option<String>,
    ) -> Result<Vec<stock::Availability>, stock::Error> {
        check::skus(&skus).map_err(stock::Error::Invalid)?;
        Ok(level::availability(skus, owner.as_deref(), clock::now()))
    }

    fn reserve(
        owner: String,
        lines: Vec<stock::Line>,
        seconds: u32,
    ) -> Result<stock::Reservation, stock::Error> {
        let wanted = check::reserve(&owner, &lines, seconds).map_err(stock::Error::Invalid)?;
        reserve::reserve(&owner, &wanted, seconds, clock::now())
    }

    fn extend(owner: String, seconds: u32) -> Result<stock::Reservation, stock::Error> {
        check::seconds(seconds).map_err(stock::Error::Invalid)?;
        reserve::extend(&owner, seconds, clock::now())
    }

    fn commit(owner: String) -> Result<stock::Reservation, stock::Error> {
        reserve::commit(&owner, clock::now())
    }

    fn release(owner: String) -> Result<(), stock::Error> {
        reserve::release(&owner);
        Ok(())
    }

    fn get_reservation(owner: String) -> Result<stock::Reservation, stock::Error> {
        reservation::find(&owner).map(|r| r.told(clock::now())).ok_or_else(|| reserve::none(&owner))
    }
}

impl stock_admin::Guest for Inventory {
    fn list_locations() -> Result<Vec<stock_admin::Location>, AdminError> {
        Ok(admin::locations())
    }

    fn upsert_location(id: String, title: String) -> Result<stock_admin::Location, AdminError> {
        admin::upsert_location(id, title)
    }

    fn levels_of(sku: String) -> Result<Vec<stock_admin::Level>, AdminError> {
        Ok(level::of(&[sku], clock::now()).into_iter().map(level::Level::told).collect())
    }

    fn adjust(changes: Vec<stock_admin::Change>) -> Result<Vec<stock_admin::Level>, AdminError> {
        admin::adjust(changes, clock::now())
    }

    fn set_backorder(sku: String, backorder: bool) -> Result<(), AdminError> {
        admin::set_backorder(&sku, backorder)
    }

    fn set_incoming(
        sku: String,
        location: String,
        quantity: u32,
    ) -> Result<stock_admin::Level, AdminError> {
        admin::set_incoming(sku, location, quantity, clock::now())
    }

    fn list_movements(
        sku: Option<String>,
        cursor: Option<String>,
        limit: Option<u32>,
    ) -> Result<stock_admin::MovementPage, AdminError> {
        ledger::page(sku.as_deref(), cursor.as_deref(), limit)
    }

    fn count_held() -> Result<u32, AdminError> {
        Ok(reservation::count_held(clock::now()))
    }

    fn import_csv(csv: String, dry_run: Option<bool>) -> Result<ImportReport, AdminError> {
        import::import(&csv, dry_run.unwrap_or(false), clock::now())
    }
}
