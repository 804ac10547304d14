//! What is known of the files below a folder, and which operation is to fail.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::vfs;

/// What SQLite does with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// Opens or makes it.
    Open,
    /// Reads from it.
    Read,
    /// Writes to it.
    Write,
    /// Cuts it.
    Truncate,
    /// Waits until it is durable.
    Sync,
}

/// Why an operation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The disk does not do it.
    Broken,
    /// There is no room. Reads and syncs never fail for that.
    Full,
}

/// Operations that are to fail.
#[derive(Debug, Clone)]
pub struct Fault {
    /// Which kinds of operations are counted, and may fail.
    pub of: Vec<Operation>,
    /// The first one that fails, counted from 0 when the fault is set.
    pub from: u64,
    /// How many fail one after the other; [`u64::MAX`] for all that follow.
    pub times: u64,
    /// Why.
    pub why: Why,
}

/// What happened to files, in its order.
#[derive(Debug, Default, Clone)]
pub struct Log {
    pub(crate) files: Vec<PathBuf>,
    pub(crate) events: Vec<Event>,
}

/// Something that happened to the file of this number.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub file: usize,
    pub what: What,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    Write {
        offset: u64,
        bytes: Vec<u8>,
    },
    Truncate {
        length: u64,
    },
    /// With `folder`, the names in the file's folder, too, are durable then.
    Sync {
        folder: bool,
    },
    /// A sync that failed. A system may count what it could not write as written: no later sync
    /// promises anything about it any more, until it is written again.
    Doubt,
    Delete {
        synced: bool,
    },
}

impl Log {
    /// How many events there are: a moment, when taken while something runs.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether nothing happened.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    fn file(&mut self, path: &Path) -> usize {
        let known = self.files.iter().position(|file| file == path);
        known.unwrap_or_else(|| {
            self.files.push(path.to_owned());
            self.files.len() - 1
        })
    }
}

/// The files below a folder, as long as this value lives. It must be there before the first of them
/// is opened: files that exist already are unknown to it.
pub struct Disk(Arc<Watched>);

/// What the files of a disk share.
pub(crate) struct Watched {
    folder: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    log: Log,
    done: BTreeMap<Operation, u64>,
    fault: Option<Fault>,
    /// Operations of the fault's kinds since it was set.
    counted: u64,
    failed: u64,
}

impl Disk {
    /// Watches a folder, which must exist. From the first call on, all of SQLite in this process goes
    /// through here.
    ///
    /// # Panics
    /// The folder does not exist, or SQLite refuses the registration.
    pub fn of(folder: &Path) -> Disk {
        let folder = folder.canonicalize().expect("a folder to watch");
        let watched = Arc::new(Watched { folder, state: Mutex::default() });
        vfs::watch(watched.clone());
        Disk(watched)
    }

    /// What happened so far.
    pub fn log(&self) -> Log {
        self.0.state().log.clone()
    }

    /// How many events there are so far.
    pub fn moment(&self) -> usize {
        self.0.state().log.len()
    }

    /// How many operations of this kind were done so far.
    pub fn done(&self, operation: Operation) -> u64 {
        self.0.state().done.get(&operation).copied().unwrap_or_default()
    }

    /// Lets operations fail from now on, and no others.
    pub fn fail(&self, fault: Fault) {
        let mut state = self.0.state();
        (state.fault, state.counted, state.failed) = (Some(fault), 0, 0);
    }

    /// Lets no operation fail any more; returns how many did.
    pub fn heal(&self) -> u64 {
        let mut state = self.0.state();
        state.fault = None;
        std::mem::take(&mut state.failed)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        vfs::forget(&self.0);
    }
}

impl Watched {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn holds(&self, path: &Path) -> bool {
        path.starts_with(&self.folder)
    }

    /// Does an operation on a file, unless it is to fail; what it was is noted when it succeeded. One
    /// after the other, so that the log's order is that of the disk.
    pub(crate) fn perform(
        &self,
        path: &Path,
        operation: Operation,
        work: impl FnOnce() -> std::ffi::c_int,
        what: impl FnOnce() -> Option<What>,
    ) -> Result<std::ffi::c_int, Why> {
        let mut state = self.state();
        if let Some(why) = state.failing(operation) {
            if operation == Operation::Sync {
                let file = state.log.file(path);
                state.log.events.push(Event { file, what: What::Doubt });
            }
            return Err(why);
        }
        let code = work();
        if code == rusqlite::ffi::SQLITE_OK {
            *state.done.entry(operation).or_default() += 1;
            if let Some(what) = what() {
                let file = state.log.file(path);
                state.log.events.push(Event { file, what });
            }
        }
        Ok(code)
    }

    /// Notes that a file is gone.
    pub(crate) fn deleted(&self, path: &Path, synced: bool) {
        let mut state = self.state();
        let file = state.log.file(path);
        state.log.events.push(Event { file, what: What::Delete { synced } });
    }
}

impl State {
    fn failing(&mut self, operation: Operation) -> Option<Why> {
        let fault = self.fault.as_ref()?;
        let spared = fault.why == Why::Full
            && matches!(operation, Operation::Read | Operation::Sync | Operation::Truncate);
        if spared || !fault.of.contains(&operation) {
            return None;
        }
        let number = self.counted;
        self.counted += 1;
        let fails = number >= fault.from && number - fault.from < fault.times;
        self.failed += u64::from(fails);
        fails.then_some(fault.why)
    }
}
