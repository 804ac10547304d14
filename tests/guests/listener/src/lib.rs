//! Hears of later calls, and fails when it is told to.

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package test:listener-plugin;
            world plugin {
                export test:listener/listener@0.1.0;
                export quoin:plugin/feed@0.1.0;
            }",
        path: ["../../../wit/types", "../../../wit/plugin", "wit"],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
        generate_all,
    });
    use super::Listener;
    export!(Listener);
}

use bindings::exports::quoin::plugin::feed;
use bindings::exports::test::listener::listener::{Error, Event, Failing, Guest};
use quoin_sdk::{db, params};

struct Listener;

impl feed::Guest for Listener {
    fn hear(event: feed::Event) -> Result<(), feed::Error> {
        let insert = "INSERT INTO listener_event (place, id, kind, version, occurred_at, params, trace, behalf)
            SELECT coalesce(max(e.place), 0) + 1, CAST(?1 AS TEXT), CAST(?2 AS TEXT), CAST(?3 AS TEXT),
                CAST(?4 AS BIGINT), CAST(?5 AS TEXT), CAST(?6 AS TEXT), CAST(?7 AS TEXT)
            FROM listener_event AS e";
        let feed::Event { id, kind, version, occurred_at, params, trace, behalf } = event;
        db::execute(insert, &params![id, kind, version, occurred_at, params, trace, behalf]);
        match db::first("SELECT failing FROM listener_ear", &params![])
            .map(|row| row.integer("failing"))
        {
            Some(1) => Err(feed::Error::Conflict("it does not listen".into())),
            Some(2) => panic!("it does not listen"),
            _ => Ok(()),
        }
    }
}

impl Guest for Listener {
    fn heard() -> Result<Vec<Event>, Error> {
        let rows = db::rows("SELECT * FROM listener_event ORDER BY place", &params![]);
        let event = |row: &db::Row| Event {
            id: row.text("id"),
            kind: row.text("kind"),
            version: row.text("version"),
            occurred_at: row.number("occurred_at"),
            params: row.text("params"),
            trace: row.text("trace"),
            behalf: row.text("behalf"),
        };
        Ok(rows.iter().map(event).collect())
    }

    fn deaf(failing: Failing) -> Result<(), Error> {
        let failing = match failing {
            Failing::Not => 0,
            Failing::Refusing => 1,
            Failing::Trapping => 2,
        };
        db::execute("UPDATE listener_ear SET failing = ?1", &params![failing]);
        Ok(())
    }
}
