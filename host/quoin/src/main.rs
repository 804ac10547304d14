//! `quoin`: the host, and the commands that operate it.

mod addresses;
mod apply;
mod bundle;
mod call;
mod cli;
mod client;
mod compile_bundle;
mod exchanges;
mod failed;
mod file;
mod global;
mod import;
mod key;
mod later;
mod logs;
mod output;
mod plan;
mod plugin;
mod secret;
mod serve;
mod tenant;
mod text;
mod time;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};
use failed::Failed;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return cli::misused(&error),
    };
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => failed.tell(cli.global.json),
    }
}

fn run(cli: &Cli) -> Result<(), Failed> {
    let global = &cli.global;
    match &cli.command {
        Command::Serve(args) => serve::run(global, args),
        Command::Apply(args) => apply::run(global, args),
        Command::Plugin(command) => plugin::run(global, command),
        Command::Tenant(command) => tenant::run(global, command),
        Command::Call(args) => call::run(global, args),
        Command::Import(command) => import::run(global, command),
        Command::Later(command) => later::run(global, command),
        Command::Logs(args) => logs::run(global, args),
        Command::Secret(command) => secret::run(global, command),
        Command::Http(args) => exchanges::run(global, args),
        Command::CompileBundle { bundle, folder } => compile_bundle::run(bundle, folder),
    }
}
