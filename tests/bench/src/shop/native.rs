//! The native server, as a process of its own.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};
use quoin_harness::Syncs;

use super::host::end;

/// A native server that runs.
pub struct Native {
    process: Child,
    /// Where it answers.
    pub address: SocketAddr,
}

impl Native {
    /// Starts a server on this database, with these syncs before its disk.
    pub fn start(database: &Path, syncs: Option<&Syncs>) -> Result<Native> {
        let program = std::env::current_exe()?.with_file_name("quoin-bench-native");
        let mut serve = Command::new(&program);
        if let Some(syncs) = syncs {
            syncs.stand_before(&mut serve);
        }
        let mut process = serve
            .arg(database)
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} does not run", program.display()))?;
        let mut line = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        match line.trim().parse() {
            Ok(address) => Ok(Native { process, address }),
            Err(_) => {
                end(&mut process);
                anyhow::bail!("the native server did not start, see above")
            }
        }
    }

    /// Its process.
    pub fn process(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Native {
    fn drop(&mut self) {
        end(&mut self.process);
    }
}
