//! The tables of imports.

use std::collections::BTreeMap;

use crate::db::{self, Row};
use crate::types::{ImportJob, ImportState, RowFault};
use crate::{batch, params};

/// Imports that are kept.
const KEPT: u32 = 20;
/// Keys that are looked for with one statement.
const KEYS_EACH: usize = 64;
/// Keys of an import that has ended that are forgotten at once.
const FORGOTTEN_AT_ONCE: u32 = 2_000;

/// The tables of a plugin.
pub struct Store {
    name: &'static str,
}

/// A row of imports.
pub struct Job {
    pub id: String,
    pub file: String,
    pub into: Option<String>,
    pub dry_run: bool,
    pub state: ImportState,
    pub bytes: u64,
    pub header: String,
    /// The byte at which the next row begins.
    pub place: u64,
    /// The line in which it does.
    pub line: u64,
    pub rows: u64,
    pub at_once: u64,
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub fault_count: u64,
    pub started_at: u64,
    pub pass_at: u64,
    pub changed_at: u64,
    pub ended_at: Option<u64>,
}

impl Store {
    pub fn of<I: super::Importer>() -> Store {
        Store { name: I::TABLES }
    }

    pub fn find(&self, id: &str) -> Option<Job> {
        db::first(&format!("SELECT * FROM {}_import WHERE id = ?1", self.name), &params![id])
            .map(|row| job(&row))
    }

    pub fn all(&self) -> Vec<Job> {
        let all = format!("SELECT * FROM {}_import ORDER BY number DESC LIMIT {KEPT}", self.name);
        db::rows(&all, &params![]).iter().map(job).collect()
    }

