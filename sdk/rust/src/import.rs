//! Imports of whole files, as jobs that go on by themselves: a few rows in each request, so that others have
//! their turns at the shop's writer between them.
//!
//! A plugin implements [`Importer`], has the tables that its own migrations make (`0002_imports.sql` of the
//! first-party plugins), exports `quoin:imports/imports`, and an interface with `step` that it needs itself,
//! bound `later`.

mod piece;
mod store;

use std::collections::BTreeMap;

use crate::host::{call, clock, files, later};
use crate::sheet::{Row, Sheet};
use crate::types::{Error, ImportJob, ImportReport, ImportState};
use crate::{fault, id};

use piece::{Piece, Taken};
use store::{Job, Store};

/// Bytes of the file that a step reads: many times what it imports.
const PIECE_BYTES: u32 = 512 << 10;
/// Milliseconds that a step has the shop's writer, about.
const STEP_MS: u64 = 20;
/// Rows of a first step; the next ones have as many as fit into its time.
const FIRST_ROWS: u64 = 50;
/// Rows of a step.
const ROWS_MIN: u64 = 10;
const ROWS_MAX: u64 = 2_000;
/// Faults that are kept of an import.
const FAULTS_MAX: u64 = 100;

/// What a plugin imports.
pub trait Importer {
    /// The plugin's name, as its tables begin: `catalog`.
    const TABLES: &'static str;
    /// The column whose equal cells make rows one thing, which is imported as a whole.
    const GROUP: Option<&'static str> = None;

    /// Whether it can go into this.
    ///
    /// # Errors
    /// It cannot.
    fn check(into: Option<&str>) -> Result<(), Error>;

    /// What of these rows may be in a file once, with the lines.
    fn keys(sheet: &Sheet) -> Vec<(String, u32)>;

    /// Imports some rows below their header, or only looks at them.
    ///
    /// # Errors
    /// As `import-csv`.
    fn import(csv: &str, into: Option<&str>, dry_run: bool) -> Result<ImportReport, Error>;

    /// Asks for the next step, later.
    ///
    /// # Errors
    /// The host's.
    fn ask(id: &str) -> Result<(), Error>;
}

/// The keys of rows that two columns tell apart, the second of which may be left out.
pub fn keyed(sheet: &Sheet, first: &str, second: &str) -> Vec<(String, u32)> {
    let Some(first) = sheet.column(first) else { return Vec::new() };
    let second = sheet.column(second);
    let cell = |row: &Row| second.map_or("", |column| row.cell(column)).to_owned();
    sheet.rows.iter().map(|row| (format!("{}\n{}", row.cell(first), cell(row)), row.line)).collect()
}

/// Starts an import.
///
/// # Errors
/// There is no such file, or it cannot go into this.
pub fn start<I: Importer>(
    file: &str,
    into: Option<String>,
    dry_run: bool,
) -> Result<ImportJob, Error> {
    I::check(into.as_deref())?;
    let kept = files::keep(file, false).map_err(|_| {
        Error::NotFound("the shop has no such file: upload it first, with POST /files".into())
    })?;
    if kept.bytes == 0 {
        return Err(Error::Invalid(vec![fault("file", "is empty")]));
    }
    let (store, now) = (Store::of::<I>(), clock::now());
    store.forget_old();
    let job = Job {
        id: id::random("import"),
        file: kept.id,
        into,
        dry_run,
        state: ImportState::Checking,
        bytes: kept.bytes,
        header: String::new(),
        place: 0,
        line: 1,
        rows: 0,
        at_once: FIRST_ROWS,
        created: 0,
        updated: 0,
        unchanged: 0,
        fault_count: 0,
        started_at: now,
        pass_at: now,
        changed_at: now,
        ended_at: None,
    };
    store.insert(&job);
    ask::<I>(&job.id)?;
    Ok(store.shown(job))
}

/// An import.
///
/// # Errors
/// There is none with this id.
pub fn get<I: Importer>(id: &str) -> Result<ImportJob, Error> {
    let store = Store::of::<I>();
    store.find(id).map(|job| store.shown(job)).ok_or_else(none)
}

/// The last imports, newest first.
pub fn list<I: Importer>() -> Vec<ImportJob> {
    let store = Store::of::<I>();
    store.all().into_iter().map(|job| store.shown(job)).collect()
}

/// Stops an import.
///
/// # Errors
/// There is none with this id.
pub fn cancel<I: Importer>(id: &str) -> Result<ImportJob, Error> {
    let store = Store::of::<I>();
    let mut job = store.find(id).ok_or_else(none)?;
    if job.ended_at.is_none() {
        end(&store, &mut job, ImportState::Cancelled);
        store.update(&job);
        ask::<I>(&job.id)?;
    }
    Ok(store.shown(job))
}

/// A step of an import: some rows, and then it asks for the next one.
///
/// # Errors
/// What the rows are imported with is not available: the step is tried again.
pub fn step<I: Importer>(id: &str) -> Result<(), Error> {
    let store = Store::of::<I>();
    let Some(mut job) = store.find(id) else { return Ok(()) };
    // From here on the request has the writer.
    let begun = call::remaining();
    if job.ended_at.is_some() {
        return if store.forget_keys(id) { ask::<I>(id) } else { Ok(()) };
    }
    let rows = advance::<I>(&store, &mut job)?;
    let took = begun.saturating_sub(call::remaining()).max(1);
    if rows > 0 {
        let fitting = (rows * STEP_MS / took).min(job.at_once * 2);
        job.at_once = fitting.clamp(ROWS_MIN, ROWS_MAX);
    }
    job.changed_at = clock::now();
    store.update(&job);
    ask::<I>(id)
}

