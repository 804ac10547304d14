//! Later calls are run when their time has come, in shops that are woken for it.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use quoin_core::later::{DoneCall, LaterCall, LaterCounts, LaterFilter};
use quoin_core::{Name, ids};
use quoin_runtime::{LaterFailureKind, Level, Node, run_later};
use quoin_storage::{Database, Error as StorageError, Tried, blocking};
use tokio::sync::OwnedSemaphorePermit;

use super::{LATER_AT_ONCE, Supervisor};
use crate::error::Error;
use crate::feed::is_feed;
use crate::lookup::no_plugin;
use crate::tenant::{Tenant, Wiring};

/// Later calls that run at once in one shop. They take turns at its writer, and requests are to have some.
const AT_ONCE_SHOP: usize = 4;
/// How long the host sleeps at most before it looks at the time of day again, which somebody may have set.
const LOOK: Duration = Duration::from_secs(10);
/// How often a call is tried before it is parked: for some twenty hours.
const TRIES_MAX: u32 = 30;
/// How long after the first failure a call is tried again; after each further one twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// How long at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);
/// How long after a try that was nobody's fault, or a look that failed.
const BUSY_PAUSE: Duration = Duration::from_secs(2);

impl Supervisor {
    /// Looks after later calls as long as the host lives.
    pub(super) fn look_after_later_calls(me: &Weak<Supervisor>) {
        let me = me.clone();
        tokio::spawn(async move {
            loop {
                let Some(host) = me.upgrade() else { break };
                let now = host.clock.now_ms();
                while let Some(shop) = host.schedule.take(now) {
                    let Ok(turn) = host.later_turns.clone().acquire_owned().await else { return };
                    let host = host.clone();
                    tokio::spawn(async move { host.look_after(&shop, turn).await });
                }
                let wait = host.schedule.first().map(|time| time.saturating_sub(now));
                let wait = wait.map_or(LOOK, Duration::from_millis).min(LOOK);
                let idle = host.schedule.first().is_none();
                let schedule = host.schedule.clone();
                drop(host);
                match idle {
                    // Nothing is entered: nothing ticks. A host that is gone is noticed by the runtime.
                    true => schedule.earlier().await,
                    false => {
                        let _ = tokio::time::timeout(wait, schedule.earlier()).await;
                    }
                }
            }
        });
    }

