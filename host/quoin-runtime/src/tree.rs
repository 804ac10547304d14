//! What the calls of one request share: who asked, the transaction, the time and the randomness.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use quoin_core::Clock;
use quoin_core::limits::{LOG_BYTES_HELD_MAX, LOG_LINES_REQUEST_MAX};
use quoin_storage::{Database, Error, Once, Transaction, Turn};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use tokio::sync::{Mutex as AsyncMutex, MutexGuard};

use crate::Value;
use crate::basis::Uses;
use crate::installed::Installed;
use crate::log::{Level, Line};
use crate::mailed::Mailed;
use crate::outside::Outside;
use crate::pool::{Lot, Parked};
use crate::spare::{Mark, Spare};

/// On whose behalf a request runs. The gateway makes it; no guest can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// `anonymous`, `admin` for the holder of an API key of the tenant, or `host` for a later call.
    pub role: &'static str,
    /// Who exactly: for an admin the id of the key, for the host on whose behalf it calls.
    pub id: Option<String>,
}

impl Principal {
    /// Nobody in particular.
    pub const ANONYMOUS: Principal = Principal { role: "anonymous", id: None };

    /// The holder of an API key.
    pub fn admin(id: impl Into<String>) -> Principal {
        Principal { role: "admin", id: Some(id.into()) }
    }

    /// The host, on behalf of whom the first request was for.
    pub fn host(behalf: impl Into<String>) -> Principal {
        Principal { role: "host", id: Some(behalf.into()) }
    }

    /// The role and, after a colon, the id. What the host does on somebody's behalf is told as his.
    pub fn told(&self) -> String {
        match (self.role, &self.id) {
            ("host", Some(behalf)) => behalf.clone(),
            (role, Some(id)) => format!("{role}:{id}"),
            (role, None) => role.to_owned(),
        }
    }
}

/// A call from outside.
#[derive(Debug, Clone)]
pub struct Request {
    /// On whose behalf.
    pub principal: Principal,
    /// The id that all calls of the tree share.
    pub trace: String,
    /// The later call that it runs.
    pub origin: Option<Arc<Origin>>,
    /// How it takes effect once, if it has a key for that.
    pub once: Option<Arc<OnlyOnce>>,
}

impl Request {
    /// A request that somebody outside makes.
    pub fn of(principal: Principal, trace: impl Into<String>) -> Request {
        Request { principal, trace: trace.into(), origin: None, once: None }
    }
}

/// The status and the body of the answer to what a function returned, if it has one.
pub type Show = dyn Fn(Option<&Value>) -> Option<(u16, Option<Vec<u8>>)> + Send + Sync;

/// A request that takes effect once, however often it is made with its key.
pub struct OnlyOnce {
    /// Where answers are kept.
    pub database: Arc<Database>,
    /// The key that it came with.
    pub key: String,
    /// The digest of the request.
    pub request: String,
    /// How what the function returned is shown.
    pub show: Box<Show>,
}

impl std::fmt::Debug for OnlyOnce {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "once by a key")
    }
}

/// The later call that a request runs: its record is removed in the request's transaction, at its end, so
/// that what is read before leaves the writer to others while the request waits for the outside world.
pub struct Origin {
    /// Where it is recorded.
    pub database: Arc<Database>,
    /// Its number.
    pub number: u64,
    /// The installation that it calls.
    pub plugin: String,
    /// The function.
    pub function: String,
    /// How many later calls led to it.
    pub depth: u32,
}

impl std::fmt::Debug for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "later call {}", self.number)
    }
}

/// Whether the one who asked can pass a result on, or why not.
pub type Check<T = Value> = fn(&T) -> Result<(), String>;

/// The tree of calls that a request leads to.
pub(crate) struct Tree {
    pub request: Request,
    pub stage: Stage,
    pub clock: Clock,
    /// The time of the request.
    now_ms: OnceLock<u64>,
    /// The installation whose function the request called.
    root: Arc<Installed>,
    /// Its name and that of the function, as the database's writer counts turns.
    plugin: Arc<str>,
    function: Arc<str>,
    /// Whether the function that the request called is declared to read.
    reads: bool,
    /// Whether the request needs its transaction for itself.
    alone: AtomicBool,
    /// Begun with the first SQL of the tree, and held by one call at a time. It is the request's and
    /// not the running call's: a call that is dropped leaves it behind.
    transaction: AsyncMutex<Option<Transaction>>,
    has_transaction: AtomicBool,
    has_writer: AtomicBool,
    /// Whether a statement found no room for what it was to store.
    full: AtomicBool,
    /// Instances of calls that have ended.
    spare: Mutex<Spare>,
    /// The answer that an earlier request with its key was given.
    again: Mutex<Option<Once>>,
    /// What the calls use besides, if the request reads.
    pub uses: Uses,
    /// What other systems answered.
    pub outside: Outside,
    /// What became of mails.
    pub mailed: Mailed,
    seed: OnceLock<[u8; 32]>,
    randomness: Mutex<Option<ChaCha20Rng>>,
    lines: Mutex<Lines>,
}

