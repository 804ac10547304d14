//! What is remembered of the statements that plugins send.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::changes::Tables;

/// Statements that are remembered: more than the plugins of a large shop have. Beyond that, all are
/// forgotten, which costs looking at each of them once more.
const REMEMBERED_MAX: usize = 10_000;
/// How long a writing statement may hold up the other tasks of its thread. Moving them away takes
/// some microseconds, and most statements are done by then.
const SLOW: Duration = Duration::from_millis(2);

/// The statements of a database's plugins that have been looked at.
#[derive(Default)]
pub(crate) struct Texts {
    seed: RandomState,
    known: Mutex<HashMap<u64, Known>>,
}

/// What is known of a statement that was found good.
struct Known {
    tables: Arc<Tables>,
    /// It took long the last time that it wrote.
    slow: bool,
}

/// A statement of a plugin.
#[derive(Clone, Copy)]
pub(crate) struct Text(u64);

impl Texts {
    pub fn text(&self, plugin: &str, sql: &str) -> Text {
        Text(self.seed.hash_one((plugin, sql)))
    }

    /// The tables that the statement names, if it was found good before.
    pub fn tables(&self, text: Text) -> Option<Arc<Tables>> {
        self.known().get(&text.0).map(|known| Arc::clone(&known.tables))
    }

    /// The statement was found good, and names these tables.
    pub fn remember(&self, text: Text, tables: Arc<Tables>) {
        let mut known = self.known();
        if known.len() >= REMEMBERED_MAX {
            known.clear();
        }
        known.entry(text.0).or_insert(Known { tables, slow: false });
    }

    /// No statement was found good any more.
    pub fn forget(&self) {
        self.known().clear();
    }

    /// Whether the statement took long the last time that it wrote.
    pub fn is_slow(&self, text: Text) -> bool {
        self.known().get(&text.0).is_some_and(|known| known.slow)
    }

    /// How long the statement took to write.
    pub fn took(&self, text: Text, time: Duration) {
        if let Some(known) = self.known().get_mut(&text.0) {
            known.slow = time > SLOW;
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<u64, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_of_two_plugins_is_two_statements() {
        let texts = Texts::default();
        let a = texts.text("a", "SELECT 1");
        texts.remember(a, Arc::default());
        assert!(texts.tables(a).is_some());
        assert!(texts.tables(texts.text("b", "SELECT 1")).is_none());
    }

    #[test]
    fn a_statement_is_slow_as_it_was_the_last_time() {
        let texts = Texts::default();
        let text = texts.text("a", "DELETE FROM a");
        assert!(!texts.is_slow(text));
        texts.remember(text, Arc::default());
        texts.took(text, SLOW);
        assert!(!texts.is_slow(text));
        texts.took(text, SLOW + Duration::from_nanos(1));
        assert!(texts.is_slow(text));
        texts.remember(text, Arc::default());
        assert!(texts.is_slow(text));
        texts.took(text, Duration::ZERO);
        assert!(!texts.is_slow(text));
    }

    #[test]
    fn no_more_are_remembered_than_the_limit() {
        let texts = Texts::default();
        for n in 0..=REMEMBERED_MAX {
            texts.remember(texts.text("a", &n.to_string()), Arc::default());
            assert!(texts.known().len() <= REMEMBERED_MAX);
        }
        assert!(texts.tables(texts.text("a", &REMEMBERED_MAX.to_string())).is_some());
    }
}
