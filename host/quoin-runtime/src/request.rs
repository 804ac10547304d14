//! Requests: a call from outside, and the one transaction of all calls that it leads to.

use std::future::poll_fn;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use quoin_storage::{Database, Error as StorageError, Once, OnceKey, Overdue, Transaction};
use tokio::task::JoinHandle;
use tokio::time::Sleep;

use crate::Value;
use crate::basis::Basis;
use crate::call::{is_good, run};
use crate::failure::{Failure, FailureKind, Outcome};
use crate::json;
use crate::node::Node;
use crate::params::{Params, Returned};
use crate::program::Export;
use crate::running::Running;
use crate::ticker::Ticking;
use crate::tree::{Check, OnlyOnce, Origin, Request, Tree};
use crate::web;

/// How often a request is run that loses its transaction through others. From the second time on it has
/// its transaction for itself, so that no neighbour can take it along: more than that is a fault of
/// the disk.
const RUNS_MAX: u32 = 3;

/// A function of a provided interface.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The interface with version.
    pub interface: &'a str,
    /// The function.
    pub function: &'a str,
}

/// The outcome of a request.
#[derive(Debug)]
pub struct Answered<T = Option<Value>> {
    /// What the function returned, or why it did not.
    pub outcome: Outcome<T>,
    /// What it was made from, if the function is declared to read, has returned something other than an
    /// error, and used nothing that may be otherwise without anybody knowing.
    pub basis: Option<Basis>,
    /// The answer that an earlier request with its key was given. Then the function did not run, and the
    /// outcome says nothing.
    pub again: Option<Once>,
}

/// As [`answer`], for whoever wants the outcome alone.
///
/// # Errors
/// See [`Failure`].
pub async fn call(
    node: &Arc<Node>,
    target: Target<'_>,
    params: Vec<Value>,
    request: Request,
    check: Check,
) -> Outcome {
    answer(node, target, params, request, check).await.outcome
}

/// As [`call`], of the plugin `web` interface of this name, whose values cross by types of the host's own.
///
/// # Errors
/// See [`Failure`].
pub async fn call_web(
    node: &Arc<Node>,
    interface: &str,
    web: web::Request,
    request: Request,
    check: Check<web::Response>,
) -> Outcome<web::Answer> {
    let target = Target { interface, function: web::FUNCTION };
    answer_to(node, target, Box::new(web), request, check).await.outcome
}

/// Runs a function for a caller outside, and commits what it and its callees wrote if it returns `ok`.
/// A result that does not pass `check` reaches nobody, so nothing of the request is kept either.
///
/// When the returned future is dropped (the client went away), a function that only reads ends there.
/// One that writes runs in a task of its own and is finished, within its deadline, so that whether it
/// took effect does not hang on a lost connection; if it has not had its turn at the shop's writer, it has
/// done nothing and is given up: what it holds must not outlive its client in a queue.
///
/// A failure is that of the outcome; see [`Failure`].
pub async fn answer(
    node: &Arc<Node>,
    target: Target<'_>,
    params: Vec<Value>,
    request: Request,
    check: Check,
) -> Answered {
    answer_to(node, target, params, request, check).await
}

/// As [`answer`], with parameters of any kind.
async fn answer_to<P, H>(
    node: &Arc<Node>,
    target: Target<'_>,
    params: H,
    request: Request,
    check: CheckOf<P>,
) -> Answered<P::Returned>
where
    P: Params + ?Sized + 'static,
    H: Deref<Target = P> + Send + Sync + 'static,
{
    let generation = &node.generation;
    let name = generation.installed.name.clone();
    let Some(export) = generation.program.export(target.interface, target.function) else {
        let Target { interface, function } = target;
        let none = format!("{name} provides no function {interface}#{function}");
        return Err(Failure::new(&name, function, FailureKind::BadCall(none))).into();
    };
    let label = export.label.clone();
    let host = |reason: String| Failure::new(&name, &label, FailureKind::Host(reason));
    let id = match quoin_core::ids::random_hex::<16>() {
        Ok(id) => id,
        Err(error) => {
            return Err(host(format!("no randomness for a call id: {error}"))).into();
        }
    };
    let clock = generation.program.engine.clock.clone();
    let installed = generation.installed.clone();
    let tree = Arc::new(Tree::new(request, installed, &label, export.reads, clock));
    let root = Root {
        deadline: generation.deadline(),
        node: node.clone(),
        export: export.clone(),
        tree: tree.clone(),
        id,
        check,
        _ticking: generation.program.engine.ticking(),
    };
    let request = tree.clone();
    let outcome = if export.reads {
        surviving(Box::pin(async move { root.serve(&*params).await })).await
    } else {
        let task = tokio::spawn(async move { root.serve(&*params).await });
        let mut task = OnDrop { task, tree };
        (&mut task.task).await.ok()
    };
    if outcome.is_none() {
        request.release_lines();
        if let Some(transaction) = request.open().await.take() {
            transaction.abandon();
        }
    }
    let outcome = outcome.unwrap_or_else(|| {
        tracing::error!(plugin = name.as_str(), "a call ended in a fault of the host");
        Err(host("the call ended in a fault".into()))
    });
    let good = export.reads && is_good(&outcome);
    let basis = good.then(|| request.uses.basis(request.now_ms(), &request.clock)).flatten();
    let again = request.again().take();
    Answered { outcome, basis, again }
}

