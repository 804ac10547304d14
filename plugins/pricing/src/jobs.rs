//! Imports of whole files.

use quoin_sdk::import::{self, Importer};
use quoin_sdk::sheet::Sheet;
use quoin_sdk::types::{Error, ImportJob, ImportReport};

use crate::exports::quoin::imports::imports;
use crate::exports::quoin::pricing::import_steps;
use crate::quoin::pricing::import_steps as next;
use crate::{Plugin, lists};

struct Import;

impl Importer for Import {
    const TABLES: &'static str = "pricing";

    fn check(into: Option<&str>) -> Result<(), Error> {
        match into {
            Some(list) if lists::by_id(list).is_none() => {
                Err(Error::NotFound("there is no such price list".into()))
            }
            _ => Ok(()),
        }
    }

    fn keys(sheet: &Sheet) -> Vec<(String, u32)> {
        import::keyed(sheet, "sku", "min_quantity")
    }

    fn import(csv: &str, into: Option<&str>, dry_run: bool) -> Result<ImportReport, Error> {
        crate::import::import(csv, into.map(str::to_owned), dry_run)
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
