//! What each plugin's tables take of the file.
//!
//! SQLite tells how many pages of the file are in use. What that number grows or shrinks by while a
//! plugin's statements run is the plugin's. The sums are kept in the database, in the same transaction
//! as the pages themselves.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::OptionalExtension as _;

use crate::SqlError;
use crate::connection::{Connection, PAGE_BYTES, Pages, Part};

/// Statements of one plugin after which the pages are counted again.
const STATEMENTS_MAX: u32 = 16;
/// Pages that the file may grow by between two counts where the plugin's limit is further away: 64
/// MiB, more than so many statements write in the time that a request has.
const GROWTH_PAGES: u64 = (64 << 20) / PAGE_BYTES;
/// A plugin that is nearer than so many pages to its limit is counted after each statement: a row has
/// at most a megabyte, so this is what the statements between two counts write, if nobody means harm.
const NEAR_PAGES: u64 = STATEMENTS_MAX as u64 * (1 << 20) / PAGE_BYTES;
/// Pages that a statement may take beyond the limit before it is undone. Beyond them the file is full
/// to SQLite, which then undoes the whole transaction.
const SPARE_PAGES: u64 = (4 << 20) / PAGE_BYTES;
/// What a statement near the limit is undone to.
const STATEMENT: Part = Part(u32::MAX);
/// Pages that the host's own rows may add to the file in a transaction.
const HOST_PAGES: u64 = 16;

const READ: &str = "/*!*/SELECT pages FROM _quoin_owner WHERE plugin = ?1";
const ADD: &str = "/*!*/UPDATE _quoin_owner SET pages = max(0, pages + ?2) WHERE plugin = ?1";

/// Pages that the tables of `plugin` take, as the transaction sees them.
///
/// # Errors
/// SQLite fails.
pub(crate) fn pages_of(connection: &Connection, plugin: &Arc<str>) -> rusqlite::Result<u64> {
    connection.as_host(|sqlite| pages(sqlite, plugin))
}

/// The same for the host.
///
/// # Errors
/// SQLite fails.
pub(crate) fn pages(sqlite: &rusqlite::Connection, plugin: &str) -> rusqlite::Result<u64> {
    let mut statement = sqlite.prepare_cached(READ)?;
    let pages = statement.query_row([plugin], |row| row.get::<_, i64>(0)).optional()?;
    Ok(u64::try_from(pages.unwrap_or(0)).unwrap_or(0))
}