impl<T> From<Outcome<T>> for Answered<T> {
    fn from(outcome: Outcome<T>) -> Answered<T> {
        Answered { outcome, basis: None, again: None }
    }
}

/// The outcome of a call, or none if it panics, as a task of its own would do it.
async fn surviving<T>(mut call: Pin<Box<impl Future<Output = T>>>) -> Option<T> {
    poll_fn(|context| {
        let poll = AssertUnwindSafe(|| call.as_mut().poll(context));
        match catch_unwind(poll) {
            Ok(poll) => poll.map(Some),
            // The call is not polled again, only dropped.
            Err(_) => Poll::Ready(None),
        }
    })
    .await
}

/// A request that writes, in its task.
struct OnDrop<T> {
    task: JoinHandle<T>,
    tree: Arc<Tree>,
}

impl<T> Drop for OnDrop<T> {
    fn drop(&mut self) {
        if self.tree.stage.give_up() {
            self.task.abort();
        }
    }
}

/// What the one who asked checks of what comes back to these parameters.
type CheckOf<P> = Check<<<P as Params>::Returned as Returned>::Checked>;

/// A request, from its first run to its commit.
struct Root<P: Params + ?Sized> {
    node: Arc<Node>,
    export: Arc<Export>,
    tree: Arc<Tree>,
    id: String,
    deadline: Instant,
    check: CheckOf<P>,
    /// Guests run.
    _ticking: Ticking,
}

/// What a run of a request came to.
enum Ran<T> {
    Done(Outcome<T>),
    /// Others lost its transaction, or had to be committed without it.
    Again,
}

/// The outcome of the first run that counts, or none if as many did not as are tried. Before a run that
/// is not the first, `again` is called.
async fn first_that_counts<T, R: Future<Output = Ran<T>>>(
    run: impl Fn() -> R,
    again: impl Fn(),
) -> Option<Outcome<T>> {
    for number in 0..RUNS_MAX {
        if number > 0 {
            again();
        }
        if let Ran::Done(outcome) = run().await {
            return Some(outcome);
        }
    }
    None
}

impl<P: Params + ?Sized> Root<P> {
    /// Runs the request until it has an outcome of its own. Nothing of it has left the shop before it is
    /// committed, so that only the log can tell how often it ran.
    async fn serve(self, params: &P) -> Outcome<P::Returned> {
        let outcome = first_that_counts(|| self.run(params), || self.tree.run_again());
        let outcome = outcome.await.unwrap_or_else(|| Err(self.failed(&StorageError::Lost)));
        self.tree.release_lines();
        outcome
    }

    async fn run(&self, params: &P) -> Ran<P::Returned> {
        if let Some(once) = &self.tree.request.once {
            match self.look_up(once).await {
                Ok(None) => {}
                Ok(Some(answer)) => {
                    *self.tree.again() = Some(answer);
                    let transaction = self.tree.open().await.take();
                    let before = FailureKind::BadCall("it was answered before".into());
                    return self.finish(Err(self.failure(before)), transaction).await;
                }
                Err(StorageError::Lost) => return Ran::Again,
                Err(error) => return Ran::Done(Err(self.failed(&error))),
            }
        }
        let ran = self.within_the_writers_time(params).await;
        // The calls are gone. What they leave is the transaction.
        let mut transaction = self.tree.open().await.take();
        match ran {
            Ran::Again => Ran::Again,
            Ran::Done(outcome) => {
                let mut outcome = self.checked(outcome);
                if let Some(origin) = &self.tree.request.origin
                    && is_good(&outcome)
                    && let Err(error) = self.take(origin, &mut transaction).await
                {
                    outcome = Err(self.failed(&error));
                }
                if let Some(once) = &self.tree.request.once
                    && is_good(&outcome)
                {
                    match self.keep(once, &outcome, &mut transaction).await {
                        Ok(()) => {}
                        Err(StorageError::Lost) => return Ran::Again,
                        Err(error) => outcome = Err(self.failed(&error)),
                    }
                }
                self.finish(outcome, transaction).await
            }
        }
    }

