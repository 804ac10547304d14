//! `quoin serve`: the host.

mod admin;
mod signals;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quoin_console::{Console, Token};
use quoin_core::Clock;
use quoin_gateway::{Drained, ServerLimits, Shops, listen};
use quoin_supervisor::{Options, Supervisor};
use rustix::process::{Resource, getrlimit, setrlimit};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::addresses::Addresses;
use crate::cli::ServeArgs;
use crate::failed::{Exit, Failed};
use crate::global::Global;
use crate::output::{print, print_json};
use admin::Admin;
use signals::Signals;

/// Connections on the admin port: operators, scripts, and those who follow logs.
const ADMIN_CONNECTIONS_MAX: usize = 128;
/// How long a client of the admin API has to send a bundle.
const UPLOAD_TIME: Duration = Duration::from_secs(60);
/// How often to look whether the last calls have finished.
const LOOK_EVERY: Duration = Duration::from_millis(20);

pub fn run(global: &Global, args: &ServeArgs) -> Result<(), Failed> {
    if !args.admin_listen.ip().is_loopback() {
        let message = format!("the admin API cannot listen on {}", args.admin_listen);
        return Err(Failed::new(Exit::Usage, "usage", message)
            .advise("Give --admin-listen a loopback address; reach it through an SSH tunnel."));
    }
    let data = &global.data;
    if data.exists() && !data.is_dir() {
        let message = format!("the data directory {} is a file, not a folder", data.display());
        return Err(Failed::new(Exit::Usage, "usage", message)
            .advise("Name a folder with --data; it is made if it is not there."));
    }
    log(global.json)?;
    raise_file_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Failed::refused(format!("no threads: {e}")))?;
    let outcome = runtime.block_on(serve(global, args));
    // Calls beyond the grace time are abandoned: nothing of them has been committed.
    runtime.shutdown_background();
    outcome
}

/// Takes as many open files as this process may have: what is given to programs that do not ask for more
/// is enough for some fifty shops that are awake. Where that is refused, the host has what it was given.
fn raise_file_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!("the limit of open files stays as it is: {error}");
    }
}

fn log(json: bool) -> Result<(), Failed> {
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .with_env_var("QUOIN_LOG")
        .from_env()
        .map_err(|e| {
            Failed::new(Exit::Usage, "usage", format!("QUOIN_LOG: {e}"))
                .advise("Write it like info, or like info,quoin_gateway=debug.")
        })?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if json {
        log.json().init();
    } else {
        log.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init();
    }
    Ok(())
}

async fn serve(global: &Global, args: &ServeArgs) -> Result<(), Failed> {
    let mut signals = Signals::new()?;
    let data = &global.data;
    let compiler = std::env::current_exe()
        .map_err(|e| Failed::refused(format!("the host does not find its own program: {e}")))?;
    let clock = Clock::system();
    let sleep_after = Duration::from_secs(args.sleep_seconds);
    let (key, allowed) = (args.secrets_key.clone(), args.allow_network.clone());
    let egress = quoin_egress::Options { key, allowed };
    let options =
        Options { data: data.clone(), compiler, clock: clock.clone(), sleep_after, egress };
    let supervisor = tokio::select! {
        opened = Supervisor::open(options) => opened.map_err(Failed::refused)?,
        name = signals.next() => {
            tracing::info!("{name} before all shops were up: stopped");
            return Ok(());
        }
    };
    let token = Token::open(&Token::path(data)).map_err(Failed::refused)?;
    let console = Console::new(supervisor.clone(), token);
    let (http, http_url) = bind(args.listen, "--listen").await?;
    let (admin, admin_url) = bind(args.admin_listen, "--admin-listen").await?;
    let addresses = Addresses { http: http_url, admin: admin_url };

    let grace = Duration::from_secs(args.grace_seconds);
    let (stop, stopping) = watch::channel(false);
    let limits = ServerLimits { grace, ..ServerLimits::default() };
    let shops = Arc::new(Shops::new(supervisor.clone()));
    let shops = tokio::spawn(listen(http, limits, shops, clock.clone(), stopped(stopping.clone())));
    let limits = ServerLimits {
        grace,
        connections: ADMIN_CONNECTIONS_MAX,
        body_time: UPLOAD_TIME,
        ..ServerLimits::default()
    };
    let operators = Arc::new(Admin(console.clone()));
    let operators =
        tokio::spawn(listen(admin, limits, operators, clock.clone(), stopped(stopping)));
    let mut listeners = std::pin::pin!(async { tokio::try_join!(shops, operators) });

    addresses.write(data)?;
    ready(global, &addresses)?;
    tokio::select! {
        name = signals.next() => {
            tracing::info!("{name}: finishing what runs, for {} s at most", grace.as_secs());
        }
        ended = &mut listeners => return Err(broken(ended)),
    }
    forget(data);
    let until = clock.instant() + grace;
    stop.send_replace(true);
    console.close();
    let finished = async {
        let (shops, operators) = listeners.await.map_err(|e| broken(Err(e)))?;
        finish(&supervisor, &clock, until).await;
        Ok(shops.cut_off + operators.cut_off)
    };
    tokio::select! {
        cut_off = finished => match (cut_off?, supervisor.in_flight()) {
            (0, 0) => tracing::info!("stopped"),
            (requests, calls) => {
                tracing::warn!("stopped; cut off: {requests} requests, {calls} calls");
            }
        },
        name = signals.next() => {
            let message = format!("{name} again: stopped at once, without finishing what ran");
            return Err(Failed::refused(message));
        }
    }
    Ok(())
}

async fn bind(address: SocketAddr, option: &str) -> Result<(TcpListener, String), Failed> {
    let failed = |e| {
        Failed::refused(format!("cannot listen on {address}: {e}"))
            .advise(format!("Choose another address with {option}; port 0 takes a free one."))
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let url = format!("http://{}", listener.local_addr().map_err(failed)?);
    Ok((listener, url))
}

async fn stopped(mut stopping: watch::Receiver<bool>) {
    // That nobody can stop it any more is as good as being told to.
    let _ = stopping.wait_for(|stop| *stop).await;
}

fn ready(global: &Global, addresses: &Addresses) -> Result<(), Failed> {
    let Addresses { http, admin } = addresses;
    if global.json {
        return print_json(&json!({ "ready": true, "http": http, "admin": admin }));
    }
    print(&format!("Shops      {http}  (each shop by its host names)\nAdmin API  {admin}\n"))
}

/// Waits for calls whose clients have gone away.
async fn finish(supervisor: &Supervisor, clock: &Clock, until: Instant) {
    while supervisor.in_flight() > 0 && clock.instant() < until {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Nobody is to find a host that no longer answers.
fn forget(data: &Path) {
    if let Err(error) = std::fs::remove_file(Addresses::path(data)) {
        tracing::warn!("{} was not removed: {error}", Addresses::path(data).display());
    }
}

fn broken(ended: Result<(Drained, Drained), tokio::task::JoinError>) -> Failed {
    match ended {
        Ok(_) => Failed::refused("the listeners ended by themselves"),
        Err(error) => Failed::refused(format!("a listener ended: {error}")),
    }
}
