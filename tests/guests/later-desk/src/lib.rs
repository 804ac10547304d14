//! Asks for later calls.

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package test:later-desk;
            world plugin {
                import test:later/tasks@0.1.0;
                export test:later/desk@0.1.0;
            }",
        path: ["../later-worker/wit"],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
        generate_all,
    });
    use super::Desk;
    export!(Desk);
}

use bindings::exports::test::later::desk::{End, Error, Guest, Task};
use bindings::test::later::tasks;
use quoin_sdk::host::{clock, later};
use quoin_sdk::{db, params};

struct Desk;

impl Guest for Desk {
    fn ask(asked: Vec<Task>, end: End) -> Result<(), Error> {
        let insert = "INSERT INTO later_desk_row (id) SELECT count(*) + 1 FROM later_desk_row";
        db::execute(insert, &params![]);
        for task in asked {
            if let Some(after) = task.after {
                later::at(clock::now() + after);
            }
            if let Some(key) = &task.key {
                later::key(key);
            }
            if let Some(order) = &task.order {
                later::order(order);
            }
            note(&task.text)?;
        }
        match end {
            End::Well => Ok(()),
            End::Refused => Err(Error::Refused("as it was told".into())),
            End::Trap => panic!("as it was told"),
        }
    }

    fn cancel(key: String) -> Result<bool, Error> {
        Ok(later::cancel(&key))
    }

    fn read() -> Result<(), Error> {
        note("never")
    }

    fn rows() -> Result<u64, Error> {
        let row = db::first("SELECT count(*) AS n FROM later_desk_row", &params![]);
        Ok(row.map_or(0, |row| row.integer("n").cast_unsigned()))
    }
}

fn note(text: &str) -> Result<(), Error> {
    tasks::note(text).map_err(|error| match error {
        tasks::Error::Unavailable(why) => Error::Unavailable(why),
        tasks::Error::Refused(why) => Error::Refused(why),
    })
}