    /// Starts what is due in a shop, and enters when it is to be looked after next.
    async fn look_after(self: &Arc<Self>, shop: &Name, turn: OwnedSemaphorePermit) {
        let Some(tenant) = self.tenant(shop.as_str()) else { return };
        let wiring = self.wiring(&tenant).await;
        let (None, Some(database)) = (&wiring.fault, wiring.database.clone()) else {
            if wiring.fault.is_some() {
                self.schedule.enter(shop, self.clock.now_ms() + millis(LONGEST_PAUSE));
            }
            return;
        };
        let running: BTreeSet<u64> = tenant.later().clone();
        let plugins: Vec<&str> = wiring.nodes.keys().map(Name::as_str).collect();
        let (now, limit) = (self.clock.now_ms(), AT_ONCE_SHOP + running.len());
        let next = match database.later_next(now, limit, &plugins).await {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(
                    tenant = shop.as_str(),
                    "later calls were not looked after: {error}"
                );
                self.schedule.enter(shop, now + millis(BUSY_PAUSE));
                return;
            }
        };
        if let Some(then) = next.then {
            self.schedule.enter(shop, then);
        }
        let mut turn = Some(turn);
        for call in next.due.into_iter().filter(|call| !running.contains(&call.number)) {
            // Who ends rings for those that there is no room for.
            if tenant.later().len() >= AT_ONCE_SHOP {
                break;
            }
            let own = turn.take().or_else(|| self.later_turns.clone().try_acquire_owned().ok());
            let Some(own) = own else {
                self.schedule.enter(shop, now);
                break;
            };
            if !tenant.later().insert(call.number) {
                continue;
            }
            let (host, tenant, database) = (self.clone(), tenant.clone(), database.clone());
            let found = provider(&wiring, &call);
            tokio::spawn(async move {
                let number = call.number;
                let _running = Running { tenant: tenant.clone(), number };
                let then = host.run(&tenant, &database, found, call).await;
                drop(_running);
                drop(own);
                // There may be others that waited for this one's place, or for its order.
                host.schedule.enter(&tenant.name, then.min(host.clock.now_ms()));
            });
        }
    }

    /// Runs a call, and notes what became of it. Returns when the shop is to be looked after for it.
    async fn run(
        &self,
        tenant: &Tenant,
        database: &Arc<Database>,
        found: Result<(Arc<Node>, String), String>,
        call: LaterCall,
    ) -> u64 {
        let (why, kind) = match found {
            Ok((node, interface)) => match run_later(&node, &interface, &call, database).await {
                Ok(()) => {
                    let done = self.clock.now_ms();
                    tenant.add_done(DoneCall { call, done });
                    return done;
                }
                Err(failure) => (failure.why, failure.kind),
            },
            Err(why) => (why, LaterFailureKind::Hopeless),
        };
        let now = self.clock.now_ms();
        let last = kind == LaterFailureKind::Tried && call.tries.saturating_add(1) >= TRIES_MAX;
        let parked = last || kind == LaterFailureKind::Hopeless;
        let pause = match kind {
            LaterFailureKind::Tried => pause(call.tries),
            LaterFailureKind::Busy | LaterFailureKind::Hopeless => BUSY_PAUSE,
        };
        let due = now.saturating_add(millis(jittered(pause)));
        let counts = kind == LaterFailureKind::Tried;
        let tried = Tried { due, error: &why, counts, parked };
        let noted = database.later_failed(call.number, tried).await;
        let message = match parked {
            true => format!("later call {} to {} is parked: {why}", call.number, call.label()),
            false => format!(
                "later call {} to {} failed, and is tried again: {why}",
                call.number,
                call.label()
            ),
        };
        let level = if parked { Level::Error } else { Level::Warn };
        tenant.log.write(level, &call.plugin, &call.trace, &message);
        if let Err(error) = noted {
            tracing::warn!(tenant = tenant.name.as_str(), "not noted: {error}");
        }
        due
    }

    /// A wiring was published: its later calls are looked after from now on, and the shop's database tells
    /// of new ones.
    pub(super) fn tell_of_later(&self, tenant: &Arc<Tenant>, wiring: &Wiring) {
        let Some(database) = &wiring.database else { return };
        let (me, shop) = (self.me.clone(), Arc::downgrade(tenant));
        let before = move || match (me.upgrade(), shop.upgrade()) {
            (Some(host), Some(shop)) => host.mark_later(&shop).map_err(|e| e.to_string()),
            _ => Err("the host ends".to_owned()),
        };
        let (me, name) = (self.me.clone(), tenant.name.clone());
        let after = move |due| {
            if let Some(host) = me.upgrade() {
                host.schedule.enter(&name, due);
            }
        };
        database.tell_of_later(before, after);
        self.schedule.enter(&tenant.name, self.clock.now_ms());
    }

    /// From now on, a host that starts looks after this shop at once: it may have later calls.
    fn mark_later(&self, tenant: &Tenant) -> Result<(), StorageError> {
        if tenant.is_marked() {
            return Ok(());
        }
        blocking(|| self.control.set_later(&tenant.name, Some(0)))?;
        tenant.mark(true);
        Ok(())
    }

    /// A shop falls asleep: a host that starts looks after it when its next later call is due, if it has
    /// one. Blocks the thread.
    pub(super) fn note_later(&self, tenant: &Tenant) {
        let due = self.schedule.of(&tenant.name);
        if !tenant.is_marked() && due.is_none() {
            return;
        }
        match self.control.set_later(&tenant.name, due) {
            Ok(()) => tenant.mark(false),
            Err(error) => tracing::warn!(tenant = tenant.name.as_str(), "not noted: {error}"),
        }
    }

    /// Outstanding later calls of a shop, by number. It is woken for that.
    ///
    /// # Errors
    /// There is no such shop, or its database fails.
    pub async fn later_calls(
        &self,
        tenant: &Name,
        filter: &LaterFilter,
    ) -> Result<Vec<LaterCall>, Error> {
        let Some((wiring, database)) = self.later_database(tenant).await? else {
            return Ok(Vec::new());
        };
        let mut calls = database.later_calls(filter).await.map_err(Error::Database)?;
        for call in calls.iter_mut().filter(|call| !call.parked) {
            if !wiring.nodes.contains_key(call.plugin.as_str()) {
                call.error = Some(format!("it waits until {} is installed again", call.plugin));
            }
        }
        Ok(calls)
    }

    /// An outstanding later call of a shop. It is woken for that.
    ///
    /// # Errors
    /// There is no such call; and as for [`Supervisor::later_calls`].
    pub async fn later_call(&self, tenant: &Name, number: u64) -> Result<LaterCall, Error> {
        let found = match self.later_database(tenant).await? {
            Some((_, database)) => database.later_call(number).await.map_err(Error::Database)?,
            None => None,
        };
        found.ok_or_else(|| no_call(tenant, number))
    }

    /// The newest later calls of a shop that were done since it is awake, the oldest first: all, or those
    /// that this request led to.
    ///
    /// # Errors
    /// There is no such shop.
    pub fn done_later(&self, tenant: &Name, trace: Option<&str>) -> Result<Vec<DoneCall>, Error> {
        let tenant = self.existing(tenant)?;
        let done = tenant.done();
        let wanted = |done: &&DoneCall| trace.is_none_or(|trace| done.call.trace == trace);
        Ok(done.iter().filter(wanted).cloned().collect())
    }

    /// Waits until nothing is outstanding of what a request of this shop led to, or until then. What is due
    /// only after that is not waited for.
    ///
    /// # Errors
    /// The shop's database fails.
    pub async fn until_nothing_follows(
        &self,
        tenant: &Tenant,
        database: &Arc<Database>,
        trace: &str,
        until: Instant,
    ) -> Result<(), Error> {
        let left = || until.saturating_duration_since(self.clock.instant());
        let by = self.clock.now_ms().saturating_add(millis(left()));
        loop {
            // Enabled before the look, so that none that ends meanwhile is missed.
            let mut ended = pin!(tenant.later_ended.notified());
            ended.as_mut().enable();
            if left().is_zero() || !database.leads_on(trace, by).await.map_err(Error::Database)? {
                return Ok(());
            }
            let _ = tokio::time::timeout(left(), ended).await;
        }
    }

    /// When the first later call of all shops is due of which the host knows, milliseconds since 1970, and
    /// how many run.
    pub fn later_overview(&self) -> (Option<u64>, usize) {
        let running = LATER_AT_ONCE.saturating_sub(self.later_turns.available_permits());
        (self.schedule.first(), running)
    }

    /// How many later calls of a shop are outstanding. It is woken for that.
    ///
    /// # Errors
    /// As for [`Supervisor::later_calls`].
    pub async fn later_counts(&self, tenant: &Name) -> Result<LaterCounts, Error> {
        match self.later_database(tenant).await? {
            Some((_, database)) => database.later_counts().await.map_err(Error::Database),
            None => Ok(LaterCounts::default()),
        }
    }

    /// Lets a later call run now, parked or not.
    ///
    /// # Errors
    /// There is no such call; and as for [`Supervisor::later_calls`].
    pub async fn run_later(&self, tenant: &Name, number: u64) -> Result<(), Error> {
        let now = self.clock.now_ms();
        let there = match self.later_database(tenant).await? {
            Some((_, database)) => {
                database.later_run(number, now).await.map_err(Error::Database)?
            }
            None => false,
        };
        self.schedule.enter(tenant, now);
        there.then_some(()).ok_or_else(|| no_call(tenant, number))
    }

    /// Drops a later call. If it runs just now, nothing of what it does is kept.
    ///
    /// # Errors
    /// There is no such call; and as for [`Supervisor::later_calls`].
    pub async fn drop_later(&self, tenant: &Name, number: u64) -> Result<(), Error> {
        let there = match self.later_database(tenant).await? {
            Some((_, database)) => database.later_drop(number).await.map_err(Error::Database)?,
            None => false,
        };
        self.existing(tenant)?.later_ended.notify_waiters();
        // One of the same order may have waited for it.
        self.schedule.enter(tenant, self.clock.now_ms());
        there.then_some(()).ok_or_else(|| no_call(tenant, number))
    }

    async fn later_database(
        &self,
        tenant: &Name,
    ) -> Result<Option<(Arc<Wiring>, Arc<Database>)>, Error> {
        let wiring = self.wiring(&self.existing(tenant)?).await;
        let database = wiring.database.clone();
        Ok(database.map(|database| (wiring, database)))
    }
}

