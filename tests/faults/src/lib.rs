//! Disks that lose power, fail and fill up, under the host's own rooms.
//!
//! [`Disk`] stands between SQLite and the real file system for all files below a folder. It records
//! what is written and synced, so that a [`Replay`] can make the [`Image`]s that a power cut may have
//! left at any moment, and it makes operations fail on demand. No sync reaches the real disk: what a
//! sync is worth is exactly what is tested here.

mod disk;
mod image;
mod moments;
mod vfs;

pub use disk::{Disk, Fault, Log, Operation, Why};
pub use image::{Choice, Image, Replay};
pub use moments::Moments;

/// A folder for images, in memory where Linux has some: they are many, and nobody misses one.
///
/// # Panics
/// There is no room for temporary files.
pub fn scratch() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    folder.expect("a temporary folder")
}
