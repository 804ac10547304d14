//! All that a shop's databases hold, read without the host.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use crate::host::databases;

/// The rows of each table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct State(BTreeMap<String, BTreeSet<String>>);

/// Opens a database through the platform's own file system, recovering what a crash left behind.
pub fn open(path: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags_and_vfs(path, OpenFlags::SQLITE_OPEN_READ_WRITE, "unix")
}

impl State {
    /// Reads the databases of the shop in a data folder.
    ///
    /// # Errors
    /// A database cannot be read, or is not sound.
    pub fn of(data: &Path) -> Result<State, String> {
        let mut state = State::default();
        for path in databases(data) {
            state.read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(state)
    }

    /// Reads the host's own database in a data folder.
    ///
    /// # Errors
    /// As for [`State::of`].
    pub fn of_control(data: &Path) -> Result<State, String> {
        let mut state = State::default();
        state.read(&data.join("control.db"))?;
        Ok(state)
    }

    /// Whether some row has this text in a column of its own.
    pub fn holds(&self, text: &str) -> bool {
        let text = format!("=\"{text}\"");
        self.0.values().flatten().any(|row| row.contains(&text))
    }

    fn read(&mut self, path: &Path) -> Result<(), String> {
        let sqlite = open(path).map_err(|e| e.to_string())?;
        let sound = check(&sqlite).map_err(|e| e.to_string())?;
        if sound != ["ok"] {
            return Err(sound.join("; "));
        }
        let of = path.file_stem().unwrap_or_default().to_string_lossy();
        for table in tables(&sqlite).map_err(|e| e.to_string())? {
            let rows = rows(&sqlite, &table).map_err(|e| e.to_string())?;
            self.0.insert(format!("{of}.{table}"), rows);
        }
        Ok(())
    }

    /// How this state differs from another one, told for people.
    pub fn difference(&self, other: &State) -> String {
        let mut told = String::new();
        let tables: BTreeSet<_> = self.0.keys().chain(other.0.keys()).collect();
        let none = BTreeSet::new();
        for table in tables {
            let (ours, theirs) =
                (self.0.get(table).unwrap_or(&none), other.0.get(table).unwrap_or(&none));
            let only = |sign: char, a: &BTreeSet<String>, b: &BTreeSet<String>| -> String {
                a.difference(b).map(|row| format!("  {sign} {table}: {row}\n")).collect()
            };
            told += &only('+', ours, theirs);
            told += &only('-', theirs, ours);
        }
        told
    }
}

fn check(sqlite: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut check = sqlite.prepare("PRAGMA integrity_check")?;
    let lines = check.query_map([], |row| row.get(0))?;
    let mut lines = lines.collect::<Result<Vec<String>, _>>()?;
    let mut broken = sqlite.prepare("PRAGMA foreign_key_check")?;
    let broken = broken.query_map([], |row| row.get::<_, String>(0))?;
    for table in broken {
        lines.push(format!("a row of {} refers to one that is not there", table?));
    }
    Ok(lines)
}

fn tables(sqlite: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut tables = sqlite.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'",
    )?;
    tables.query_map([], |row| row.get(0))?.collect()
}

fn rows(sqlite: &Connection, table: &str) -> rusqlite::Result<BTreeSet<String>> {
    let mut select = sqlite.prepare(&format!("SELECT * FROM \"{table}\""))?;
    let names: Vec<String> = select.column_names().map(str::to_owned).collect();
    let rows = select.query_map([], |row| {
        let mut told = Vec::new();
        for (number, name) in names.iter().enumerate() {
            let value = match row.get_ref(number)? {
                ValueRef::Null => "null".into(),
                ValueRef::Integer(number) => number.to_string(),
                ValueRef::Real(number) => number.to_string(),
                ValueRef::Text(text) => format!("{:?}", String::from_utf8_lossy(text)),
                ValueRef::Blob(bytes) => format!("{bytes:?}"),
            };
            told.push(format!("{name}={value}"));
        }
        Ok(told.join(" "))
    })?;
    rows.collect()
}
