//! Whose tables there are.
//!
//! A table belongs to the plugin whose migration made it, and the record of that is kept beside the
//! data. The names alone would not tell: `volume_rules_entry` could be a table `rules_entry` of
//! `volume` as well as a table `entry` of `volume-rules`.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use rusqlite::Connection;

/// The table that records owners, and what each owner's tables take of the file.
pub(crate) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS _quoin_owner (plugin TEXT PRIMARY KEY, pages INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS _quoin_table (
        name TEXT PRIMARY KEY, plugin TEXT NOT NULL REFERENCES _quoin_owner (plugin)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS _quoin_migration (
        plugin TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL,
        applied_at INTEGER NOT NULL, PRIMARY KEY (plugin, number)
    ) STRICT;";

/// Table names in lower case, with their owners.
pub(crate) type Tables = HashMap<String, Arc<str>>;

/// The owners of a database's tables. All connections of the database look here. A table that is gone
/// keeps its last owner: a reader may be on a snapshot that still has it.
#[derive(Default)]
pub(crate) struct Owners(RwLock<Arc<Tables>>);

impl Owners {
    fn tables(&self) -> Arc<Tables> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The owner of the table of this name, in whatever case.
    pub fn of(&self, table: &str) -> Option<Arc<str>> {
        self.tables().get(&table.to_ascii_lowercase()).cloned()
    }

    /// There are these tables, or are about to be.
    pub fn add(&self, tables: &Tables) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let new = tables.iter().map(|(name, owner)| (name.clone(), Arc::clone(owner)));
        Arc::make_mut(&mut all).extend(new);
    }
}

/// The recorded tables.
pub(crate) fn recorded(sqlite: &Connection) -> rusqlite::Result<Tables> {
    let mut statement = sqlite.prepare("SELECT name, plugin FROM _quoin_table")?;
    let rows = statement.query_map([], |row| {
        Ok((row.get::<_, String>(0)?.to_ascii_lowercase(), Arc::from(row.get::<_, String>(1)?)))
    })?;
    rows.collect()
}

/// The plugins that have, or had, tables.
pub(crate) fn plugins(sqlite: &Connection) -> rusqlite::Result<Vec<Arc<str>>> {
    let mut statement = sqlite.prepare("SELECT plugin FROM _quoin_owner")?;
    let rows = statement.query_map([], |row| Ok(Arc::from(row.get::<_, String>(0)?)))?;
    rows.collect()
}

/// What the names of a plugin's tables and indexes begin with: its own name, as SQL writes it.
pub(crate) fn prefix(plugin: &str) -> String {
    plugin.replace('-', "_")
}

/// Whether a table or index of this name can be made by `plugin`, beside the other plugins that
/// keep data here.
pub(crate) fn is_named_after<'p>(
    name: &str,
    plugin: &str,
    others: impl Iterator<Item = &'p str>,
) -> bool {
    let begins = |plugin: &str| {
        let prefix = prefix(plugin);
        name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(&prefix))
            && name.get(prefix.len()..).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    };
    // Of two plugins after which it may be named, it is the one's with the longer name.
    begins(plugin) && !others.into_iter().any(|other| other.len() > plugin.len() && begins(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, plugin: &str, others: &[&str]) -> bool {
        is_named_after(name, plugin, others.iter().copied())
    }

    #[test]
    fn a_name_begins_with_that_of_its_plugin() {
        assert!(named("stock_level", "stock", &[]));
        assert!(named("Stock_Level", "stock", &[]));
        assert!(named("stock", "stock", &[]));
        assert!(named("big_stock_level", "big-stock", &[]));
        assert!(!named("stocklevel", "stock", &[]));
        assert!(!named("level", "stock", &[]));
        assert!(!named("sto", "stock", &[]));
        assert!(!named("", "stock", &[]));
    }

    #[test]
    fn of_two_plugins_the_longer_name_wins() {
        assert!(!named("volume_rules_entry", "volume", &["volume-rules"]));
        assert!(named("volume_rules_entry", "volume-rules", &["volume"]));
        assert!(named("volume_rule", "volume", &["volume-rules"]));
        assert!(named("volume_rules_entry", "volume", &["other-plugin"]));
    }
}
