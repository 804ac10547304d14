//! The one writer of a database: whose turn it is, and which requests share a commit.
//!
//! Turns go round the plugins that wait, so that one with many requests keeps no other waiting for
//! more than one of them. A request that is done does not commit at once if the next one waits
//! already and has proven short: the transaction stays open for that one, behind a savepoint, and is
//! committed for all of them together. Nobody is answered before.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use quoin_core::Clock;
use tokio::sync::oneshot;

use crate::Error;
use crate::blocking::{beside, blocking};
use crate::changes::{Changes, Written};
use crate::connection::{Connection, Frame, Opener, Part, Role};
use crate::turn::{Held, Turn};

/// Requests of one plugin that may wait for the writer: as many as it may run at once. Beyond that
/// something is wrong, and waiting longer does not help.
const WAITING_MAX: usize = 256;
/// How long a request may have the writer to count as short. A finished request waits for one that
/// shares its commit, so this is what sharing may cost it.
pub(crate) const SHORT: Duration = Duration::from_millis(5);
/// Short turns that a function must have behind it to share a commit. A turn that was not short halves
/// what it has, one that lost its transaction takes it all.
const PROVEN: u32 = 8;
/// Short turns that count at most: after one that the machine made long, a function still shares; after
/// two in a row, which are its own, it does not.
const PROVEN_MAX: u32 = 2 * PROVEN;
/// Requests that share a commit. What a crash takes back and what a neighbour's fault makes run again
/// stays small, and a hundredth of a sync is nothing to save any more.
const SHARED_MAX: usize = 64;
/// How long a commit is put off at most while requests follow each other, in times of the last one: a
/// slow disk is worth more company.
const PATIENCE: u32 = 4;
/// How long it is put off at most, whatever the last one took.
const PATIENCE_MAX: Duration = Duration::from_millis(50);

/// The outcome of a commit that several wait for.
pub(crate) type Outcome = Result<(), Error>;

/// The one writer of a database.
pub(crate) struct Writer {
    path: PathBuf,
    opener: Opener,
    changes: Arc<Changes>,
    clock: Clock,
    state: Mutex<State>,
}

struct State {
    /// There while nobody has it.
    idle: Option<Desk>,
    /// Who waits, by plugin; the plugin at the front is the next one's.
    waiting: VecDeque<(Arc<str>, VecDeque<Waiter>)>,
    held: HashMap<Arc<str>, Held>,
    /// Short turns, by plugin and function; see [`PROVEN`].
    short: HashMap<(Arc<str>, Arc<str>), u32>,
}

struct Waiter {
    shares: bool,
    alone: bool,
    seat: oneshot::Sender<Seat>,
}

/// What goes from one who has the writer to the next.
pub(crate) struct Desk {
    /// Opened when it is first needed, and anew after a failure.
    connection: Option<Connection>,
    /// Requests that are done and wait for the commit of the transaction that is open.
    done: Vec<oneshot::Sender<Outcome>>,
    /// When the first of them was done.
    since: Option<Instant>,
    /// How long the last commit took.
    commit: Duration,
    /// The tables that the transaction has written that is open.
    written: Written,
}

/// The writer, while somebody has it. Dropped, it goes to the next.
pub(crate) struct Seat {
    writer: Arc<Writer>,
    desk: Option<Desk>,
    /// Nobody joins its transaction.
    alone: bool,
}

impl Writer {
    /// The writer of the database at `path`, with its first connection.
    pub fn new(
        path: PathBuf,
        (opener, changes): (Opener, Arc<Changes>),
        clock: Clock,
        connection: Connection,
    ) -> Arc<Writer> {
        let (idle, waiting) = (Some(Desk::new(connection)), VecDeque::new());
        let (held, short) = (HashMap::new(), HashMap::new());
        let state = Mutex::new(State { idle, waiting, held, short });
        Arc::new(Writer { path, opener, changes, clock, state })
    }

    /// Waits for the turn. Who goes away while it waits leaves nothing behind.
    pub async fn turn(self: &Arc<Self>, turn: &Turn<'_>) -> Result<Seat, Error> {
        self.wait(turn).await?.connected(turn.deadline).await
    }