/// What a run of a request has written into the log.
#[derive(Default)]
struct Lines {
    count: u32,
    /// Held back until it is known whether the run counts.
    held: Vec<Line>,
    /// Bytes of their messages.
    bytes: usize,
}

impl Tree {
    pub fn new(
        request: Request,
        root: Arc<Installed>,
        function: &Arc<str>,
        reads: bool,
        clock: Clock,
    ) -> Tree {
        Tree {
            request,
            stage: Stage::default(),
            now_ms: OnceLock::new(),
            clock,
            plugin: root.name.as_str().into(),
            function: Arc::clone(function),
            root,
            reads,
            alone: AtomicBool::new(false),
            transaction: AsyncMutex::new(None),
            has_transaction: AtomicBool::new(false),
            has_writer: AtomicBool::new(false),
            full: AtomicBool::new(false),
            spare: Mutex::default(),
            again: Mutex::default(),
            uses: Uses::default(),
            outside: Outside::new(!reads),
            mailed: Mailed::default(),
            seed: OnceLock::new(),
            randomness: Mutex::new(None),
            lines: Mutex::default(),
        }
    }

    /// The transaction in the shop's database, begun if it was not yet. `deadline` is that of the call
    /// which needs it.
    pub async fn transaction(
        &self,
        database: Option<&Arc<Database>>,
        deadline: Instant,
    ) -> Result<MutexGuard<'_, Option<Transaction>>, Error> {
        let mut open = self.transaction.lock().await;
        if let (None, Some(database)) = (&*open, database) {
            let begun = match self.reads {
                true => database.read(deadline).await?,
                false => {
                    let turn = Turn {
                        plugin: &self.plugin,
                        function: &self.function,
                        limit: Duration::from_millis(u64::from(self.write_ms())),
                        alone: self.alone.load(Ordering::Relaxed),
                        deadline,
                    };
                    let begun = database.write(turn).await?;
                    if !self.stage.begin() {
                        // Who gave it up ends it where it waits next; the writer is free at once.
                        drop(begun);
                        return std::future::pending().await;
                    }
                    self.has_writer.store(true, Ordering::Relaxed);
                    begun
                }
            };
            // What it reads is from before now.
            self.now_ms();
            self.has_transaction.store(true, Ordering::Relaxed);
            *open = Some(begun);
        }
        Ok(open)
    }

    /// Whether a request to another system may leave: not, once something was written. Gives back what
    /// others wait for; the next SQL begins a transaction anew. What the request has seen is durable then,
    /// and from here on it is finished even if its client goes away.
    ///
    /// # Errors
    /// What it has seen is gone, and it is to be run again; or the disk failed.
    pub async fn may_leave(&self) -> Result<bool, Error> {
        if !self.reads && !self.stage.begin() {
            // Who gave it up ends it where it waits next.
            return std::future::pending().await;
        }
        let mut open = self.transaction.lock().await;
        let Some(transaction) = open.as_mut() else { return Ok(true) };
        if transaction.has_written() {
            return Ok(false);
        }
        if transaction.is_lost() {
            return Err(Error::Lost);
        }
        transaction.give_back().await?;
        *open = None;
        self.has_transaction.store(false, Ordering::Relaxed);
        self.has_writer.store(false, Ordering::Relaxed);
        Ok(true)
    }

    /// The time of the request, milliseconds since 1970: when its transaction began, or when it was first
    /// asked for.
    pub fn now_ms(&self) -> u64 {
        *self.now_ms.get_or_init(|| self.clock.now_ms())
    }

    /// Whether the request has a transaction, and with it something that others wait for.
    pub fn has_transaction(&self) -> bool {
        self.has_transaction.load(Ordering::Relaxed)
    }

    /// An instance of a call that ended well: it may remember what the request wrote, so until that is
    /// kept it serves this request alone.
    pub fn give_back(&self, lot: &Arc<Lot>, instance: Parked) {
        self.spare().put(lot, instance);
    }

    /// An instance that served this request before.
    pub fn instance(&self, lot: &Arc<Lot>) -> Option<Parked> {
        self.spare().take(lot)
    }

    /// Now, for [`Tree::throw_away_since`].
    pub fn mark(&self) -> Mark {
        self.spare().mark()
    }

    /// What a call and its callees wrote is undone, and with it go the instances that may remember it: all
    /// that served since.
    pub fn throw_away_since(&self, mark: Mark) {
        let served = self.spare().since(mark);
        // Outside the lock: instances are thrown away with it.
        drop(served);
    }

    /// The request has ended: if what it wrote is kept, others may have its instances.
    pub fn end(&self, kept: bool) {
        let served = self.spare().since(Mark::START);
        if kept {
            let since = self.clock.instant();
            served.into_iter().for_each(|(lot, instance)| lot.park(instance, since));
        }
    }

    fn spare(&self) -> std::sync::MutexGuard<'_, Spare> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer that an earlier request with its key was given.
    pub fn again(&self) -> std::sync::MutexGuard<'_, Option<Once>> {
        self.again.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the request has the writer of the shop's database.
    pub fn has_writer(&self) -> bool {
        self.has_writer.load(Ordering::Relaxed)
    }

    /// A statement of the request found no room for what it was to store.
    pub fn meets_full(&self) {
        self.full.store(true, Ordering::Relaxed);
    }

    /// Whether one did. A request that fails then, in a plugin that traps because of it or in one whose
    /// callee did, has failed of this.
    pub fn met_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// The transaction as it is, while no call runs in it.
    pub async fn open(&self) -> MutexGuard<'_, Option<Transaction>> {
        self.transaction.lock().await
    }

    /// The same while calls run. None while one of them uses it.
    pub fn try_open(&self) -> Option<MutexGuard<'_, Option<Transaction>>> {
        self.transaction.try_lock().ok()
    }

    /// How long the request may have the database's writer, in milliseconds.
    pub fn write_ms(&self) -> u32 {
        self.root.limits.write_ms
    }

    /// The request runs once more from its beginning: it finds the time and the randomness that it had,
    /// and shares its transaction with nobody. What it wrote into the log is as if it had not been.
    pub fn run_again(&self) {
        self.alone.store(true, Ordering::Relaxed);
        self.has_transaction.store(false, Ordering::Relaxed);
        self.has_writer.store(false, Ordering::Relaxed);
        self.full.store(false, Ordering::Relaxed);
        *self.lines() = Lines::default();
        self.outside.rewind();
        self.mailed.rewind();
        self.end(false);
        *self.randomness() = None;
    }

    /// Fills `bytes` with randomness: the next bytes of the request's own stream, which nobody else
    /// can know.
    pub fn random(&self, bytes: &mut [u8]) -> Result<(), getrandom::Error> {
        let mut stream = self.randomness();
        let stream = match &mut *stream {
            Some(stream) => stream,
            none => none.insert(ChaCha20Rng::from_seed(self.seed()?)),
        };
        stream.fill_bytes(bytes);
        Ok(())
    }

    fn seed(&self) -> Result<[u8; 32], getrandom::Error> {
        if let Some(seed) = self.seed.get() {
            return Ok(*seed);
        }
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        Ok(*self.seed.get_or_init(|| seed))
    }

    fn randomness(&self) -> std::sync::MutexGuard<'_, Option<ChaCha20Rng>> {
        self.randomness.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a line about a plugin to the shop's log, unless the tree has written as many as it may.
    pub fn log(&self, installed: &Installed, level: Level, message: &str) {
        self.log_of(installed, level, message, false);
    }

    /// As [`Tree::log`], for a line that the plugin itself writes.
    pub fn log_of_guest(&self, installed: &Installed, level: Level, message: &str) {
        self.log_of(installed, level, message, true);
    }

    fn log_of(&self, installed: &Installed, level: Level, message: &str, of_guest: bool) {
        let mut lines = self.lines();
        if lines.count < LOG_LINES_REQUEST_MAX {
            self.write(&mut lines, installed, level, message, of_guest);
        } else if lines.count == LOG_LINES_REQUEST_MAX {
            let rest = format!(
                "more than {LOG_LINES_REQUEST_MAX} lines of one request: the rest is dropped"
            );
            self.write(&mut lines, installed, Level::Warn, &rest, false);
        }
        lines.count = lines.count.saturating_add(1);
    }

    /// Writes why the request failed, however many lines there are.
    pub fn log_failure(&self, message: &str) {
        self.write(&mut self.lines(), &self.root, Level::Error, message, false);
    }

    /// The lines of a request that reads are in the log at once: it runs once. One that writes may be
    /// undone for the sake of others, and its lines would tell what has not been.
    fn write(
        &self,
        lines: &mut Lines,
        installed: &Installed,
        level: Level,
        message: &str,
        of_guest: bool,
    ) {
        let plugin = installed.name.as_str();
        let line = installed.log.line(level, plugin, &self.request.trace, message);
        lines.bytes += line.message.len();
        lines.held.push(Line { of_guest, ..line });
        if self.reads || lines.bytes > LOG_BYTES_HELD_MAX {
            self.release(lines);
        }
    }

    /// The run that has ended counts: its lines are in the log from now on.
    pub fn release_lines(&self) {
        self.release(&mut self.lines());
    }

    fn release(&self, lines: &mut Lines) {
        lines.bytes = 0;
        self.root.log.add(lines.held.drain(..));
    }

    fn lines(&self) -> std::sync::MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far a request has come that writes: it has not had its turn at the shop's writer, or it has, or it