/// What a transaction has added so far, and for whom.
pub(crate) struct Ledger {
    /// Pages in use, and pages of the file, when they were last counted.
    counted: Pages,
    /// Statements that have written since.
    since: u32,
    /// Who has written since.
    writing: Option<(Arc<str>, u32)>,
    /// What each had when it first wrote.
    before: BTreeMap<Arc<str>, u64>,
    entries: Vec<Entry>,
    /// The statement that runs can be undone alone, and its plugin may then take so many bytes.
    guarded: Option<u64>,
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
        let (before, entries) = (BTreeMap::new(), Vec::new());
        Ok(Ledger { counted, since: 0, writing: None, before, entries, guarded: None })
    }

    /// Before `plugin` writes at this depth of the tree: lets the file grow by what is left to it.
    /// `removes` is true for a statement that only removes rows, which a full plugin may run.
    pub fn before_write(
        &mut self,
        connection: &Connection,
        (plugin, depth): (&Arc<str>, u32),
        max_bytes: u64,
        removes: bool,
    ) -> Result<(), SqlError> {
        let same = (self.writing.as_ref())
            .is_some_and(|(writing, at)| Arc::ptr_eq(writing, plugin) && *at == depth);
        if !same || self.since >= STATEMENTS_MAX {
            self.count(connection)?;
            self.writing = Some((Arc::clone(plugin), depth));
        }
        self.since += 1;
        let left = u64::try_from(self.left(connection, plugin, max_bytes)?).unwrap_or(0);
        if left == 0 && !removes {
            return Err(SqlError::Full);
        }
        // Pages of the file that are free are taken without asking.
        let growth = left.saturating_sub(self.counted.free());
        if growth >= NEAR_PAGES {
            connection.let_grow_to(self.grown(growth.min(GROWTH_PAGES)), self.grown(growth))?;
            return Ok(());
        }
        let growth = self.grown(growth + SPARE_PAGES);
        connection.let_grow_to(growth, growth)?;
        if removes {
            // The next one shall find the room that is made.
            self.since = STATEMENTS_MAX;
            return Ok(());
        }
        connection.begin(STATEMENT)?;
        self.guarded = Some(max_bytes);
        Ok(())
    }

    /// After the statement: undoes it if its plugin has more than it may.
    pub fn after_write(&mut self, connection: &Connection) -> Result<(), SqlError> {
        let Some(max_bytes) = self.guarded.take() else { return Ok(()) };
        let Some((plugin, depth)) = self.writing.clone() else { return Ok(()) };
        self.count(connection)?;
        self.writing = Some((Arc::clone(&plugin), depth));
        if self.left(connection, &plugin, max_bytes)? >= 0 {
            return Ok(connection.keep(STATEMENT)?);
        }
        connection.undo(STATEMENT)?;
        self.count(connection)?;
        Err(SqlError::Full)
    }

    /// Before a migration of `plugin`, which fails as a whole.
    pub fn before_migration(
        &mut self,
        connection: &Connection,
        plugin: &Arc<str>,
        max_bytes: u64,
    ) -> rusqlite::Result<()> {
        self.count(connection)?;
        self.writing = Some((Arc::clone(plugin), 0));
        let left = u64::try_from(self.left(connection, plugin, max_bytes)?).unwrap_or(0);
        let most = self.grown(left.saturating_sub(self.counted.free()));
        connection.let_grow_to(most, most)
    }

    fn grown(&self, pages: u64) -> u64 {
        self.counted.of_file.saturating_add(pages)
    }

    /// Before the host writes rows of its own.
    pub fn before_host_writes(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.count(connection)?;
        connection.let_grow_to(self.grown(HOST_PAGES), u64::MAX)
    }

    /// After that: what the host has written is no plugin's.
    pub fn after_host_writes(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        (self.counted, self.since) = (connection.pages()?, 0);
        Ok(())
    }

    /// Pages that the plugin may still take; less than none where it has more than it may.
    fn left(
        &mut self,
        connection: &Connection,
        plugin: &Arc<str>,
        max_bytes: u64,
    ) -> rusqlite::Result<i64> {
        let own = self.own(connection, plugin)?;
        Ok(signed(max_bytes / PAGE_BYTES).saturating_sub(own))
    }

    /// Pages that the plugin has, as they were last counted.
    fn own(&mut self, connection: &Connection, plugin: &Arc<str>) -> rusqlite::Result<i64> {
        let before = match self.before.get(plugin) {
            Some(pages) => *pages,
            None => {
                let pages = pages_of(connection, plugin)?;
                self.before.insert(Arc::clone(plugin), pages);
                pages
            }
        };
        let entries = self.entries.iter().filter(|entry| entry.plugin == *plugin);
        Ok(entries.fold(signed(before), |sum, entry| sum.saturating_add(entry.pages)))
    }

    /// Writes down what was added since the last time.
    fn count(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let Some((plugin, depth)) = self.writing.take() else { return Ok(()) };
        let now = connection.pages()?;
        let pages = signed(now.used).saturating_sub(signed(self.counted.used));
        (self.counted, self.since) = (now, 0);
        let same = |entry: &&mut Entry| entry.plugin == plugin && entry.depth == depth;
        match self.entries.last_mut().filter(same) {
            Some(entry) => entry.pages = entry.pages.saturating_add(pages),
            None if pages != 0 => self.entries.push(Entry { plugin, depth, pages }),
            None => {}
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
    pub fn store(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.before_host_writes(connection)?;
        let mut sums: BTreeMap<Arc<str>, i64> = BTreeMap::new();
        for entry in self.entries.drain(..) {
            let sum = sums.entry(entry.plugin).or_default();
            *sum = sum.saturating_add(entry.pages);
        }
        for (plugin, pages) in sums.into_iter().filter(|(_, pages)| *pages != 0) {
            connection.as_host(|sqlite| {
                sqlite.prepare_cached(ADD)?.execute((&*plugin, pages)).map(drop)
            })?;
        }
        Ok(())
    }
}

fn signed(pages: u64) -> i64 {
    i64::try_from(pages).unwrap_or(i64::MAX)
}
