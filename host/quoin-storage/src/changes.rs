//! When tables were last changed: what tells whether an answer that was read from them still holds.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The number of a table's last commit while another one is under way, which may have made it already.
const UNDER_WAY: u64 = u64::MAX;

/// The changes of a database.
#[derive(Default)]
pub(crate) struct Changes {
    /// Commits so far.
    commits: AtomicU64,
    /// The tables that statements have named so far, which all exist or did.
    tables: Mutex<HashMap<String, Table>>,
    /// What every statement depends on. A migration may change any table.
    schema: Table,
}

/// A table: the number of the commit that changed it last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table(Arc<AtomicU64>);

impl Table {
    fn is(&self, other: &Table) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// The tables that a statement names.
#[derive(Default)]
pub(crate) struct Tables {
    /// All of them.
    pub read: Vec<Table>,
    /// Those that it writes.
    pub written: Vec<Table>,
}

impl Changes {
    /// The table of this name, in whatever case.
    pub fn table(&self, name: &str) -> Table {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        tables.entry(name.to_ascii_lowercase()).or_default().clone()
    }

    /// What stands for all tables: a migration may change any of them.
    pub fn all_tables(&self) -> Table {
        self.schema.clone()
    }

    /// What is read in a snapshot that begins after this.
    pub fn begin(&self) -> Basis {
        let as_of = self.commits.load(Ordering::Acquire);
        Basis { as_of, tables: vec![self.schema.clone()] }
    }

    /// Runs a commit that changes these tables. Until it is done, nobody takes what was read from them for
    /// what is there, because it may be either.
    pub fn committing<T>(&self, tables: &mut Written, commit: impl FnOnce() -> T) -> T {
        for table in &tables.0 {
            table.0.store(UNDER_WAY, Ordering::SeqCst);
        }
        let done = commit();
        // Whether it succeeded or not: a commit that fails may have come as far as the file.
        let number = self.commits.load(Ordering::Relaxed).saturating_add(1);
        for table in tables.0.drain(..) {
            table.0.store(number, Ordering::Release);
        }
        self.commits.store(number, Ordering::Release);
        done
    }
}

/// Adds those that are not there yet.
fn add_new(all: &mut Vec<Table>, tables: &[Table]) {
    for table in tables {
        if !all.iter().any(|known| known.is(table)) {
            all.push(table.clone());
        }
    }
}

/// The tables that a transaction has written.
#[derive(Default)]
pub(crate) struct Written(Vec<Table>);

impl Written {
    /// A statement has written these, or was to.
    pub fn add(&mut self, tables: &[Table]) {
        add_new(&mut self.0, tables);
    }

    /// What these are.
    pub fn join(&mut self, others: &Written) {
        self.add(&others.0);
    }

    /// None of it was committed.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// What an answer was read from: tables as they were at some time.
#[derive(Debug, Clone)]
pub struct Basis {
    /// Commits that had been made when it began.
    as_of: u64,
    tables: Vec<Table>,
}

impl Basis {
    /// These tables were read, too.
    pub(crate) fn add(&mut self, tables: &[Table]) {
        add_new(&mut self.tables, tables);
    }

    /// Whether no commit has changed any of the tables since, and none is under way that may.
    pub fn holds(&self) -> bool {
        self.tables.iter().all(|table| table.0.load(Ordering::SeqCst) <= self.as_of)
    }
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::*;

    #[test]
    fn a_basis_holds_until_one_of_its_tables_is_changed() {
        let changes = Changes::default();
        let [a, b] = ["a", "b"].map(|name| changes.table(name));
        let mut read = changes.begin();
        read.add(from_ref(&a));
        let mut written = Written::default();
        written.add(from_ref(&b));
        changes.committing(&mut written, || assert!(read.holds()));
        assert!(read.holds());
        written.add(&[changes.table("A")]);
        changes.committing(&mut written, || assert!(!read.holds()));
        assert!(!read.holds());
        let mut again = changes.begin();
        again.add(&[a, b]);
        assert!(again.holds());
    }

    #[test]
    fn what_is_read_while_a_commit_is_under_way_does_not_hold() {
        let changes = Changes::default();
        let table = changes.table("a");
        let mut written = Written::default();
        written.add(from_ref(&table));
        let read = changes.committing(&mut written, || {
            let mut read = changes.begin();
            read.add(from_ref(&table));
            assert!(!read.holds());
            read
        });
        assert!(!read.holds());
    }

    #[test]
    fn a_migration_changes_all_tables() {
        let changes = Changes::default();
        let mut read = changes.begin();
        read.add(&[changes.table("a")]);
        let mut written = Written::default();
        written.add(&[changes.all_tables()]);
        changes.committing(&mut written, || {});
        assert!(!read.holds());
    }

    #[test]
    fn what_was_not_committed_changes_nothing() {
        let changes = Changes::default();
        let mut read = changes.begin();
        read.add(&[changes.table("a")]);
        let mut written = Written::default();
        written.add(&[changes.table("a")]);
        written.clear();
        changes.committing(&mut written, || {});
        assert!(read.holds());
    }
}
