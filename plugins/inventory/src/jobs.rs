//! Imports of whole files.

use quoin_sdk::import::{self, Importer};
use quoin_sdk::sheet::Sheet;
use quoin_sdk::types::{Error, ImportJob, ImportReport};

use crate::Inventory as Plugin;
use crate::bindings::exports::quoin::imports::imports;
use crate::bindings::exports::quoin::inventory::import_steps;
use crate::bindings::quoin::inventory::import_steps as next;

struct Import;

impl Importer for Import {
    const TABLES: &'static str = "inventory";

    fn check(into: Option<&str>) -> Result<(), Error> {
        match into {
            None => Ok(()),
            Some(_) => Err(Error::Invalid(vec![quoin_sdk::fault("into", "must be left out")])),
        }
    }

    fn keys(sheet: &Sheet) -> Vec<(String, u32)> {
        import::keyed(sheet, "sku", "location")
    }

    fn import(csv: &str, _: Option<&str>, dry_run: bool) -> Result<ImportReport, Error> {
        crate::import::import(csv, dry_run)
    }

    fn ask(id: &str) -> Result<(), Error> {
        next::step(id)
    }
}

impl imports::Guest for Plugin {
    fn start(
        file: String,
        into: Option<String>,
        dry_run: Option<bool>,
    ) -> Result<ImportJob, Error> {
        import::start::<Import>(&file, into, dry_run.unwrap_or(false))
    }

    fn get(id: String) -> Result<ImportJob, Error> {
        import::get::<Import>(&id)
    }

    fn list_jobs() -> Result<Vec<ImportJob>, Error> {
        Ok(import::list::<Import>())
    }

    fn cancel(id: String) -> Result<ImportJob, Error> {
        import::cancel::<Import>(&id)
    }
}

impl import_steps::Guest for Plugin {
    fn step(id: String) -> Result<(), Error> {
        import::step::<Import>(&id)
    }
}
