//! A card provider for tests and demonstrations: it takes no real money.
//!
//! Its API has the shape of those that take real money: intents that are created, paid on a page of the
//! provider, captured, cancelled and refunded; a secret key; idempotency keys; signed webhooks. It listens on
//! loopback alone, keeps an append-only ledger of the money that moved, and has a second listener, by which a
//! test reads the ledger and says what is to go wrong.

mod api;
mod control;
mod door;
mod faults;
mod form;
mod intent;
mod ledger;
mod page;
mod signature;
mod webhooks;
mod wire;
mod world;

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use serde_json::json;

use crate::door::{Closing, serve};
use crate::webhooks::Webhooks;
use crate::world::World;

/// A card provider that takes no real money.
#[derive(Parser)]
#[command(name = "quoin-psp")]
struct Options {
    /// Where the API and the page listen; loopback alone.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where tests say what is to go wrong; loopback alone.
    #[arg(long, default_value = "127.0.0.1:0")]
    control: SocketAddr,
    /// The secret key of its API.
    #[arg(long, default_value = "sk_test")]
    key: String,
    /// The secret that webhooks are signed with.
    #[arg(long, default_value = "whsec_test")]
    webhook_key: String,
    /// Where webhooks go; none are sent without it.
    #[arg(long)]
    webhook: Option<String>,
    /// The `host` header of webhooks; otherwise that of their URL.
    #[arg(long)]
    webhook_host: Option<String>,
    /// End when standard input does: with whoever started it.
    #[arg(long)]
    until_stdin_ends: bool,
    /// The file of the ledger, which is appended to.
    #[arg(long)]
    ledger: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: Options) -> Result<(), String> {
    if !options.listen.ip().is_loopback() || !options.control.ip().is_loopback() {
        return Err("it listens on loopback alone: it takes no real money".into());
    }
    let webhooks =
        Arc::new(Webhooks::new(options.webhook_key, options.webhook, options.webhook_host));
    let api = door::listen(options.listen)?;
    let control = door::listen(options.control)?;
    let base = format!("http://{}", door::address(&api)?);
    let control_base = format!("http://{}", door::address(&control)?);
    let world = World::open(options.key, base.clone(), options.ledger.as_deref(), &webhooks)?;
    let world = Arc::new(world);
    let closing = Arc::new(Closing::default());
    if options.until_stdin_ends {
        std::thread::spawn(|| {
            // However it ends, nobody is there any more.
            let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
            std::process::exit(0);
        });
    }
    let mut stdout = std::io::stdout();
    // Whoever started it reads this line and then speaks to it.
    writeln!(stdout, "{}", json!({ "api": base, "control": control_base }))
        .and_then(|()| stdout.flush())
        .map_err(|error| error.to_string())?;
    let sender = webhooks.clone();
    std::thread::spawn(move || sender.send_for_ever());
    let (controlled, closes) = (world.clone(), closing.clone());
    std::thread::spawn(move || {
        let answer = move |request: &wire::Request| control::answer(&controlled, &closes, request);
        serve(control, &Arc::new(Closing::default()), Arc::new(answer));
    });
    serve(api, &closing, Arc::new(move |request: &wire::Request| answer(&world, request)));
    Ok(())
}

fn answer(world: &World, request: &wire::Request) -> wire::Answer {
    match request.path().strip_prefix("/pay/") {
        Some(id) => page::answer(world, request, id),
        None => api::answer(world, request),
    }
}