/// was given up before.
#[derive(Default)]
pub(crate) struct Stage(AtomicU8);

impl Stage {
    const WAITING: u8 = 0;
    const BEGUN: u8 = 1;
    const GIVEN_UP: u8 = 2;

    /// Whether the request may go on.
    pub fn begin(&self) -> bool {
        self.leave_waiting(Stage::BEGUN) || self.0.load(Ordering::Acquire) == Stage::BEGUN
    }

    /// Whether nobody will miss the request: it had not begun, and will not.
    pub fn give_up(&self) -> bool {
        self.leave_waiting(Stage::GIVEN_UP)
    }

    fn leave_waiting(&self, next: u8) -> bool {
        let (from, order) = (Stage::WAITING, Ordering::AcqRel);
        self.0.compare_exchange(from, next, order, Ordering::Acquire).is_ok()
    }
}

#[cfg(test)]
impl Tree {
    /// A tree without a database, whose root may write into the log.
    pub fn of_a_test(reads: bool) -> Tree {
        let clock = quoin_core::ManualClock::at(5_000).clock();
        let root = Installed {
            tenant: "shop".parse().unwrap(),
            name: "p".parse().unwrap(),
            number: 1,
            config: Default::default(),
            grants: [quoin_core::manifest::HostInterface::Log].into(),
            limits: Default::default(),
            database: None,
            log: Arc::new(crate::Log::new(clock.clone())),
            out: None,
            mail: None,
        };
        let request = Request::of(Principal::ANONYMOUS, "trace");
        Tree::new(request, Arc::new(root), &"a#act".into(), reads, clock)
    }

