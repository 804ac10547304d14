//! Where the host that runs on a data directory answers.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::failed::{Exit, Failed};
use crate::file;

/// The addresses of a running host, as URLs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// Where shops answer.
    pub http: String,
    /// Where the admin API answers.
    pub admin: String,
}

impl Addresses {
    /// Where the addresses are kept, for the owner of the data directory alone.
    pub fn path(data: &Path) -> PathBuf {
        data.join("admin.json")
    }

    pub fn write(&self, data: &Path) -> Result<(), Failed> {
        let path = Addresses::path(data);
        let text = serde_json::to_vec(self).map_err(|e| Failed::file("write", &path, e))?;
        file::write(&path, &text, 0o600).map_err(|e| Failed::file("write", &path, e))
    }

    pub fn read(data: &Path) -> Result<Addresses, Failed> {
        let path = Addresses::path(data);
        let bytes = file::read(&path, 4 << 10).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => {
                let message = format!("no host runs on the data directory {}", data.display());
                let start = format!("Start one with `quoin serve --data {}`,", data.display());
                Failed::new(Exit::Unreachable, "unreachable", message)
                    .advise(format!("{start} or say where it runs with --data or --admin."))
            }
            _ => Failed::file("read", &path, e),
        })?;
        serde_json::from_slice(&bytes).map_err(|e| {
            Failed::file("read", &path, e).advise("Restart the host, which writes it anew.")
        })
    }
}