    async fn wait(self: &Arc<Self>, turn: &Turn<'_>) -> Result<Seat, Error> {
        let coming = {
            let mut state = self.state();
            if let Some(desk) = state.idle.take() {
                let alone = turn.alone;
                return Ok(Seat { writer: Arc::clone(self), desk: Some(desk), alone });
            }
            state.enqueue(turn)?
        };
        match tokio::time::timeout_at(turn.deadline.into(), coming).await {
            Ok(Ok(seat)) => Ok(seat),
            // Every waiter is sent a seat or outlives its database.
            Ok(Err(_)) => Err(Error::Overloaded),
            Err(_) => Err(Error::Deadline),
        }
    }

    /// How long the requests of `plugin` had the writer.
    pub fn held(&self, plugin: &str) -> Held {
        self.state().held.get(plugin).copied().unwrap_or_default()
    }

    /// A turn is over that took `time`; a request that was `good` may share a commit in time.
    pub fn took(&self, plugin: &Arc<str>, function: &Arc<str>, time: Duration, good: bool) {
        let mut state = self.state();
        let held = state.held.entry(Arc::clone(plugin)).or_default();
        held.turns += 1;
        held.total += time;
        held.longest = held.longest.max(time);
        let key = (Arc::clone(plugin), Arc::clone(function));
        let short = state.short.entry(key).or_default();
        *short = match (good, time <= SHORT) {
            (true, true) => (*short + 1).min(PROVEN_MAX),
            (true, false) => *short / 2,
            (false, _) => 0,
        };
    }