    /// Removes the record of the later call that this request runs, in its transaction. It may have used
    /// no SQL, and then has none yet.
    async fn take(
        &self,
        origin: &Origin,
        transaction: &mut Option<Transaction>,
    ) -> Result<(), StorageError> {
        match self.open(&origin.database, transaction).await? {
            Some(open) => open.take_later(origin.number),
            None => Ok(()),
        }
    }

    /// The request's transaction at its end, begun if it was not yet; none if it is lost, which is found out
    /// when it is committed.
    async fn open<'a>(
        &self,
        database: &Arc<Database>,
        transaction: &'a mut Option<Transaction>,
    ) -> Result<Option<&'a mut Transaction>, StorageError> {
        if transaction.is_none() {
            *transaction = self.tree.transaction(Some(database), self.deadline).await?.take();
        }
        Ok(transaction.as_mut().filter(|open| !open.is_lost()))
    }

    /// The answer that was given to a request with this one's key. Looked for in the transaction, so that
    /// of two that come at once the second waits for the first.
    async fn look_up(&self, once: &OnlyOnce) -> Result<Option<Once>, StorageError> {
        let open = self.tree.transaction(Some(&once.database), self.deadline).await?;
        let who = self.tree.request.principal.told();
        let of = OnceKey { who: &who, key: &once.key, now: self.tree.now_ms() };
        open.as_ref().map_or(Ok(None), |transaction| transaction.once(of))
    }

    /// Keeps the answer with what it tells of.
    async fn keep(
        &self,
        once: &OnlyOnce,
        outcome: &Outcome<P::Returned>,
        transaction: &mut Option<Transaction>,
    ) -> Result<(), StorageError> {
        let value = outcome.as_ref().ok().and_then(Returned::value);
        let Some((status, body)) = (once.show)(value) else { return Ok(()) };
        let answer = Once {
            request: once.request.clone(),
            status,
            body,
            trace: self.tree.request.trace.clone(),
        };
        let who = self.tree.request.principal.told();
        let of = OnceKey { who: &who, key: &once.key, now: self.tree.now_ms() };
        match self.open(&once.database, transaction).await? {
            Some(open) => open.keep_once(of, &answer),
            None => Ok(()),
        }
    }

    /// Runs the calls. The time at the shop's one writer is shared with others, so it is looked after
    /// from outside the guests' code.
    async fn within_the_writers_time(&self, params: &P) -> Ran<P::Returned> {
        let mut calls = pin!(run(&self.node, &self.export, self.running(), params));
        let mut timer: Option<Pin<Box<Sleep>>> = None;
        poll_fn(|context| {
            if let Poll::Ready(outcome) = calls.as_mut().poll(context) {
                return Poll::Ready(Ran::Done(outcome));
            }
            loop {
                let Some(mut open) = self.tree.try_open() else { return Poll::Pending };
                let Some(transaction) = open.as_mut() else { return Poll::Pending };
                let Some(until) = transaction.until().filter(|_| !transaction.is_lost()) else {
                    return Poll::Pending;
                };
                let sleep = || Box::pin(tokio::time::sleep_until(until.into()));
                let sleep = timer.get_or_insert_with(sleep);
                if sleep.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                match transaction.overdue() {
                    // It goes on, until another time.
                    Ok(Overdue::Parted) => timer = None,
                    Ok(Overdue::Again) => return Poll::Ready(Ran::Again),
                    Ok(Overdue::Limit) => {
                        let failure = self.failed(&StorageError::WriterLimit);
                        return Poll::Ready(Ran::Done(Err(failure)));
                    }
                    Err(error) => return Poll::Ready(Ran::Done(Err(self.failed(&error)))),
                }
            }
        })
        .await
    }

    /// What has to hold of an answer before the request is committed. What is to be stored with it belongs
    /// here, too.
    fn checked(&self, outcome: Outcome<P::Returned>) -> Outcome<P::Returned> {
        let returned = outcome.as_ref().ok();
        if self.tree.met_full() && returned.is_some_and(Returned::is_unavailable) {
            let why = "a plugin that it needs has no room left".into();
            return Err(self.told(self.failure(FailureKind::Full(why))));
        }
        match returned.and_then(Returned::checked).map_or(Ok(()), self.check) {
            Ok(()) => outcome,
            Err(reason) => Err(self.told(self.failure(FailureKind::Inexpressible(reason)))),
        }
    }

    /// Commits what the request wrote if it ended well, and undoes it otherwise. Either way it is answered
    /// only when everything is durable that it has seen: requests that were done before it may be
    /// committed with it.
    async fn finish(
        &self,
        outcome: Outcome<P::Returned>,
        transaction: Option<Transaction>,
    ) -> Ran<P::Returned> {
        let good = is_good(&outcome);
        let Some(transaction) = transaction else {
            self.tree.end(outcome.is_ok());
            return Ran::Done(outcome);
        };
        if self.export.reads {
            self.tree.uses.read(transaction.basis());
        }
        let _committing = self.node.generation.committing();
        let ended = match good {
            true => transaction.commit().await,
            false => transaction.undo().await,
        };
        // What was only read is as it was, however it ended.
        self.tree.end(ended.is_ok() && (good || self.export.reads));
        match ended {
            Ok(()) => Ran::Done(outcome),
            Err(StorageError::Lost) => Ran::Again,
            // What it failed of says more.
            Err(_) if outcome.is_err() => Ran::Done(outcome),
            Err(error) => Ran::Done(Err(self.failed(&error))),
        }
    }

    fn running(&self) -> Box<Running> {
        let generation = &self.node.generation;
        Box::new(Running {
            installed: generation.installed.clone(),
            function: self.export.label.clone(),
            tree: self.tree.clone(),
            links: self.node.clone(),
            id: self.id.clone(),
            caller: None,
            depth: 0,
            deadline: self.deadline,
            writes: !self.export.reads,
            children: 0,
            plugin: generation.plugin.clone(),
            host_calls: 0,
            next_later: None,
        })
    }

    fn failure(&self, kind: FailureKind) -> Failure {
        Failure::new(&self.node.generation.installed.name, &self.export.label, kind)
    }

    /// What a failure of the storage means for the request. It is told here, because no call did.
    fn failed(&self, error: &StorageError) -> Failure {
        self.told(self.running().storage_failure(error))
    }

    fn told(&self, failure: Failure) -> Failure {
        self.tree.log_failure(&failure.to_string());
        self.node.generation.count_failure(&failure);
        failure
    }
}

