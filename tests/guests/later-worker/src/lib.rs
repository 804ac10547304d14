//! Is called later.

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package test:later-worker;
            world plugin {
                import test:later/tasks@0.1.0;
                export test:later/tasks@0.1.0;
                export test:later/worker@0.1.0;
            }",
        path: ["wit"],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
        generate_all,
    });
    use super::Worker;
    export!(Worker);
}

use bindings::exports::test::later::tasks::{Error, Guest as Tasks};
use bindings::exports::test::later::worker::{Error as Unavailable, Guest, Progress};
use bindings::test::later::tasks as later_tasks;
use quoin_sdk::host::{call, clock, later};
use quoin_sdk::{db, params};

struct Worker;

impl Tasks for Worker {
    fn note(text: String) -> Result<(), Error> {
        let gate = db::first("SELECT open FROM later_worker_gate", &params![]);
        let shut = gate.is_some_and(|row| row.integer("open") == 0);
        if shut && text.starts_with("trap") {
            panic!("the gate is shut");
        }
        let who = call::principal();
        let who = format!("{} for {}", who.role, who.id.unwrap_or_default());
        write(&format!("{text}, by {who}"));
        match shut && text.starts_with("gated") {
            true => Err(Error::Refused("the gate is shut".into())),
            false => Ok(()),
        }
    }

    fn count_down(number: u32) -> Result<(), Error> {
        write(&number.to_string());
        match number.checked_sub(1) {
            Some(next) => {
                later::key("count-down");
                went(later_tasks::count_down(next))
            }
            None => Ok(()),
        }
    }

    fn run_away(number: u32) -> Result<(), Error> {
        write(&number.to_string());
        went(later_tasks::run_away(number + 1))
    }
}

impl Guest for Worker {
    fn notes() -> Result<Vec<String>, Unavailable> {
        let rows = db::rows("SELECT text FROM later_worker_note ORDER BY id", &params![]);
        Ok(rows.iter().map(|row| row.text("text")).collect())
    }

    fn gate(open: bool) -> Result<(), Unavailable> {
        db::execute("UPDATE later_worker_gate SET open = ?1", &params![i64::from(open)]);
        Ok(())
    }

    fn start_count_down(number: u32) -> Result<(), Unavailable> {
        later::key("count-down");
        later_tasks::count_down(number).map_err(|e| Unavailable::Unavailable(format!("{e:?}")))
    }

    fn begin(tens: u32) -> Result<Progress, Unavailable> {
        later::key("count-down");
        later_tasks::count_down(tens * 10)
            .map_err(|e| Unavailable::Unavailable(format!("{e:?}")))?;
        Self::progressed(tens, tens * 10)
    }

    fn begin_gated(tens: u32) -> Result<Progress, Unavailable> {
        later_tasks::note("gated").map_err(|e| Unavailable::Unavailable(format!("{e:?}")))?;
        Self::progressed(tens, tens * 10)
    }

    fn begin_tomorrow(tens: u32) -> Result<Progress, Unavailable> {
        later::at(clock::now() + 86_400_000);
        Self::begin(tens)
    }

    fn progressed(tens: u32, total: u32) -> Result<Progress, Unavailable> {
        assert_eq!(tens * 10, total, "what was asked and what was answered");
        let row = db::first("SELECT count(*) AS n FROM later_worker_note", &params![]);
        let noted = row.map_or(0, |row| row.integer("n"));
        Ok(Progress { total, noted: u32::try_from(noted).unwrap_or(u32::MAX) })
    }

    fn start_run_away() -> Result<(), Unavailable> {
        later_tasks::run_away(1).map_err(|e| Unavailable::Unavailable(format!("{e:?}")))
    }
}

fn write(text: &str) {
    let insert = "INSERT INTO later_worker_note (id, text)
        SELECT count(*) + 1, ?1 FROM later_worker_note";
    db::execute(insert, &params![text]);
}

fn went(outcome: Result<(), later_tasks::Error>) -> Result<(), Error> {
    outcome.map_err(|error| match error {
        later_tasks::Error::Unavailable(why) => Error::Unavailable(why),
        later_tasks::Error::Refused(why) => Error::Refused(why),
    })
}
