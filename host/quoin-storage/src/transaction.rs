//! The one transaction of a request.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use tokio::sync::OwnedSemaphorePermit;

use crate::base::Base;
use crate::changes::{Basis, Tables, Written};
use crate::connection::{Connection, Frame, Part};
use crate::loss::Loss;
use crate::statement::{self, Executor, Failure, Scope, Sent, Step};
use crate::turn::Turn;
use crate::usage::Ledger;
use crate::writer::{SHORT, Seat};
use crate::{Answer, Error, Rows, SqlError, Statement, Value, analysis};

/// A transaction that is open. All calls of a request's tree use it, one at a time. Dropped without
/// [`Transaction::commit`], it leaves nothing behind.
pub struct Transaction {
    base: Arc<Base>,
    /// Why nothing of it can be kept any more.
    loss: Option<Loss>,
    /// The depth of a call that wrote what it cannot go on with: it is undone when it ends.
    broken: Option<u32>,
    kind: Kind,
}

enum Kind {
    Reads(Reader),
    Writes(Box<Writing>),
    /// It has ended.
    Over,
}

/// A connection of the pool, in a transaction that reads.
struct Reader {
    connection: Option<Connection>,
    /// What it has read.
    basis: Basis,
    /// After the connection, so that it is back in its pool before the next one's turn comes.
    _permit: OwnedSemaphorePermit,
}

/// The writer's turn.
struct Writing {
    seat: Seat,
    plugin: Arc<str>,
    function: Arc<str>,
    began: Instant,
    /// When the request has had the writer for as long as it may.
    until: Instant,
    /// When those that finished before it are not kept waiting any longer, if there are any.
    part_at: Option<Instant>,
    wrote: bool,
    /// Calls at depths 1 to this one have a savepoint.
    saved: u32,
    ledger: Ledger,
    /// When the first is due of the later calls that it has asked for.
    asked: Option<u64>,
    /// The turn was counted.
    counted: bool,
}

/// What has become of a transaction whose time at the writer was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overdue {
    /// Those that waited for it were committed; it goes on.
    Parted,
    /// Those that waited for it were committed, and it was undone: the request is to be run again,
    /// alone.
    Again,
    /// It had the writer for as long as its limit allows, and was undone.
    Limit,
}

impl Transaction {
    pub(crate) fn reading(
        base: Arc<Base>,
        connection: Connection,
        permit: OwnedSemaphorePermit,
    ) -> Result<Transaction, Error> {
        // Before there is a snapshot: what is committed in between is taken for later.
        let basis = base.changes.begin();
        // On an error the connection is closed, and the next transaction opens another.
        connection.frame(Frame::Begin).map_err(|error| Error::sqlite(&base.path, error))?;
        let kind = Kind::Reads(Reader { connection: Some(connection), basis, _permit: permit });
        Ok(Transaction { base, loss: None, broken: None, kind })
    }

    pub(crate) fn writing(
        base: Arc<Base>,
        mut seat: Seat,
        turn: &Turn<'_>,
    ) -> Result<Transaction, Error> {
        seat.begin()?;
        let ledger = match seat.connection().map(Ledger::begin) {
            Some(Ok(ledger)) => ledger,
            Some(Err(error)) => {
                seat.close();
                return Err(Error::sqlite(&base.path, error));
            }
            None => return Err(Error::Lost),
        };
        let began = base.clock.instant();
        let writing = Writing {
            plugin: Arc::clone(turn.plugin),
            function: Arc::clone(turn.function),
            began,
            until: began + turn.limit,
            part_at: seat.is_shared().then(|| began + SHORT),
            wrote: false,
            saved: 0,
            ledger,
            asked: None,
            counted: false,
            seat,
        };
        Ok(Transaction { base, loss: None, broken: None, kind: Kind::Writes(Box::new(writing)) })
    }

    /// Runs one statement and returns its rows. Parameters are `?1`, `?2` …
    ///
    /// # Errors
    /// See [`SqlError`]; a result beyond `SQL_ROWS_MAX` or `SQL_RESULT_BYTES_MAX` is an error, too.
    pub async fn query(
        &mut self,
        scope: &Scope<'_>,
        text: &str,
        params: &[Value],
    ) -> Result<Rows, SqlError> {
        self.run(scope, text, params, statement::collect).map(|(rows, _)| rows)
    }

