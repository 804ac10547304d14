//! What each plugin's tables take of the file.
//!
//! SQLite tells how many pages of the file are in use. What that number grows or shrinks by while a
//! plugin's statements run is the plugin's. The sums are kept in the database, in the same transaction
//! as the pages themselves.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::OptionalExtension as _;

use crate::SqlError;
use crate::connection::{Connection, PAGE_BYTES, Pages};

/// Statements of one plugin after which the pages are counted again.
const STATEMENTS_MAX: u32 = 16;
/// Pages that the file may grow by between two counts where the plugin's limit is further away: 64
/// MiB, more than so many statements write in the time that a request has.
const GROWTH_PAGES: u64 = (64 << 20) / PAGE_BYTES;

const READ: &str = "/*!*/SELECT pages FROM _quoin_owner WHERE plugin = ?1";
const ADD: &str = "/*!*/UPDATE _quoin_owner SET pages = max(0, pages + ?2) WHERE plugin = ?1";

/// Pages by plugin, as the database has them.
#[derive(Default)]
pub(crate) struct Usage(Mutex<HashMap<Arc<str>, u64>>);

impl Usage {
    fn pages(&self) -> MutexGuard<'_, HashMap<Arc<str>, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes that the tables of `plugin` take.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn bytes(&self, connection: &Connection, plugin: &Arc<str>) -> rusqlite::Result<u64> {
        Ok(self.of(connection, plugin)? * PAGE_BYTES)
    }

    fn of(&self, connection: &Connection, plugin: &Arc<str>) -> rusqlite::Result<u64> {
        if let Some(pages) = self.pages().get(plugin) {
            return Ok(*pages);
        }
        let read = |sqlite: &rusqlite::Connection| {
            let mut statement = sqlite.prepare_cached(READ)?;
            statement.query_row([&**plugin], |row| row.get::<_, i64>(0)).optional()
        };
        let pages = connection.as_host(read)?.unwrap_or(0);
        let pages = u64::try_from(pages).unwrap_or(0);
        self.pages().insert(Arc::clone(plugin), pages);
        Ok(pages)
    }

    /// What was remembered may not be what the database has.
    pub fn forget(&self) {
        self.pages().clear();
    }
}

/// What a transaction has added so far, and for whom.
pub(crate) struct Ledger {
    /// Pages in use, and pages of the file, when they were last counted.
    counted: Pages,
    /// Statements that have written since.
    since: u32,
    /// Who has written since.
    writing: Option<(Arc<str>, u32)>,
    entries: Vec<Entry>,
}

struct Entry {
    plugin: Arc<str>,
    depth: u32,
    pages: i64,
}

impl Ledger {
    /// Begins with a transaction, before anything is written.
    pub fn begin(connection: &Connection) -> rusqlite::Result<Ledger> {
        let counted = connection.pages()?;
        Ok(Ledger { counted, since: 0, writing: None, entries: Vec::new() })
    }

    /// Before `plugin` writes at this depth of the tree: lets the file grow by what is left to it.
    /// `removes` is true for a statement that only removes rows, which a full plugin may run.
    pub fn before_write(
        &mut self,
        usage: &Usage,
        connection: &Connection,
        (plugin, depth): (&Arc<str>, u32),
        max_bytes: u64,
        removes: bool,
    ) -> Result<(), SqlError> {
        let same = (self.writing.as_ref())
            .is_some_and(|(writing, at)| Arc::ptr_eq(writing, plugin) && *at == depth);
        self.since += 1;
        if !same || self.since >= STATEMENTS_MAX {
            self.count(connection)?;
            self.writing = Some((Arc::clone(plugin), depth));
        }
        let before = i64::try_from(usage.of(connection, plugin)?).unwrap_or(i64::MAX);
        let entries = self.entries.iter().filter(|entry| entry.plugin == *plugin);
        let own = entries.fold(before, |sum, entry| sum.saturating_add(entry.pages));
        let most = i64::try_from(max_bytes / PAGE_BYTES).unwrap_or(i64::MAX);
        let left = u64::try_from(most.saturating_sub(own)).unwrap_or(0);
        if left == 0 && !removes {
            return Err(SqlError::Full);
        }
        // Removing a row may take a page for the time of that.
        let most = self.counted.of_file.saturating_add(left.max(1));
        let least = self.counted.of_file.saturating_add(left.clamp(1, GROWTH_PAGES));
        connection.let_grow_to(least, most)?;
        Ok(())
    }

    /// Writes down what was added since the last time.
    fn count(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let Some((plugin, depth)) = self.writing.take() else { return Ok(()) };
        let now = connection.pages()?;
        let pages = signed(now.used).saturating_sub(signed(self.counted.used));
        (self.counted, self.since) = (now, 0);
        if pages != 0 {
            self.entries.push(Entry { plugin, depth, pages });
        }
        Ok(())
    }

    /// A call at this depth has ended, and what it wrote was kept: it is its caller's from now on.
    pub fn keep(&mut self, connection: &Connection, depth: u32) -> rusqlite::Result<()> {
        self.count(connection)?;
        for entry in self.entries.iter_mut().filter(|entry| entry.depth >= depth) {
            entry.depth = depth.saturating_sub(1);
        }
        Ok(())
    }

    /// A call at this depth has ended, and what it wrote was undone.
    pub fn undo(&mut self, connection: &Connection, depth: u32) -> rusqlite::Result<()> {
        self.writing = None;
        self.entries.retain(|entry| entry.depth < depth);
        (self.counted, self.since) = (connection.pages()?, 0);
        Ok(())
    }

    /// Puts the sums into the database, before the transaction is committed.
    pub fn store(&mut self, usage: &Usage, connection: &Connection) -> rusqlite::Result<()> {
        self.count(connection)?;
        let mut sums: HashMap<Arc<str>, i64> = HashMap::new();
        for entry in self.entries.drain(..) {
            let sum = sums.entry(entry.plugin).or_default();
            *sum = sum.saturating_add(entry.pages);
        }
        for (plugin, pages) in sums.into_iter().filter(|(_, pages)| *pages != 0) {
            connection.as_host(|sqlite| {
                sqlite.prepare_cached(ADD)?.execute((&*plugin, pages)).map(drop)
            })?;
            if let Some(known) = usage.pages().get_mut(&plugin) {
                *known = known.saturating_add_signed(pages);
            }
        }
        Ok(())
    }
}

fn signed(pages: u64) -> i64 {
    i64::try_from(pages).unwrap_or(i64::MAX)
}