    pub fn insert(&self, job: &Job) {
        let insert = format!(
            "INSERT INTO {name}_import (id, number, file, target, dry_run, state, bytes, header, place, line,
                rows_read, rows_at_once, created, updated, unchanged, fault_count, started_at, pass_at,
                changed_at)
             SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, ?10, 0, 0, 0, 0,
                ?11, ?11, ?11 FROM {name}_import",
            name = self.name
        );
        let values = params![
            &job.id,
            &job.file,
            job.into.clone(),
            job.dry_run,
            word(job.state),
            job.bytes,
            &job.header,
            job.place,
            job.line,
            job.at_once,
            job.started_at,
        ];
        db::execute(&insert, &values);
    }

    pub fn update(&self, job: &Job) {
        let update = format!(
            "UPDATE {}_import SET state = ?2, header = ?3, place = ?4, line = ?5, rows_read = ?6,
                rows_at_once = ?7, created = ?8, updated = ?9, unchanged = ?10, fault_count = ?11,
                pass_at = ?12, changed_at = ?13, ended_at = ?14 WHERE id = ?1",
            self.name
        );
        let values = params![
            &job.id,
            word(job.state),
            &job.header,
            job.place,
            job.line,
            job.rows,
            job.at_once,
            job.created,
            job.updated,
            job.unchanged,
            job.fault_count,
            job.pass_at,
            job.changed_at,
            job.ended_at,
        ];
        db::execute(&update, &values);
    }

    /// Whether an import that goes on, other than this one, is of this file.
    pub fn uses(&self, file: &str, other_than: &str) -> bool {
        let running = self.all().into_iter().filter(|job| job.ended_at.is_none());
        running.filter(|job| job.id != other_than).any(|job| job.file == file)
    }

    /// Forgets imports that have ended, beyond the last ones.
    pub fn forget_old(&self) {
        let old = format!(
            "SELECT id FROM {}_import WHERE ended_at IS NOT NULL ORDER BY number DESC
             LIMIT {KEPT} OFFSET {}",
            self.name,
            KEPT - 1
        );
        for row in db::rows(&old, &params![]) {
            let id = row.text("id");
            for table in ["import_fault WHERE import", "import WHERE id"] {
                db::execute(&format!("DELETE FROM {}_{table} = ?1", self.name), &params![&id]);
            }
        }
    }

    /// Enters keys; returns the lines of those that were there before, with where they were.
    pub fn enter_keys(&self, id: &str, keys: Vec<(String, u64)>) -> BTreeMap<u64, u64> {
        let mut known: BTreeMap<String, u64> = BTreeMap::new();
        let find = format!(
            "SELECT key, line FROM {}_import_key WHERE import = ?1 AND key IN ({{keys}})",
            self.name
        );
        let texts: Vec<&str> = keys.iter().map(|(key, _)| key.as_str()).collect();
        let looks = batch::keyed(&find, &texts, KEYS_EACH, &params![id]);
        for row in looks.chunks(16).flat_map(db::batch).flatten() {
            known.insert(row.text("key"), row.number("line"));
        }
        let (mut twice, mut new) = (BTreeMap::new(), Vec::new());
        for (key, line) in keys {
            match known.get(&key) {
                Some(earlier) => drop(twice.insert(line, *earlier)),
                None => {
                    new.extend(params![id, &key, line]);
                    known.insert(key, line);
                }
            }
        }
        let head = format!("INSERT INTO {}_import_key (import, key, line) VALUES", self.name);
        batch::insert_many(&head, 3, &new, "");
        twice
    }

    /// Forgets some keys of an import; returns whether there may be more.
    pub fn forget_keys(&self, id: &str) -> bool {
        let forget = format!(
            "DELETE FROM {name}_import_key WHERE import = ?1 AND key IN (
                SELECT key FROM {name}_import_key WHERE import = ?1 ORDER BY key LIMIT {FORGOTTEN_AT_ONCE})",
            name = self.name
        );
        db::execute(&forget, &params![id]) > 0
    }

    pub fn add_faults(&self, id: &str, faults: impl Iterator<Item = (u64, String)>) {
        let values: Vec<_> =
            faults.flat_map(|(line, problem)| params![id, line, problem]).collect();
        let head = format!("INSERT INTO {}_import_fault (import, line, problem) VALUES", self.name);
        batch::insert_many(&head, 3, &values, "ON CONFLICT (import, line) DO NOTHING");
    }

    /// An import as its contract shows it.
    pub fn shown(&self, job: Job) -> ImportJob {
        let faults = format!(
            "SELECT line, problem FROM {}_import_fault WHERE import = ?1 ORDER BY line",
            self.name
        );
        let faults = match job.fault_count {
            0 => Vec::new(),
            _ => db::rows(&faults, &params![&job.id]),
        };
        let fault = |row: &Row| RowFault { line: row.number("line"), problem: row.text("problem") };
        let faults = faults.iter().map(fault).collect();
        let passes = if job.dry_run { 1 } else { 2 };
        let passed = u64::from(job.state == ImportState::Running);
        let done = passed * job.bytes + job.place;
        let percent = match job.ended_at {
            Some(_) => 100,
            None => (done * 100 / (passes * job.bytes).max(1)).min(99),
        };
        let took = job.changed_at.saturating_sub(job.pass_at);
        let running = job.ended_at.is_none() && took > 0 && job.place > 0;
        let left = (passes * job.bytes).saturating_sub(done);
        ImportJob {
            id: job.id,
            file: job.file,
            into: job.into,
            dry_run: job.dry_run,
            state: job.state,
            percent: u32::try_from(percent).unwrap_or(100),
            rows: job.rows,
            rows_per_second: (job.rows * 1_000).checked_div(took).unwrap_or(0),
            time_left: running.then(|| left.saturating_mul(took) / job.place),
            created: job.created,
            updated: job.updated,
            unchanged: job.unchanged,
            faults,
            fault_count: job.fault_count,
            started_at: job.started_at,
            ended_at: job.ended_at,
        }
    }
}

fn job(row: &Row) -> Job {
    Job {
        id: row.text("id"),
        file: row.text("file"),
        into: row.optional_text("target"),
        dry_run: row.boolean("dry_run"),
        state: state(&row.text("state")),
        bytes: row.number("bytes"),
        header: row.text("header"),
        place: row.number("place"),
        line: row.number("line"),
        rows: row.number("rows_read"),
        at_once: row.number("rows_at_once"),
        created: row.number("created"),
        updated: row.number("updated"),
        unchanged: row.number("unchanged"),
        fault_count: row.number("fault_count"),
        started_at: row.number("started_at"),
        pass_at: row.number("pass_at"),
        changed_at: row.number("changed_at"),
        ended_at: row.optional_integer("ended_at").map(i64::cast_unsigned),
    }
}

fn word(state: ImportState) -> &'static str {
    match state {
        ImportState::Checking => "checking",
        ImportState::Running => "running",
        ImportState::Done => "done",
        ImportState::Refused => "refused",
        ImportState::Cancelled => "cancelled",
    }
}

fn state(word: &str) -> ImportState {
    match word {
        "checking" => ImportState::Checking,
        "running" => ImportState::Running,
        "refused" => ImportState::Refused,
        "cancelled" => ImportState::Cancelled,
        _ => ImportState::Done,
    }
}
