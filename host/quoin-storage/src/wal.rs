//! When the WAL file of a database is long enough to be taken into it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Bytes of the WAL file from which it is taken into the database: 4,000 pages. So long is the file kept
/// when it begins again, so that one that is longer has as much in it.
const LONG: u64 = 16 << 20;
/// Bytes by which it has grown when it is tried again, where readers held the last one up: SQLite's own
/// 1,000 pages.
const AGAIN: u64 = 4 << 20;

/// When the WAL file of a database is next taken into it.
#[derive(Default)]
pub(crate) struct Checkpoints {
    runs: AtomicBool,
    /// Bytes of the file at the last one.
    last: AtomicU64,
}

impl Checkpoints {
    /// Whether one begins now, where the file has so many bytes. It runs until [`Checkpoints::end`].
    pub fn begins(&self, bytes: u64) -> bool {
        let last = self.last.load(Ordering::Relaxed);
        // It has begun again since then, if it is shorter.
        let again = if bytes < last { LONG } else { last.saturating_add(AGAIN) };
        if bytes <= LONG.max(again) || self.runs.swap(true, Ordering::AcqRel) {
            return false;
        }
        self.last.store(bytes, Ordering::Relaxed);
        true
    }

    /// The one that runs has ended.
    pub fn end(&self) {
        self.runs.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_is_taken_in_once_and_again_when_it_has_grown_or_begun_again() {
        let checkpoints = Checkpoints::default();
        let begins = |bytes| {
            let begins = checkpoints.begins(bytes);
            if begins {
                assert!(!checkpoints.begins(10 * bytes), "one runs");
                checkpoints.end();
            }
            begins
        };
        assert!(!begins(LONG));
        assert!(begins(LONG + 1));
        assert!(!begins(LONG + 1 + AGAIN));
        assert!(begins(LONG + 2 + AGAIN));
        assert!(begins(LONG + 1), "it has begun again");
    }
}