    /// Runs one statement and returns how many rows it inserted, updated or deleted; rows that it
    /// returns are dropped. Parameters are `?1`, `?2` …
    ///
    /// # Errors
    /// See [`SqlError`].
    pub async fn execute(
        &mut self,
        scope: &Scope<'_>,
        text: &str,
        params: &[Value],
    ) -> Result<u64, SqlError> {
        let ((), wrote) = self.run(scope, text, params, statement::finish)?;
        Ok(self.changed(wrote))
    }

    /// Runs one statement and returns its rows and how many rows it changed.
    ///
    /// # Errors
    /// See [`SqlError`].
    pub async fn answer(
        &mut self,
        scope: &Scope<'_>,
        statement: &Statement,
    ) -> Result<Answer, SqlError> {
        let step = statement::collect;
        let (rows, wrote) = self.run(scope, &statement.text, &statement.params, step)?;
        Ok(Answer { rows, changed: self.changed(wrote) })
    }

    /// What was read so far; none where also something is written.
    pub fn basis(&self) -> Option<Basis> {
        match &self.kind {
            Kind::Reads(reader) if self.loss.is_none() => Some(reader.basis.clone()),
            _ => None,
        }
    }

    /// Whether the running call can go on to nothing: no statement runs any more until it has ended,
    /// because it or the whole transaction cannot be kept.
    pub fn is_lost(&self) -> bool {
        self.loss.is_some() || self.broken.is_some()
    }

    /// SQLite goes on telling the count of the last statement that changed rows.
    fn changed(&self, wrote: bool) -> u64 {
        self.connection().filter(|_| wrote).map_or(0, |connection| connection.sqlite.changes())
    }

    fn connection(&self) -> Option<&Connection> {
        match &self.kind {
            Kind::Reads(reader) => reader.connection.as_ref(),
            Kind::Writes(writing) => writing.seat.connection(),
            Kind::Over => None,
        }
    }

    fn run<T>(
        &mut self,
        scope: &Scope<'_>,
        sql: &str,
        params: &[Value],
        step: Step<T>,
    ) -> Result<(T, bool), SqlError> {
        if let Some(loss) = &self.loss {
            return Err(loss.told());
        }
        if self.broken.is_some() {
            return Err(SqlError::Other("the call has failed and is undone".into()));
        }
        let base = Arc::clone(&self.base);
        let over = || SqlError::Other("the transaction is over".into());
        let (texts, changes, clock) = (&base.texts, &base.changes, &base.clock);
        let result = match &mut self.kind {
            Kind::Over => return Err(over()),
            Kind::Reads(reader) => {
                let connection = reader.connection.as_ref().ok_or_else(over)?;
                let scope = &Scope { writes: false, ..scope.clone() };
                let sent = Sent { scope, sql, params, writer_until: scope.deadline };
                let executor = Executor { connection, texts, changes, clock };
                let basis = &mut reader.basis;
                let mut names = |tables: &Tables| basis.add(&tables.read);
                let result = executor.run(sent, step, &mut names, &mut |_| Ok(()));
                if let (true, Err(failure)) = (connection.is_idle(), &result) {
                    // Another snapshot than the one it has read so far is none.
                    self.loss = Some(Loss::of(&failure.error, false));
                }
                result
            }
            Kind::Writes(writing) => {
                let Writing { seat, ledger, saved, wrote, until, .. } = &mut **writing;
                let mut named = Written::default();
                let connection = seat.open().ok_or_else(over)?;
                let sent = Sent { scope, sql, params, writer_until: *until };
                let executor = Executor { connection, texts, changes, clock };
                let mut names = |tables: &Tables| named.add(&tables.written);
                let result = executor.run(sent, step, &mut names, &mut |on| {
                    *wrote = true;
                    while *saved < scope.depth {
                        on.begin(Part(*saved + 1))?;
                        *saved += 1;
                    }
                    let who = (scope.plugin, scope.depth);
                    let removes = removes(sql);
                    ledger.before_write(on, who, scope.max_bytes, removes)
                });
                let checked = match connection.is_idle() {
                    true => Ok(()),
                    false => ledger.after_write(connection),
                };
                let result = match (checked, result) {
                    (Err(error), Ok(_)) => {
                        let half_done = error != SqlError::Full;
                        Err(Failure { error, half_done })
                    }
                    (_, result) => result,
                };
                if connection.is_idle() {
                    // SQLite has rolled back, and not only for this request.
                    let shared = seat.is_shared();
                    seat.lost();
                    let error = result.err().map(|failure| failure.error);
                    let error = error.unwrap_or_else(over);
                    let late = clock.instant() >= *until && error == SqlError::Timeout;
                    self.loss = Some(match shared && !late {
                        // What it has seen of the others is gone, and its answer may tell of that.
                        true => Loss::Again,
                        false => Loss::of(&error, late),
                    });
                    return Err(error);
                }
                if matches!(&result, Err(Failure { error: SqlError::Timeout, .. }))
                    && clock.instant() >= *until
                {
                    self.loss = Some(Loss::Limit);
                }
                seat.writes(&named);
                result
            }
        };
        result.map_err(|Failure { error, half_done }| {
            if half_done && scope.depth > 0 {
                self.broken = Some(scope.depth);
            } else if half_done {
                self.loss = Some(Loss::Statement(error.to_string()));
            }
            error
        })
    }