    /// Gives the desk to the next who waits, and commits before that what need not or must not wait.
    fn pass_on(self: &Arc<Self>, mut desk: Desk) {
        loop {
            let next = {
                let mut state = self.state();
                let next = state.next();
                if next.is_none() && desk.done.is_empty() {
                    state.idle = Some(desk);
                    return;
                }
                next
            };
            let joins = next.as_ref().is_some_and(|next| next.shares);
            let waits = joins && desk.has_patience(self.clock.instant());
            if !desk.done.is_empty() && !waits {
                desk.commit(self);
            }
            let Some(next) = next else { continue };
            let seat = Seat { writer: Arc::clone(self), desk: Some(desk), alone: next.alone };
            match next.seat.send(seat) {
                Ok(()) => return,
                // It has gone meanwhile.
                Err(mut seat) => match seat.desk.take() {
                    Some(back) => desk = back,
                    None => return,
                },
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_proven(&self, turn: &Turn<'_>) -> bool {
        let key = (Arc::clone(turn.plugin), Arc::clone(turn.function));
        self.short.get(&key).is_some_and(|turns| *turns >= PROVEN)
    }

    fn enqueue(&mut self, turn: &Turn<'_>) -> Result<oneshot::Receiver<Seat>, Error> {
        let plugin = turn.plugin;
        let shares = !turn.alone && self.is_proven(turn);
        let place = self.waiting.iter().position(|(of, _)| of == plugin);
        let place = place.unwrap_or_else(|| {
            self.waiting.push_back((Arc::clone(plugin), VecDeque::new()));
            self.waiting.len() - 1
        });
        let Some((_, queue)) = self.waiting.get_mut(place) else { return Err(Error::Overloaded) };
        if queue.len() >= WAITING_MAX {
            queue.retain(|waiter| !waiter.seat.is_closed());
        }
        if queue.len() >= WAITING_MAX {
            return Err(Error::Overloaded);
        }
        let (seat, coming) = oneshot::channel();
        queue.push_back(Waiter { shares, alone: turn.alone, seat });
        Ok(coming)
    }

    /// The next who waits: the longest waiting of the plugin whose turn it is.
    fn next(&mut self) -> Option<Waiter> {
        loop {
            let (plugin, mut queue) = self.waiting.pop_front()?;
            let next = queue.pop_front();
            if !queue.is_empty() {
                self.waiting.push_back((plugin, queue));
            }
            match next {
                Some(waiter) if waiter.seat.is_closed() => {}
                Some(waiter) => return Some(waiter),
                None => {}
            }
        }
    }
}

impl Desk {
    fn new(connection: Connection) -> Desk {
        let connection = Some(connection);
        let (done, written) = (Vec::new(), Written::default());
        Desk { connection, done, since: None, commit: Duration::ZERO, written }
    }

    /// Whether the finished requests can wait for one more.
    fn has_patience(&self, now: Instant) -> bool {
        let patience = SHORT.max(self.commit * PATIENCE).min(PATIENCE_MAX);
        self.done.len() < SHARED_MAX
            && self.since.is_none_or(|since| now.saturating_duration_since(since) < patience)
    }

    /// Commits for all that are done, and tells them. Returns whether it could.
    fn commit(&mut self, writer: &Writer) -> bool {
        let connection = self.connection.as_ref().filter(|connection| !connection.is_idle());
        let Some(connection) = connection else {
            self.lost();
            return false;
        };
        let began = writer.clock.instant();
        let commit = || blocking(|| connection.frame(Frame::Commit));
        let result = writer.changes.committing(&mut self.written, commit);
        self.commit = writer.clock.instant().saturating_duration_since(began);
        let outcome = result.map_err(|error| Error::sqlite(&writer.path, error));
        if outcome.is_err() {
            // Whatever is left of the transaction goes with the connection.
            self.connection = None;
        }
        self.tell(&outcome);
        outcome.is_ok()
    }

    /// The transaction is gone, with what the finished requests wrote. None of it was committed, so they
    /// can run again.
    fn lost(&mut self) {
        self.written.clear();
        self.tell(&Err(Error::Lost));
    }

    fn tell(&mut self, outcome: &Outcome) {
        self.since = None;
        for done in self.done.drain(..) {
            // Who has gone does not want to know.
            let _ = done.send(outcome.clone());
        }
    }
}

impl Seat {
    fn desk(&mut self) -> Result<&mut Desk, Error> {
        self.desk.as_mut().ok_or(Error::Lost)
    }

    /// With its connection open. A file that is slow to open holds up nobody past the deadline.
    async fn connected(self, deadline: Instant) -> Result<Seat, Error> {
        if self.connection().is_some() {
            return Ok(self);
        }
        let mut seat = self;
        beside(deadline, move || seat.open_connection().map(|()| seat)).await
    }

    fn open_connection(&mut self) -> Result<(), Error> {
        if self.connection().is_none() {
            let connection = blocking(|| self.writer.opener.open(Role::Writer))?;
            self.desk()?.connection = Some(connection);
        }
        Ok(())
    }

    /// The connection, with a transaction begun, and behind a savepoint where others wait for its
    /// commit.
    pub fn begin(&mut self) -> Result<(), Error> {
        let path = self.writer.path.clone();
        self.open_connection()?;
        let desk = self.desk()?;
        let connection = desk.connection.as_ref().ok_or(Error::Lost)?;
        let begun = match desk.done.is_empty() {
            true => connection.frame(Frame::BeginImmediate),
            false => connection.begin(Part(0)),
        };
        begun.map_err(|error| {
            desk.lost();
            desk.connection = None;
            Error::sqlite(&path, error)
        })
    }

    /// Starts the WAL file again from its beginning. Nobody reads, and no transaction is open.
    pub fn restart_wal(&self) -> Result<(), Error> {
        self.checkpoint("PRAGMA wal_checkpoint(TRUNCATE)")
    }

    /// Takes the WAL file into the database by this statement. No transaction is open.
    pub fn checkpoint(&self, statement: &str) -> Result<(), Error> {
        let Some(connection) = self.connection() else { return Ok(()) };
        let checkpoint = |sqlite: &rusqlite::Connection| sqlite.execute_batch(statement);
        connection.as_host(checkpoint).map_err(|e| Error::sqlite(&self.writer.path, e))
    }

    /// The connection.
    pub fn connection(&self) -> Option<&Connection> {
        self.desk.as_ref()?.connection.as_ref()
    }

    /// The connection, if its transaction is open. Without one, each statement would be one of its own.
    pub fn open(&self) -> Option<&Connection> {
        self.connection().filter(|connection| !connection.is_idle())
    }

    /// These tables are written in the transaction that is open.
    pub fn writes(&mut self, written: &Written) {
        if let Some(desk) = &mut self.desk {
            desk.written.join(written);
        }
    }

    /// Whether finished requests wait for the commit of this transaction.
    pub fn is_shared(&self) -> bool {
        self.desk.as_ref().is_some_and(|desk| !desk.done.is_empty())
    }

    /// SQLite has rolled back by itself: the finished requests run again.
    pub fn lost(&mut self) {
        if let Some(desk) = &mut self.desk {
            desk.lost();
        }
    }

    /// Commits for the finished requests, and begins anew for the one that goes on, which has not
    /// written. Nobody else writes in between, so it goes on seeing what it saw.
    ///
    /// # Errors
    /// The commit failed, and what it saw of the others is gone; or it cannot begin anew.
    pub fn part(&mut self) -> Result<(), Error> {
        match self.commit_done() {
            true => self.begin(),
            false => Err(Error::Lost),
        }
    }

    /// Ends the request's own part without keeping it, and commits for the finished requests.
    pub fn leave(&mut self) {
        self.undo();
        if self.is_shared() {
            self.commit_done();
        }
    }

    fn commit_done(&mut self) -> bool {
        let writer = Arc::clone(&self.writer);
        self.desk.as_mut().is_some_and(|desk| desk.commit(&writer))
    }

    /// Ends the request's own part without keeping it.
    pub fn undo(&mut self) {
        let Some(desk) = &mut self.desk else { return };
        let Some(connection) = &desk.connection else { return };
        if desk.done.is_empty() {
            // A connection that cannot even roll back is closed.
            if !connection.is_idle() && connection.frame(Frame::Rollback).is_err() {
                desk.connection = None;
            }
            desk.written.clear();
            return;
        }
        if connection.is_idle() || connection.undo(Part(0)).is_err() {
            desk.lost();
            desk.connection = None;
        }
    }

    /// Ends the request's own part, keeps it, and gives the writer to the next. The answer comes when it
    /// is committed.
    pub fn keep(mut self, now: Instant) -> oneshot::Receiver<Outcome> {
        let (told, outcome) = oneshot::channel();
        if let Some(desk) = &mut self.desk {
            let shared = !desk.done.is_empty();
            desk.done.push(told);
            desk.since.get_or_insert(now);
            let released = match &desk.connection {
                Some(connection) if shared => connection.keep(Part(0)).is_ok(),
                connection => connection.is_some(),
            };
            if !released {
                desk.lost();
                desk.connection = None;
            }
        }
        if self.alone && self.is_shared() {
            self.commit_done();
        }
        outcome
    }

    /// Ends the request's own part without keeping it, and gives the writer to the next. The answer comes
    /// when what it may have seen of others is committed.
    ///
    /// # Errors
    /// What it may have seen is gone.
    pub fn look_away(mut self) -> Result<Option<oneshot::Receiver<Outcome>>, Error> {
        let shared = self.is_shared();
        self.undo();
        match self.desk.as_mut().filter(|desk| !desk.done.is_empty()) {
            Some(desk) => {
                let (told, outcome) = oneshot::channel();
                desk.done.push(told);
                Ok(Some(outcome))
            }
            None if shared => Err(Error::Lost),
            None => Ok(None),
        }
    }

    /// Closes the connection: what it is in is not known.
    pub fn close(&mut self) {
        if let Some(desk) = &mut self.desk {
            desk.lost();
            desk.connection = None;
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(desk) = self.desk.take() {
            self.writer.pass_on(desk);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_commit_is_worth_more_company_and_no_more_than_the_limit() {
        let start = Instant::now();
        let desk = |done: usize, commit: Duration| Desk {
            connection: None,
            done: (0..done).map(|_| oneshot::channel().0).collect(),
            since: Some(start),
            commit,
            written: Written::default(),
        };
        let instant = Duration::from_nanos(1);
        for (commit, patience) in [
            (Duration::ZERO, SHORT),
            (SHORT / PATIENCE, SHORT),
            (SHORT, SHORT * PATIENCE),
            (PATIENCE_MAX * 10, PATIENCE_MAX),
        ] {
            let desk = desk(1, commit);
            assert!(desk.has_patience(start + patience - instant), "{commit:?}");
            assert!(!desk.has_patience(start + patience), "{commit:?}");
        }
        assert!(desk(SHARED_MAX - 1, Duration::ZERO).has_patience(start));
        assert!(!desk(SHARED_MAX, Duration::ZERO).has_patience(start));
    }
}
