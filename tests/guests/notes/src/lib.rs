//! Keeps notes.

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package test:notes-plugin;
            world plugin {
                export test:notes/notes@0.1.0;
            }",
        path: ["wit"],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
    });
    use super::Notes;
    export!(Notes);
}

use bindings::exports::test::notes::notes::{Error, Guest};
use quoin_sdk::{db, params};

struct Notes;

impl Guest for Notes {
    fn version() -> u32 {
        1
    }

    fn write(text: String) -> Result<u64, Error> {
        Ok(db::execute(
            "INSERT INTO notes_note (id, text) SELECT coalesce(max(id), 0) + 1, ?1 FROM notes_note",
            &params![text],
        ))
    }

    fn texts() -> Result<Vec<String>, Error> {
        let rows = db::rows("SELECT text FROM notes_note ORDER BY id", &[]);
        Ok(rows.iter().map(|row| row.text("text")).collect())
    }
}
