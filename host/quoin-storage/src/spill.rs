//! What running statements put into SQLite's temporary files, and where that ends.
//!
//! What a statement sorts or gathers beyond a connection's cache goes to temporary files. SQLite has no
//! limit for them, and tells their size when the statement is over. Linux tells how much a thread has
//! written, and a statement runs on one thread from its begin to its end: this looks there now and then.
//! Where the system does not tell, only a statement's time bounds them.
//!
//! What is counted is a statement's own. The old pages that SQLite keeps for savepoints are a temporary
//! file, too, from the first write of a call until the request ends; what they take is bounded by the time
//! that a request has the writer.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes that a statement may put into temporary files: a hundred times the largest result, and what a
/// disk takes in within a second.
pub(crate) const STATEMENT_MAX: u64 = 256 << 20;
/// Bytes for a statement that writes. A page that leaves the cache again and again is written into the same
/// place of the WAL file each time, and the system does not tell that from a temporary file.
pub(crate) const WRITING_MAX: u64 = SHOP_MAX;
/// Bytes that the statements of one shop may put there together, but for one that may put more there alone:
/// two that do their worst, of the nine that can run.
const SHOP_MAX: u64 = 512 << 20;
/// Bytes that all statements of the host may put there together: as much as eight shops may have.
const HOST_MAX: u64 = 4 << 30;
/// Bytes that each may put there all the same, so that a shop that sorts much stops itself and nobody
/// else: a few times the cache of a connection.
const SMALL: u64 = 16 << 20;
/// Nanoseconds between two looks. A look takes some microseconds; a fast disk takes some megabytes in
/// this time.
const EVERY: u64 = 2_000_000;
/// No look is due, or nothing was written yet.
const NEVER: u64 = u64::MAX;

/// Bytes in temporary files now, of all shops: they are on the one disk of the process.
static HOST: AtomicU64 = AtomicU64::new(0);

/// Bytes that the statements of one database have in temporary files now.
#[derive(Default)]
pub(crate) struct Spilled(AtomicU64);

/// What the running statement of a connection puts there. All of it happens on the statement's thread.
pub(crate) struct Meter {
    shop: Arc<Spilled>,
    /// The WAL file, where the statements of the connection write: what is there is meant to stay.
    wal: Option<PathBuf>,
    most: AtomicU64,
    /// When the next look is due, on the clock of who asks; 0 before the first one was set.
    next: AtomicU64,
    /// What the thread had written at the first look.
    before: AtomicU64,
    /// What the WAL file had then.
    wal_before: AtomicU64,
    counted: AtomicU64,
    /// What it had written when it was stopped; 0 when it was not.
    stopped: AtomicU64,
}

impl Meter {
    pub fn new(shop: Arc<Spilled>, wal: Option<PathBuf>) -> Meter {
        let zero = || AtomicU64::new(0);
        let never = || AtomicU64::new(NEVER);
        let (most, counted, stopped, wal_before) = (zero(), zero(), zero(), zero());
        Meter { shop, wal, most, next: never(), before: never(), wal_before, counted, stopped }
    }

    /// A statement begins that may put `most` bytes into temporary files.
    pub fn begin(&self, most: u64) {
        self.end();
        self.most.store(most, Ordering::Relaxed);
        self.before.store(NEVER, Ordering::Relaxed);
        self.stopped.store(0, Ordering::Relaxed);
        self.next.store(0, Ordering::Relaxed);
    }

    /// The statement is over, and so are its files.
    pub fn end(&self) {
        self.next.store(NEVER, Ordering::Relaxed);
        let counted = self.counted.swap(0, Ordering::Relaxed);
        if counted > 0 {
            self.shop.0.fetch_sub(counted, Ordering::Relaxed);
            HOST.fetch_sub(counted, Ordering::Relaxed);
        }
    }

    /// Whether the running statement is to be stopped, `now` nanoseconds after some beginning.
    pub fn stops(&self, now: u64) -> bool {
        let next = self.next.load(Ordering::Relaxed);
        if now < next {
            return false;
        }
        self.next.store(now.saturating_add(EVERY), Ordering::Relaxed);
        // Most are over before the first look.
        next != 0 && self.look()
    }

    /// Bytes that the statement had put into temporary files, if it was stopped for that, and how many it
    /// may put there.
    pub fn stopped(&self) -> Option<(u64, u64)> {
        let bytes = Some(self.stopped.load(Ordering::Relaxed)).filter(|bytes| *bytes > 0)?;
        Some((bytes, self.most.load(Ordering::Relaxed)))
    }