    /// A call at this depth of the tree has ended, together with all that it called: what it wrote is
    /// kept for its caller, or undone alone.
    ///
    /// # Errors
    /// The transaction is lost.
    pub async fn end_call(&mut self, depth: u32, keep: bool) -> Result<(), Error> {
        let Kind::Writes(writing) = &mut self.kind else { return Ok(()) };
        let keep = keep && self.broken.is_none_or(|broken| broken < depth);
        self.broken = self.broken.filter(|broken| *broken < depth);
        if depth == 0 || writing.saved < depth || self.loss.is_some() {
            return Ok(());
        }
        let Some(connection) = writing.seat.connection() else { return Err(Error::Lost) };
        writing.saved = depth - 1;
        let ended = match keep {
            true => {
                connection.keep(Part(depth)).and_then(|()| writing.ledger.keep(connection, depth))
            }
            false => {
                connection.undo(Part(depth)).and_then(|()| writing.ledger.undo(connection, depth))
            }
        };
        ended.map_err(|error| {
            let error = Error::sqlite(&self.base.path, error);
            self.loss = Some(Loss::Failed(error.to_string()));
            error
        })
    }

    /// When [`Transaction::overdue`] is to be called, if the request has the writer.
    pub fn until(&self) -> Option<Instant> {
        match &self.kind {
            Kind::Reads(_) | Kind::Over => None,
            Kind::Writes(writing) => {
                Some(writing.part_at.map_or(writing.until, |part_at| part_at.min(writing.until)))
            }
        }
    }

    /// The time at the writer is over that [`Transaction::until`] told. To be called between two
    /// statements.
    ///
    /// # Errors
    /// SQLite cannot go on.
    pub fn overdue(&mut self) -> Result<Overdue, Error> {
        let now = self.base.clock.instant();
        let Kind::Writes(writing) = &mut self.kind else { return Ok(Overdue::Parted) };
        if now >= writing.until {
            writing.seat.leave();
            self.loss.get_or_insert(Loss::Limit);
            return Ok(Overdue::Limit);
        }
        writing.part_at = None;
        if !writing.seat.is_shared() {
            return Ok(Overdue::Parted);
        }
        if writing.wrote || self.loss.is_some() {
            writing.seat.leave();
            self.loss.get_or_insert(Loss::Again);
            return Ok(Overdue::Again);
        }
        match writing.seat.part() {
            Ok(()) => Ok(Overdue::Parted),
            // What it has seen of the others is gone.
            Err(Error::Lost) => {
                self.loss = Some(Loss::Again);
                Ok(Overdue::Again)
            }
            Err(error) => {
                self.loss = Some(Loss::Failed(error.to_string()));
                Err(error)
            }
        }
    }

    /// Keeps nothing. Returns when everything is durable that the request has seen: the answer of one
    /// that failed may tell of it. Dropping the transaction does not wait for that.
    ///
    /// # Errors
    /// [`Error::Lost`] when it saw what was not kept, so that the request is to be run again; or the
    /// disk failed.
    pub async fn undo(mut self) -> Result<(), Error> {
        let mut writing = match std::mem::replace(&mut self.kind, Kind::Over) {
            Kind::Writes(writing) => writing,
            reads => {
                self.kind = reads;
                let again = matches!(self.loss, Some(Loss::Again));
                return if again { Err(Error::Lost) } else { Ok(()) };
            }
        };
        writing.count(&self.base, self.loss.is_none());
        let outcome = writing.seat.look_away()?;
        if matches!(self.loss, Some(Loss::Again)) {
            return Err(Error::Lost);
        }
        match outcome {
            Some(outcome) => outcome.await.unwrap_or(Err(Error::Lost)),
            None => Ok(()),
        }
    }

