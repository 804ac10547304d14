//! Keeps files of the shop.

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package test:keeper-plugin;
            world plugin {
                export test:keeper/keeper@0.1.0;
            }",
        path: ["wit"],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
        generate_all,
    });
    use super::Keeper;
    export!(Keeper);
}

use bindings::exports::test::keeper::keeper::{Error, File, Guest};
use quoin_sdk::host::{files, sql};

struct Keeper;

impl Guest for Keeper {
    fn keep(id: String, public: bool, fails: Option<bool>) -> Result<File, Error> {
        // It keeps data of its own besides.
        drop(sql::query("SELECT 1", &[]));
        let kept = files::keep(&id, public).map(shown).map_err(told);
        assert_ne!(fails, Some(true), "as it was told");
        kept
    }

    fn let_go(id: String) -> Result<(), Error> {
        files::let_go(&id);
        Ok(())
    }

    fn look(id: String) -> Result<Option<File>, Error> {
        Ok(files::find(&id).map(shown))
    }

    fn read(id: String, offset: u64, length: u32) -> Result<String, Error> {
        let bytes = files::read(&id, offset, length).map_err(told)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn shown(file: files::File) -> File {
    File { id: file.id, bytes: file.bytes, media_type: file.media_type }
}

fn told(error: files::Error) -> Error {
    match error {
        files::Error::NotFound => Error::NotFound,
        files::Error::TooLarge(why) => Error::TooLarge(why),
    }
}