/// One of a shop's later calls, as long as it runs.
struct Running {
    tenant: Arc<Tenant>,
    number: u64,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.tenant.later().remove(&self.number);
        self.tenant.later_ended.notify_waiters();
    }
}

/// Whose function a call is, as the shop is now.
fn provider(wiring: &Wiring, call: &LaterCall) -> Result<(Arc<Node>, String), String> {
    let path = call.interface.split('@').next().unwrap_or(&call.interface);
    let plugin: Name = call.plugin.parse().map_err(|_| "its plugin has no name".to_owned())?;
    if !is_feed(path) {
        return wiring.function(path, &call.function, Some(&plugin));
    }
    // It is the host that calls it, so no plugin provides it to others.
    let node = wiring.nodes.get(&plugin).ok_or_else(|| no_plugin(wiring, &plugin))?;
    let exports = &node.generation.program.description.exports;
    let interface = exports.iter().map(|export| &export.name).find(|name| is_feed(name));
    let interface =
        interface.ok_or_else(|| format!("{plugin} does not hear of later calls any more"))?;
    Ok((node.clone(), interface.clone()))
}

fn no_call(tenant: &Name, number: u64) -> Error {
    Error::NotFound(format!("{tenant} has no later call {number} outstanding: it may be done"))
}

/// How long to wait after so many failures and one more.
fn pause(tries: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(1_u32.checked_shl(tries).unwrap_or(u32::MAX)).min(LONGEST_PAUSE)
}

/// Between half as long and half as long again, so that what failed together is not tried together.
fn jittered(pause: Duration) -> Duration {
    let random = ids::random_hex::<1>().ok().and_then(|hex| u8::from_str_radix(&hex, 16).ok());
    pause / 2 + pause * u32::from(random.unwrap_or(128)) / 256
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour_and_differ() {
        let seconds = [0, 1, 5, 11, 12, 40].map(|tries| pause(tries).as_secs());
        assert_eq!(seconds, [1, 2, 32, 2_048, 3_600, 3_600]);
        let some: BTreeSet<_> = (0..64).map(|_| jittered(LONGEST_PAUSE)).collect();
        assert!(some.len() > 8);
        assert!(some.iter().all(|p| (1_800..=5_400).contains(&p.as_secs())));
    }
}