    pub fn root(&self) -> &Arc<Installed> {
        &self.root
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_runs_again_finds_its_randomness_from_the_beginning() {
        let tree = Tree::of_a_test(false);
        let next = |tree: &Tree| {
            let mut bytes = [0; 8];
            tree.random(&mut bytes).unwrap();
            bytes
        };
        let first = [next(&tree), next(&tree)];
        assert_ne!(first[0], first[1]);
        tree.run_again();
        assert_eq!([next(&tree), next(&tree)], first);
        assert_ne!(next(&Tree::of_a_test(false)), first[0]);
    }

    #[test]
    fn lines_are_held_until_a_run_counts_unless_the_request_only_reads() {
        for reads in [false, true] {
            let tree = Tree::of_a_test(reads);
            let there = || tree.root.log.after(0, usize::MAX).len();
            tree.log(&tree.root, Level::Info, "first run");
            assert_eq!(there(), usize::from(reads));
            tree.run_again();
            tree.log(&tree.root, Level::Info, "second run");
            tree.release_lines();
            tree.release_lines();
            assert_eq!(there(), 1 + usize::from(reads));
        }
    }

    #[test]
    fn so_many_bytes_of_lines_are_held_and_no_more() {
        let tree = Tree::of_a_test(false);
        let there = || tree.root.log.after(0, usize::MAX).len();
        for _ in 0..16 {
            tree.log(&tree.root, Level::Info, &"x".repeat(LOG_BYTES_HELD_MAX / 16));
        }
        assert_eq!(there(), 0);
        tree.log(&tree.root, Level::Info, "y");
        assert_eq!(there(), 17);
        tree.log(&tree.root, Level::Info, "z");
        assert_eq!(there(), 17);
    }

    #[test]
    fn a_request_begins_once_and_is_not_given_up_then() {
        let stage = Stage::default();
        assert!(stage.begin());
        assert!(stage.begin());
        assert!(!stage.give_up());
    }

    #[test]
    fn a_request_that_was_given_up_does_not_begin() {
        let stage = Stage::default();
        assert!(stage.give_up());
        assert!(!stage.begin());
    }
}