/// As [`call`], with the parameters as members of a JSON object and the result as JSON.
///
/// # Errors
/// The JSON does not fit the parameters, or the call fails.
pub async fn call_json(
    node: &Arc<Node>,
    target: Target<'_>,
    params: &serde_json::Value,
    request: Request,
) -> Result<Result<serde_json::Value, serde_json::Value>, CallJsonError> {
    let function = node.generation.program.function(target.interface, target.function);
    let Some(function) = function else {
        let none = format!("there is no function {}#{}", target.interface, target.function);
        let name = &node.generation.installed.name;
        return Err(Failure::new(name, target.function, FailureKind::BadCall(none)).into());
    };
    let values = json::parameters(&function.params, params)?;
    let result = function.result.clone();
    let value = call(node, target, values, request, json::check).await?;
    let shown = json::result(value.as_ref(), result.as_ref());
    Ok(shown.map(|ok| ok.json()).map_err(|error| error.json()))
}

/// A JSON call that gave no result.
#[derive(Debug, thiserror::Error)]
pub enum CallJsonError {
    /// The JSON does not fit.
    #[error(transparent)]
    Json(#[from] json::Misfit),
    /// The call failed.
    #[error(transparent)]
    Failed(#[from] Failure),
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn a_request_runs_until_a_run_counts_and_no_more_often_than_is_worth_it() {
        for lost in 0..=RUNS_MAX {
            let (runs, told) = (Cell::new(0), Cell::new(0));
            let run = async || {
                runs.set(runs.get() + 1);
                if runs.get() > lost { Ran::Done(Ok(())) } else { Ran::Again }
            };
            let outcome = first_that_counts(run, || told.set(told.get() + 1)).await;
            assert_eq!(outcome, (lost < RUNS_MAX).then_some(Ok(())));
            let expected = ((lost + 1).min(RUNS_MAX), lost.min(RUNS_MAX - 1));
            assert_eq!((runs.get(), told.get()), expected);
        }
    }
}