    /// Whether anything was written in it, be it undone meanwhile.
    pub fn has_written(&self) -> bool {
        matches!(&self.kind, Kind::Writes(writing) if writing.wrote)
    }

    /// Gives the writer or the reader back before the request has ended: nothing is kept of it. Returns
    /// when everything is durable that it has seen, as [`Transaction::undo`] does. Nothing runs in it
    /// afterwards.
    ///
    /// # Errors
    /// [`Error::Lost`] when it saw what was not kept: the request is to be run again, which
    /// [`Transaction::undo`] says from then on.
    pub async fn give_back(&mut self) -> Result<(), Error> {
        let mut writing = match std::mem::replace(&mut self.kind, Kind::Over) {
            Kind::Writes(writing) => writing,
            Kind::Reads(reader) => {
                self.kind = Kind::Reads(reader);
                return Ok(());
            }
            Kind::Over => return Ok(()),
        };
        writing.count(&self.base, self.loss.is_none());
        // For who gives up while it waits: it may have told of what others have not committed.
        let lost = self.loss.replace(Loss::Again);
        let seen = match writing.seat.look_away()? {
            Some(outcome) => outcome.await.unwrap_or(Err(Error::Lost)),
            None => Ok(()),
        };
        match (seen, lost) {
            (Ok(()), Some(Loss::Again)) => Err(Error::Lost),
            (Ok(()), lost) => {
                self.loss = lost;
                Ok(())
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Makes everything durable that was written, before it returns. Requests that queue for the writer
    /// may be committed with it.
    ///
    /// # Errors
    /// [`Error::Lost`] when nothing was kept because of others, so that the request can be run again. Any
    /// other: nothing was kept, because a statement had lost the transaction or the disk failed.
    pub async fn commit(mut self) -> Result<(), Error> {
        if let Some(loss) = self.loss.take() {
            let error = loss.error(&self.base.path);
            self.loss = Some(loss);
            return Err(error);
        }
        let base = Arc::clone(&self.base);
        let failed = |error| Error::sqlite(&base.path, error);
        match &mut self.kind {
            Kind::Reads(_) | Kind::Over => return Ok(()),
            // There is nothing to make durable, and it has seen nothing that is not.
            Kind::Writes(writing) if !writing.wrote && !writing.seat.is_shared() => {
                return Ok(());
            }
            Kind::Writes(writing) => {
                let Some(connection) = writing.seat.open() else { return Err(Error::Lost) };
                writing.ledger.store(connection).map_err(failed)?;
                base.statistics.note(connection);
            }
        }
        let Kind::Writes(mut writing) = std::mem::replace(&mut self.kind, Kind::Over) else {
            return Ok(());
        };
        writing.count(&base, true);
        let (asked, outcome) = (writing.asked, writing.seat.keep(base.clock.instant()));
        // Whoever was to commit it may have fallen over.
        outcome.await.unwrap_or(Err(Error::Lost))?;
        if let (Some(due), Some(bell)) = (asked, base.bell.get()) {
            (bell.after)(due);
        }
        analysis::after_commit(&base);
        Ok(())
    }

    /// Ends it after a fault of the host: what its connection is in is not known, so it is closed.
    pub fn abandon(mut self) {
        match &mut self.kind {
            Kind::Reads(reader) => reader.connection = None,
            Kind::Writes(writing) => writing.seat.close(),
            Kind::Over => {}
        }
    }

    pub(crate) fn base(&self) -> Arc<Base> {
        Arc::clone(&self.base)
    }

    /// Reads for the host.
    pub(crate) fn look<T>(
        &self,
        work: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        let connection = self.connection().ok_or(Error::Lost)?;
        connection.as_host(work).map_err(|error| Error::sqlite(&self.base.path, error))
    }

    /// A later call is about to be asked for.
    pub(crate) fn before_later(&self) -> Result<(), SqlError> {
        let before = self.base.bell.get().map_or(Ok(()), |bell| (bell.before)());
        before.map_err(SqlError::Other)
    }

    /// A later call was asked for that is due then.
    pub(crate) fn asks_later(&mut self, due: u64) {
        if let Kind::Writes(writing) = &mut self.kind {
            writing.asked = Some(writing.asked.map_or(due, |first| first.min(due)));
        }
    }

    /// A plugin lets go of a file.
    pub(crate) fn lets_go_of_files(&self) {
        self.base.unkept.store(true, Ordering::Relaxed);
    }

    /// Work of the host on rows of its own, which belongs to what the call at this depth writes. No answer
    /// is kept that was made from them.
    pub(crate) fn as_host_at<T>(
        &mut self,
        depth: u32,
        work: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<T>,
    ) -> Result<T, SqlError> {
        if let Some(loss) = &self.loss {
            return Err(loss.told());
        }
        if self.broken.is_some() {
            return Err(SqlError::Other("the call has failed and is undone".into()));
        }
        let over = || SqlError::Other("the transaction is over".into());
        let Kind::Writes(writing) = &mut self.kind else {
            return Err(SqlError::Denied("the request only reads".into()));
        };
        let Writing { seat, ledger, saved, wrote, .. } = &mut **writing;
        let connection = seat.open().ok_or_else(over)?;
        *wrote = true;
        let done = || {
            while *saved < depth {
                connection.begin(Part(*saved + 1))?;
                *saved += 1;
            }
            ledger.before_host_writes(connection)?;
            let done = connection.as_host(work)?;
            ledger.after_host_writes(connection)?;
            Ok(done)
        };
        let done: Result<T, SqlError> = done();
        if connection.is_idle() {
            // SQLite has rolled back, and not only for this request.
            let shared = seat.is_shared();
            seat.lost();
            let error = done.err().unwrap_or_else(over);
            self.loss = Some(if shared { Loss::Again } else { Loss::of(&error, false) });
            return Err(error);
        }
        if done.is_err() {
            // Some of the rows may be there.
            match depth {
                0 => self.loss = Some(Loss::Failed("the host's rows were not written".into())),
                _ => self.broken = Some(depth),
            }
        }
        done
    }

    /// An error of the host's own work.
    pub(crate) fn host_error(&self, error: SqlError) -> Error {
        let path = self.base.path.clone();
        match error {
            SqlError::Full => Error::Full { path },
            error => Error::Sqlite { path, message: error.to_string() },
        }
    }

    /// The connection, for work of the host that writes in this transaction.
    pub(crate) fn host_writes(&mut self) -> Result<(&Connection, &mut Ledger), Error> {
        let Kind::Writes(writing) = &mut self.kind else { return Err(Error::Lost) };
        writing.wrote = true;
        let Writing { seat, ledger, .. } = &mut **writing;
        // The host writes what plugins read in migrations alone.
        let mut written = Written::default();
        written.add(&[self.base.changes.all_tables()]);
        seat.writes(&written);
        Ok((seat.connection().ok_or(Error::Lost)?, ledger))
    }
}

/// Whether a statement can only make room. What else it may be, it is not taken for one.
fn removes(sql: &str) -> bool {
    sql.trim_start().get(..6).is_some_and(|start| start.eq_ignore_ascii_case("delete"))
}

impl Writing {
    /// Counts the turn, once.
    fn count(&mut self, base: &Base, good: bool) {
        if !std::mem::replace(&mut self.counted, true) {
            let time = base.clock.instant().saturating_duration_since(self.began);
            base.writer.took(&self.plugin, &self.function, time, good);
        }
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        match &mut self.kind {
            Kind::Over => {}
            Kind::Reads(reader) => {
                let Some(connection) = reader.connection.take() else { return };
                // A panic may have come between, so that the connection is not what it seems to be.
                let rolled_back = connection.is_idle() || connection.frame(Frame::Rollback).is_ok();
                if rolled_back && !std::thread::panicking() {
                    self.base.readers.give_back(connection);
                }
            }
            Kind::Writes(writing) => {
                writing.count(&self.base, self.loss.is_none());
                match std::thread::panicking() {
                    true => writing.seat.close(),
                    false => writing.seat.undo(),
                }
            }
        }
    }
}
