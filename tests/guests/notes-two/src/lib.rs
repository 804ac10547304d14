//! Keeps notes on a larger schema, on which the smaller one still works.

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package test:notes-two-plugin;
            world plugin {
                export test:notes/notes@0.1.0;
            }",
        path: ["../notes/wit"],
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
        2
    }

    fn write(text: String) -> Result<u64, Error> {
        let sql = "INSERT INTO notes_note (id, text, size)
            SELECT coalesce(max(id), 0) + 1, ?1, length(?1) FROM notes_note";
        Ok(db::execute(sql, &params![text]))
    }

    fn texts() -> Result<Vec<String>, Error> {
        let rows = db::rows("SELECT text, size FROM notes_note ORDER BY id", &[]);
        Ok(rows
            .iter()
            .map(|row| format!("{} ({})", row.text("text"), row.integer("size")))
            .collect())
    }
}
