//! A tenant's log: its newest lines, or all from now on.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use quoin_core::Name;
use quoin_core::limits::LOG_LINES_KEPT;
use quoin_runtime::{Line, Log};
use quoin_supervisor::{Supervisor, Tenant};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc, watch};

use crate::answer::{Answer, lines, ok};
use crate::query::Query;
use crate::tenants::find;

/// Clients that follow a log at once. Each holds a connection and a task for as long as it likes.
const FOLLOWERS_MAX: usize = 32;
/// Lines on their way to a client that reads slowly; the log itself holds those that come after.
const LINES_AHEAD: usize = 64;
/// How often a stream without new lines looks whether its tenant is still there.
const RECHECK: Duration = Duration::from_secs(5);
/// Characters of a request's id from which on its beginning stands for it.
const REQUEST_CHARS_MIN: usize = 8;

/// The clients that follow logs. Clones are of the same ones.
#[derive(Clone)]
pub(crate) struct Followers {
    closing: Arc<watch::Sender<bool>>,
    room: Arc<Semaphore>,
}

impl Default for Followers {
    fn default() -> Followers {
        Followers {
            closing: Arc::new(watch::Sender::new(false)),
            room: Arc::new(Semaphore::new(FOLLOWERS_MAX)),
        }
    }
}

impl Followers {
    /// Ends their answers, which would go on for ever.
    pub fn end(&self) {
        self.closing.send_replace(true);
    }
}

/// The lines that a client has not had yet.
struct Wanted {
    /// The number of the newest line that has been looked at.
    after: u64,
    /// At most so many of the lines that are there, the newest ones.
    limit: usize,
    /// Only those of this request: its id, or the first characters of it.
    request: Option<String>,
}

impl Wanted {
    /// Those that the log has by now. The next ones come after them.
    fn take(&mut self, log: &Log) -> Vec<Line> {
        let mut lines = log.after(self.after, LOG_LINES_KEPT);
        self.after = lines.last().map_or(self.after, |line| line.number);
        if let Some(request) = &self.request {
            lines.retain(|line| is_of(line, request));
        }
        lines.split_off(lines.len().saturating_sub(self.limit))
    }
}

/// Only ids that the host made are found by their beginning: those that clients bring may be numbered,
/// and one the beginning of another.
fn is_of(line: &Line, request: &str) -> bool {
    let hosts = line.trace.len() == 32 && line.trace.bytes().all(|b| b.is_ascii_hexdigit());
    let begins = hosts && request.len() >= REQUEST_CHARS_MIN && line.trace.starts_with(request);
    begins || line.trace == request
}

pub(crate) fn read(
    host: &Arc<Supervisor>,
    followers: &Followers,
    name: &Name,
    query: &Query,
) -> Answer {
    let tenant = find(host, name)?;
    let mut wanted = Wanted {
        after: query.number("after")?.unwrap_or(0),
        limit: query.limit(LOG_LINES_KEPT)?,
        request: query.text("request").map(str::to_owned),
    };
    if !query.switch("follow")? {
        let found = wanted.take(&tenant.log);
        return ok(&json!({ "lines": found.iter().map(shown).collect::<Vec<_>>() }));
    }
    let place = followers.room.clone().try_acquire_owned();
    let place = place
        .map_err(|_| quoin_core::Problem::overload("Too many clients follow logs: end one."))?;
    let (to, from) = mpsc::channel(LINES_AHEAD);
    let (host, mut closing) = (host.clone(), followers.closing.subscribe());
    tokio::spawn(async move {
        tokio::select! {
            () = follow(&host, tenant, wanted, to) => {}
            _ = closing.wait_for(|closing| *closing) => {}
        }
        drop(place);
    });
    lines(from)
}

/// Sends lines until the client or the tenant is gone.
async fn follow(
    host: &Supervisor,
    tenant: Arc<Tenant>,
    mut wanted: Wanted,
    to: mpsc::Sender<Bytes>,
) {
    // The tenant and its databases may go while somebody reads its log.
    let (name, log) = (tenant.name.clone(), tenant.log.clone());
    let tenant = Arc::downgrade(&tenant);
    loop {
        for line in &wanted.take(&log) {
            if to.send(format!("{}\n", shown(line)).into()).await.is_err() {
                return;
            }
        }
        // It is for the lines that were there; all that come from now on are new.
        wanted.limit = LOG_LINES_KEPT;
        tokio::select! {
            () = log.wait(wanted.after) => {}
            () = to.closed() => return,
            () = tokio::time::sleep(RECHECK) => {}
        }
        let now = host.tenant(name.as_str());
        if !now.is_some_and(|now| std::ptr::eq(Arc::as_ptr(&now), tenant.as_ptr())) {
            return;
        }
    }
}

fn shown(line: &Line) -> Value {
    json!({
        "number": line.number,
        "at-ms": line.at_ms,
        "level": line.level.as_str(),
        "plugin": line.plugin,
        "trace": line.trace,
        "message": line.message,
    })
}