    fn look(&self) -> bool {
        let Some(written) = written() else { return false };
        let file = self.wal.as_ref().and_then(|wal| std::fs::metadata(wal).ok());
        let wal = file.map_or(0, |file| file.len());
        let before = self.before.load(Ordering::Relaxed);
        if before == NEVER {
            self.before.store(written, Ordering::Relaxed);
            self.wal_before.store(wal, Ordering::Relaxed);
            return false;
        }
        let kept = wal.saturating_sub(self.wal_before.load(Ordering::Relaxed));
        let spilled = written.saturating_sub(before).saturating_sub(kept);
        let counted = self.counted.load(Ordering::Relaxed).max(spilled);
        let more = counted - self.counted.swap(counted, Ordering::Relaxed);
        let add = |sum: &AtomicU64| sum.fetch_add(more, Ordering::Relaxed).saturating_add(more);
        let (shop, host) = (add(&self.shop.0), add(&HOST));
        if goes_on(counted, self.most.load(Ordering::Relaxed), shop, host) {
            return false;
        }
        self.stopped.store(counted, Ordering::Relaxed);
        true
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.end();
    }
}

/// Whether a statement goes on that has put so many bytes there, and may put `most`, where those of its
/// shop and of the host together have put so many.
fn goes_on(spilled: u64, most: u64, shop: u64, host: u64) -> bool {
    spilled <= most && (spilled <= SMALL || (shop <= SHOP_MAX.max(most) && host <= HOST_MAX))
}

/// Bytes that this thread has written to files, as far as the system tells.
fn written() -> Option<u64> {
    let told = std::fs::read_to_string("/proc/thread-self/io").ok()?;
    told.lines().find_map(|line| line.strip_prefix("wchar: ")?.parse().ok())
}

/// Warns an operator, once, where the system does not tell what a thread has written.
pub(crate) fn warn_where_nothing_is_told() {
    static LOOKED: std::sync::Once = std::sync::Once::new();
    LOOKED.call_once(|| {
        if written().is_none() {
            tracing::warn!(
                "temporary files of SQL have no limit here: /proc/thread-self/io cannot be read, as on \
                 systems other than Linux, or where the executable has file capabilities"
            );
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_stopped_beyond_its_limit_and_a_small_one_never_for_the_sake_of_others() {
        let all = |spilled| goes_on(spilled, STATEMENT_MAX, spilled, spilled);
        assert!(all(STATEMENT_MAX));
        assert!(!all(STATEMENT_MAX + 1));
        for (shop, host) in [(SHOP_MAX + 1, 0), (0, HOST_MAX + 1)] {
            assert!(goes_on(SMALL, STATEMENT_MAX, shop, host));
            assert!(!goes_on(SMALL + 1, STATEMENT_MAX, shop, host));
        }
        assert!(goes_on(SMALL + 1, STATEMENT_MAX, SHOP_MAX, HOST_MAX));
        assert!(!goes_on(2, 1, 0, 0));
        // A migration of a large plugin may put more there than a shop otherwise.
        let large = 4 * SHOP_MAX;
        assert!(goes_on(large, large, large, large));
        assert!(!goes_on(large + 1, large, large + 1, large + 1));
        assert!(!goes_on(SMALL + 1, large, large + 1, 0));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_its_thread_writes_counts_until_the_statement_ends_and_what_goes_to_the_log_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let (file, wal) = (folder.path().join("file"), folder.path().join("wal"));
        let shop = Arc::<Spilled>::default();
        let meter = Meter::new(Arc::clone(&shop), Some(wal.clone()));
        let mut now = 0;
        let mut stops = || {
            now += EVERY;
            meter.stops(now)
        };
        // That another thread wrote before takes nothing away.
        std::thread::scope(|scope| {
            scope.spawn(|| std::fs::write(&wal, vec![0; 90_000]).unwrap()).join().unwrap();
        });
        meter.begin(1_500);
        let write = |path, bytes| std::fs::write(path, vec![0; bytes]).unwrap();
        let append = |path, bytes| {
            use std::io::Write as _;
            let mut file = std::fs::File::options().append(true).open(path).unwrap();
            file.write_all(&vec![0; bytes]).unwrap();
        };
        write(&file, 9_000);
        assert!(!stops() && !stops(), "looked at for the first time");
        append(&wal, 9_000);
        write(&file, 1_000);
        assert!(!stops());
        assert_eq!(shop.0.load(Ordering::Relaxed), 1_000);
        std::thread::scope(|scope| scope.spawn(|| write(&file, 9_000)).join().unwrap());
        assert!(!stops(), "another thread wrote");
        assert_eq!(meter.stopped(), None);
        write(&file, 1_000);
        assert!(stops());
        assert_eq!(meter.stopped(), Some((2_000, 1_500)));
        meter.end();
        assert_eq!((shop.0.load(Ordering::Relaxed), stops()), (0, false));
    }
}