fn ask<I: Importer>(id: &str) -> Result<(), Error> {
    later::key(id);
    // One import of a plugin at a time.
    later::order("import");
    I::ask(id)
}

fn none() -> Error {
    Error::NotFound("there is no such import".into())
}

fn end(store: &Store, job: &mut Job, state: ImportState) {
    job.state = state;
    job.ended_at = Some(clock::now());
    if !store.uses(&job.file, &job.id) {
        files::let_go(&job.file);
    }
}

/// Does what comes next; returns how many rows were looked at or imported.
fn advance<I: Importer>(store: &Store, job: &mut Job) -> Result<u64, Error> {
    let looks = job.state == ImportState::Checking;
    let Ok(bytes) = files::read(&job.file, job.place, PIECE_BYTES) else {
        note(store, job, BTreeMap::from([(1, "the file is gone".to_owned())]));
        end(store, job, ImportState::Refused);
        return Ok(0);
    };
    let whole = job.place + bytes.len() as u64 >= job.bytes;
    let piece = Piece { bytes: &bytes, whole };
    if job.header.is_empty() {
        match piece.header() {
            Ok((header, length)) => {
                job.header = header;
                job.place = length;
                job.line = 1 + lines(bytes.get(..length as usize).unwrap_or_default());
                return Ok(0);
            }
            Err(why) => {
                note(store, job, BTreeMap::from([(1, why)]));
                end(store, job, ImportState::Refused);
                return Ok(0);
            }
        }
    }
    let taken = match piece.take(job.at_once, &job.header, I::GROUP) {
        Ok(taken) => taken,
        Err(why) => {
            note(store, job, BTreeMap::from([(job.line, why)]));
            end(store, job, ImportState::Refused);
            return Ok(0);
        }
    };
    let rows = taken.rows();
    if rows > 0 {
        rows_of::<I>(store, job, &taken, looks)?;
    }
    job.rows += rows;
    job.place += taken.length();
    job.line += lines(taken.bytes());
    if job.place >= job.bytes || rows == 0 {
        pass(store, job);
    }
    Ok(rows)
}

/// A pass over the file is over.
fn pass(store: &Store, job: &mut Job) {
    match job.state {
        ImportState::Checking if job.fault_count > 0 => end(store, job, ImportState::Refused),
        ImportState::Checking if !job.dry_run => {
            job.state = ImportState::Running;
            (job.place, job.line, job.rows) = (0, 1, 0);
            (job.created, job.updated, job.unchanged) = (0, 0, 0);
            job.header = String::new();
            job.at_once = FIRST_ROWS;
            job.pass_at = clock::now();
        }
        _ => end(store, job, ImportState::Done),
    }
}

/// Looks at rows, or imports them. Rows that cannot be used any more, because something has changed since they
/// were looked at, are told and left out.
fn rows_of<I: Importer>(
    store: &Store,
    job: &mut Job,
    taken: &Taken<'_>,
    looks: bool,
) -> Result<(), Error> {
    let mut taken = taken.clone();
    let into = job.into.clone();
    let mut faults = BTreeMap::new();
    let mut text = match taken.text(&job.header) {
        Ok(text) => text,
        Err(why) => {
            note(store, job, BTreeMap::from([(job.line, why)]));
            return Ok(());
        }
    };
    if looks {
        let mut unread = crate::report::Faults::default();
        let sheet = Sheet::read(&text, taken.rows() as usize, &mut unread);
        let keys = I::keys(&sheet).into_iter();
        let keys = keys.map(|(key, line)| (key, taken.line(line, &job.header, job.line)));
        for (line, earlier) in store.enter_keys(&job.id, keys.collect()) {
            faults
                .insert(line, format!("is the same, or belongs to the same, as in line {earlier}"));
        }
    }
    // The second time without those that were found to have faults.
    for _ in 0..2 {
        let told = match I::import(&text, into.as_deref(), looks) {
            Ok(report) => {
                job.created += u64::from(report.created);
                job.updated += u64::from(report.updated);
                job.unchanged += u64::from(report.unchanged);
                report.faults.into_iter().map(|row| (row.line, row.problem)).collect::<Vec<_>>()
            }
            Err(Error::Invalid(fields)) => {
                fields.into_iter().map(|field| line_of(&field.field, field.problem)).collect()
            }
            Err(other) => return Err(other),
        };
        let faulty: Vec<u32> = told.iter().map(|(line, _)| *line).collect();
        for (line, problem) in told {
            let line = taken.line(line, &job.header, job.line);
            faults.entry(line).or_insert(problem);
        }
        if looks || faulty.is_empty() {
            break;
        }
        taken = taken.without(&faulty, &job.header);
        match taken.text(&job.header) {
            Ok(rest) if taken.rows() > 0 => text = rest,
            _ => break,
        }
    }
    note(store, job, faults);
    Ok(())
}

/// A line, and what is wrong in it, from a field of a refusal: `csv/7`. What is wrong with the import itself is
/// told in the header's.
fn line_of(field: &str, problem: String) -> (u32, String) {
    match field.strip_prefix("csv/").and_then(|line| line.parse().ok()) {
        Some(line) => (line, problem),
        None => (1, format!("{field} {problem}")),
    }
}

fn note(store: &Store, job: &mut Job, faults: BTreeMap<u64, String>) {
    let room = FAULTS_MAX.saturating_sub(job.fault_count);
    job.fault_count += faults.len() as u64;
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    store.add_faults(&job.id, faults.into_iter().take(room));
}

fn lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|b| **b == b'\n').count() as u64
}
