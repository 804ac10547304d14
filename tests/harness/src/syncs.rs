//! The syncs of a host's process: counted, delayed, held and failing as a test wants it.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

/// Where the numbers lie in the file, as `sync.c` has them.
const BEGUN: u64 = 0;
const DONE: u64 = 8;
const MICROSECONDS: u64 = 16;
const HELD: u64 = 24;
const FAILING: u64 = 32;
const BYTES: u64 = 64;

/// What stands between a process that is started with it and the disk; see `sync.c` for what it
/// leaves out. Several processes, or one that is started again, share the numbers.
pub struct Syncs {
    folder: TempDir,
    file: File,
}

impl Default for Syncs {
    fn default() -> Syncs {
        Syncs::new()
    }
}

impl Syncs {
    /// Syncs as they are, counted.
    ///
    /// # Panics
    /// There is no room for a small file.
    pub fn new() -> Syncs {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("syncs");
        let file = File::options().create_new(true).read(true).write(true).open(path);
        let file = file.expect("a file for numbers");
        file.set_len(BYTES).expect("a file for numbers");
        Syncs { folder, file }
    }

    /// Puts them between a process that is to be started and its disk.
    pub fn stand_before(&self, command: &mut Command) {
        for (name, value) in self.environment() {
            command.env(name, value);
        }
    }

    /// The environment of a process that they stand before.
    pub(crate) fn environment(&self) -> [(&'static str, PathBuf); 2] {
        let library = PathBuf::from(env!("QUOIN_SYNCS_LIBRARY"));
        [("LD_PRELOAD", library), ("QUOIN_SYNCS", self.folder.path().join("syncs"))]
    }

    /// How many were begun.
    pub fn begun(&self) -> u64 {
        self.read(BEGUN)
    }

    /// How many ended, well or not.
    pub fn done(&self) -> u64 {
        self.read(DONE)
    }

    /// Lets each take this long, in the place of asking the disk; [`Duration::ZERO`] asks it again.
    pub fn take(&self, time: Duration) {
        self.write(MICROSECONDS, u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    /// Lets none end from now on, or lets all go on.
    pub fn hold(&self, held: bool) {
        self.write(HELD, held.into());
    }

    /// Lets all fail from now on, or none.
    pub fn fail(&self, failing: bool) {
        self.write(FAILING, failing.into());
    }

    fn read(&self, at: u64) -> u64 {
        let mut bytes = [0; 8];
        self.file.read_exact_at(&mut bytes, at).expect("the file of numbers");
        u64::from_ne_bytes(bytes)
    }

    fn write(&self, at: u64, number: u64) {
        self.file.write_all_at(&number.to_ne_bytes(), at).expect("the file of numbers");
    }
}
