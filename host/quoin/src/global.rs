//! The options of every command.

use std::path::PathBuf;

use clap::Args;

/// What every command understands.
#[derive(Debug, Args)]
pub struct Global {
    /// The data directory of the host
    #[arg(
        long,
        global = true,
        env = "QUOIN_DATA",
        value_name = "DIR",
        default_value = "quoin-data"
    )]
    pub data: PathBuf,
    /// The admin API's address, e.g. http://127.0.0.1:8081; without it, that of the host that runs
    /// on the data directory
    #[arg(long, global = true, env = "QUOIN_ADMIN", value_name = "URL")]
    pub admin: Option<String>,
    /// Print JSON, errors included
    #[arg(long, global = true)]
    pub json: bool,
}
