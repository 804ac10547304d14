//! Machine code that the hosts of a test program have in common.
//!
//! The plugins of a shop take seconds of processor time to compile, and each test has a host of its own.
//! A host that shares finds what the ones before it have compiled, as after a restart, and compiles only
//! what is new.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tempfile::TempDir;

/// The folders of a data folder that hold bundles and their machine code.
const FOLDERS: [&str; 2] = ["cache", "bundles"];

static COMPILED: Mutex<Weak<Compiled>> = Mutex::new(Weak::new());

/// What hosts have compiled that ran at the same time. It goes with the last of them.
pub(crate) struct Compiled(TempDir);

impl Compiled {
    /// What there is now.
    pub(crate) fn now() -> Arc<Compiled> {
        let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
        compiled.upgrade().unwrap_or_else(|| {
            let new = Arc::new(Compiled(tempfile::tempdir().expect("a temporary folder")));
            *compiled = Arc::downgrade(&new);
            new
        })
    }

    /// Gives it to a host that has not started yet.
    pub(crate) fn give(&self, data: &Path) {
        FOLDERS.iter().for_each(|folder| link(&self.0.path().join(folder), &data.join(folder)));
    }

    /// Takes what a host has compiled.
    pub(crate) fn take(&self, data: &Path) {
        FOLDERS.iter().for_each(|folder| link(&data.join(folder), &self.0.path().join(folder)));
    }
}

/// Links the files of a folder into another. A host replaces its files and never changes them.
fn link(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder in the temporary folder");
    for file in fs::read_dir(from).into_iter().flatten().flatten() {
        let name = file.file_name();
        // Some of them are not whole yet.
        if name.to_string_lossy().ends_with(".part") {
            continue;
        }
        match fs::hard_link(file.path(), to.join(name)) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => panic!("no link: {error}"),
            _ => {}
        }
    }
}
