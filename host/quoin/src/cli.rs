//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use quoin_core::Name;
use quoin_core::manifest::FunctionRef;
use quoin_egress::Network;

use crate::failed::{Exit, Failed};
use crate::global::Global;
use crate::import::ImportCommand;
use crate::later::LaterCommand;
use crate::plugin::PluginCommand;
use crate::secret::SecretCommand;
use crate::tenant::TenantCommand;

const HELP: &str = "\
Environment:
  QUOIN_DATA     the data directory, as --data
  QUOIN_ADMIN    the address of the admin API, as --admin
  QUOIN_TOKEN    the token of the admin API, instead of admin.token in the data directory
  QUOIN_BUNDLES  directories with bundles, separated by colons, after those of --bundles
  QUOIN_LOG      what `serve` logs, e.g. info or quoin_gateway=debug

Exit codes:
  0  done
  1  refused, or failed
  2  the command line is wrong
  3  no host can be reached
  4  the host does not accept the token";

/// A shop made of plugins: the host, and the commands that operate it.
#[derive(Debug, Parser)]
#[command(name = "quoin", version, after_help = HELP, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the host
    Serve(ServeArgs),
    /// Make a shop what its file says
    Apply(ApplyArgs),
    /// Bundles and installed plugins
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// Shops and their API keys
    #[command(subcommand)]
    Tenant(TenantCommand),
    /// Secrets that the host puts into a shop's requests to other systems
    #[command(subcommand)]
    Secret(SecretCommand),
    /// Call a function of a shop's plugin
    Call(CallArgs),
    /// Files that a shop's plugins import
    #[command(subcommand)]
    Import(ImportCommand),
    /// What a shop's plugins do later
    #[command(subcommand)]
    Later(LaterCommand),
    /// Show what a shop's plugins wrote
    Logs(LogsArgs),
    /// Show a shop's last requests to other systems
    Http(HttpArgs),
    /// Compile a bundle within limits, for the host
    #[command(hide = true)]
    CompileBundle {
        /// The bundle
        bundle: PathBuf,
        /// Where machine code and description go
        folder: PathBuf,
    },
}

#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Where shops answer; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", value_parser = address)]
    pub listen: SocketAddr,
    /// Where the admin API answers: a loopback address; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8081", value_parser = address)]
    pub admin_listen: SocketAddr,
    /// How long calls may take to finish when the host is told to stop
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(0..=3_600))]
    pub grace_seconds: u64,
    /// How long nobody uses a shop before it sleeps: it has no open files and hardly any memory until
    /// the next request wakes it
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub sleep_seconds: u64,
    /// The key that secrets are sealed with, made where there is none; without it, secrets.key in the
    /// data directory. Whoever has it and the data directory has all secrets; without it they are lost
    #[arg(long, value_name = "FILE")]
    pub secrets_key: Option<PathBuf>,
    /// Addresses that plugins may send requests to although they are not on the public internet, like
    /// 192.168.1.0/24; can be given several times
    #[arg(long, value_name = "NETWORK")]
    pub allow_network: Vec<Network>,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "write an IP address and a port, like 127.0.0.1:8080".into())
}

#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// The shop file
    #[arg(value_name = "SHOP.TOML")]
    pub shop: PathBuf,
    /// Where to look for bundles that are not next to the shop file; can be given several times
    #[arg(long, value_name = "DIR")]
    pub bundles: Vec<PathBuf>,
    /// Show what would change, and change nothing (the host keeps bundles that it had not seen).
    /// Migrations are tried and taken back; meanwhile, writing calls of their plugin and other
    /// changes of the shop wait
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct CallArgs {
    /// The shop
    pub tenant: Name,
    /// The function, e.g. 'acme:things/store#list'
    pub function: FunctionRef,
    /// Its parameters as a JSON object; - reads them from standard input
    #[arg(value_name = "JSON", default_value = "{}")]
    pub params: String,
    /// The installation, where several provide the interface
    #[arg(long, value_name = "NAME")]
    pub installation: Option<Name>,
}

#[derive(Debug, Args)]
pub struct LogsArgs {
    /// The shop
    pub tenant: Name,
    /// Go on until interrupted
    #[arg(long, short)]
    pub follow: bool,
    /// Of the lines that are there, only the newest
    #[arg(long, value_name = "LINES")]
    pub limit: Option<u32>,
    /// Only the lines of one request: the id in the x-request-id of its answer, or the first 8
    /// characters of it or more
    #[arg(long, value_name = "ID", value_parser = crate::text::request_id)]
    pub request: Option<String>,
}

#[derive(Debug, Args)]
pub struct HttpArgs {
    /// The shop
    pub tenant: Name,
    /// Only the newest
    #[arg(long, value_name = "REQUESTS")]
    pub limit: Option<u32>,
}

/// Tells why a command line is not one; or its help or version, which are no failure.
pub fn misused(error: &clap::Error) -> ExitCode {
    let json = std::env::args_os().any(|arg| arg == "--json");
    if error.use_stderr() && json {
        let text = error.render().to_string();
        let text = text.trim().trim_start_matches("error: ");
        return Failed::new(Exit::Usage, "usage", text).tell(true);
    }
    // Nothing is left to do when the terminal is gone.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage.into() } else { ExitCode::SUCCESS }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_call_names_its_function_and_may_leave_out_parameters() {
        let cli = Cli::try_parse_from(["quoin", "call", "demo", "a:b/c#d", "--json"]).unwrap();
        let Command::Call(args) = cli.command else { panic!("not a call") };
        assert_eq!((args.params.as_str(), args.function.function.as_str()), ("{}", "d"));
        assert!(cli.global.json);
    }

    #[test]
    fn a_name_that_is_none_is_a_misuse() {
        assert!(Cli::try_parse_from(["quoin", "logs", "../demo"]).is_err());
        assert!(Cli::try_parse_from(["quoin", "call", "demo", "no-function"]).is_err());
    }
}
