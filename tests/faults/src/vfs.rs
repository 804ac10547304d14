//! A file system for SQLite in front of the platform's own: it asks the [`Disk`](crate::Disk) that a
//! file is on before each operation, and tells it afterwards.
//!
//! The memory that connections share beside a WAL file (`-shm`) is no file that a power cut leaves
//! anything of, and goes through as it is; so do temporary files.

#![allow(
    unsafe_code,
    reason = "a file system of SQLite is a table of C functions that are given raw pointers"
)]

use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rusqlite::ffi;

use crate::disk::{Operation, Watched, What, Why};

/// The disks that are watched.
static DISKS: Mutex<Vec<Arc<Watched>>> = Mutex::new(Vec::new());
/// The file system behind this one; set once, when this one is registered.
static PLATFORM: OnceLock<Platform> = OnceLock::new();

/// The platform's file system.
struct Platform(*mut ffi::sqlite3_vfs);

// SAFETY: SQLite registers it once, never frees it, and calls its functions from any thread itself.
unsafe impl Send for Platform {}
// SAFETY: as above; nothing here writes to it.
unsafe impl Sync for Platform {}

/// A file as SQLite allocates it: this, and behind it the platform's own.
#[repr(C)]
struct File {
    base: ffi::sqlite3_file,
    /// Where it is and what for, where its disk is watched; null otherwise.
    watched: *mut Place,
}

struct Place {
    disk: Arc<Watched>,
    path: PathBuf,
    /// The platform's file system syncs the folder of a new journal or WAL file, too, when it first
    /// syncs the file.
    folder: AtomicBool,
}

fn disks() -> MutexGuard<'static, Vec<Arc<Watched>>> {
    DISKS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn platform() -> *mut ffi::sqlite3_vfs {
    PLATFORM.get_or_init(register).0
}

/// Takes a disk among those that are watched; registers this file system when it is the first one.
pub(crate) fn watch(disk: Arc<Watched>) {
    platform();
    disks().push(disk);
}

/// Files that are open already stay watched.
pub(crate) fn forget(disk: &Arc<Watched>) {
    disks().retain(|known| !Arc::ptr_eq(known, disk));
}

fn disk_of(path: &Path) -> Option<Arc<Watched>> {
    disks().iter().find(|disk| disk.holds(path)).cloned()
}

fn register() -> Platform {
    // SAFETY: SQLite may be initialised at any time and more than once, and gives out a pointer to
    // a registered file system that stays valid. The copy has the same functions; those that are not
    // replaced do not look at which of both they are given. It is leaked, as registering demands.
    unsafe {
        assert_eq!(ffi::sqlite3_initialize(), ffi::SQLITE_OK, "SQLite starts");
        let platform = ffi::sqlite3_vfs_find(c"unix".as_ptr());
        assert!(!platform.is_null(), "SQLite has the file system of Unix");
        let mut vfs = std::ptr::read(platform);
        vfs.zName = c"faults".as_ptr();
        vfs.pNext = std::ptr::null_mut();
        vfs.szOsFile += size_of::<File>() as c_int;
        vfs.xOpen = Some(open);
        vfs.xDelete = Some(delete);
        let code = ffi::sqlite3_vfs_register(Box::into_raw(Box::new(vfs)), 1);
        assert_eq!(code, ffi::SQLITE_OK, "SQLite takes the file system");
        Platform(platform)
    }
}

/// # Safety
/// `name` is null or a C string.
unsafe fn path(name: *const c_char) -> Option<PathBuf> {
    // SAFETY: as promised by the caller.
    let name = (!name.is_null()).then(|| unsafe { CStr::from_ptr(name) })?;
    Some(OsStr::from_bytes(name.to_bytes()).into())
}

/// The platform's own part of a file.
///
/// # Safety
/// `file` was allocated by SQLite with the size that [`register`] asked for.
unsafe fn own(file: *mut ffi::sqlite3_file) -> *mut ffi::sqlite3_file {
    // SAFETY: SQLite allocated both parts in one; the first one's size is a multiple of a pointer's.
    unsafe { file.cast::<File>().add(1).cast() }
}

/// The functions of the platform's own part of a file.
///
/// # Safety
/// As for [`own`], and the file is open.
unsafe fn functions(file: *mut ffi::sqlite3_file) -> &'static ffi::sqlite3_io_methods {
    // SAFETY: an open file has a table of functions, which is static.
    unsafe { &*(*own(file)).pMethods }
}

/// Does an operation on an open file, if its disk lets it.
///
/// # Safety
/// As for [`functions`].
unsafe fn perform(
    file: *mut ffi::sqlite3_file,
    operation: Operation,
    broken: c_int,
    work: impl FnOnce() -> c_int,
    what: impl FnOnce() -> Option<What>,
) -> c_int {
    // SAFETY: `watched` is null or was made by `open`, and lives until `close`.
    match unsafe { (*file.cast::<File>()).watched.as_ref() } {
        None => work(),
        Some(place) => match place.disk.perform(&place.path, operation, work, what) {
            Ok(code) => code,
            Err(Why::Full) => ffi::SQLITE_FULL,
            Err(Why::Broken) => broken,
        },
    }
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    const KEPT: c_int =
        ffi::SQLITE_OPEN_MAIN_DB | ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_WAL;
    // SAFETY: SQLite gives a file of the size asked for, and a name that is null or a C string. The
    // table of functions stays null until the file is open, so that SQLite closes no other.
    unsafe {
        (*file).pMethods = std::ptr::null();
        (*file.cast::<File>()).watched = std::ptr::null_mut();
        let platform = platform();
        let Some(really) = (*platform).xOpen else { return ffi::SQLITE_CANTOPEN };
        let work = || really(platform, name, own(file), flags, out);
        let place = path(name).filter(|_| flags & KEPT != 0);
        let new = flags & ffi::SQLITE_OPEN_CREATE != 0 && flags & ffi::SQLITE_OPEN_MAIN_DB == 0;
        let place = place.and_then(|path| {
            Some(Place { disk: disk_of(&path)?, path, folder: AtomicBool::new(new) })
        });
        let code = match &place {
            None => work(),
            Some(place) => {
                let done = place.disk.perform(&place.path, Operation::Open, work, || None);
                done.unwrap_or(ffi::SQLITE_CANTOPEN)
            }
        };
        if code == ffi::SQLITE_OK {
            (*file).pMethods = &FUNCTIONS;
            if let Some(place) = place {
                (*file.cast::<File>()).watched = Box::into_raw(Box::new(place));
            }
        }
        code
    }
}

unsafe extern "C" fn delete(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    sync_folder: c_int,
) -> c_int {
    // SAFETY: SQLite gives a C string.
    unsafe {
        let platform = platform();
        let Some(really) = (*platform).xDelete else { return ffi::SQLITE_IOERR_DELETE };
        let code = really(platform, name, sync_folder);
        if code == ffi::SQLITE_OK
            && let Some(path) = path(name)
            && let Some(disk) = disk_of(&path)
        {
            disk.deleted(&path, sync_folder != 0);
        }
        code
    }
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: SQLite closes an open file, once; `watched` is null or a box of `open`'s.
    unsafe {
        let watched = std::mem::replace(&mut (*file.cast::<File>()).watched, std::ptr::null_mut());
        let code = functions(file).xClose.map_or(ffi::SQLITE_ERROR, |close| close(own(file)));
        if !watched.is_null() {
            drop(Box::from_raw(watched));
        }
        code
    }
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    to: *mut c_void,
    bytes: c_int,
    offset: i64,
) -> c_int {
    // SAFETY: SQLite gives an open file, and room for as many bytes.
    unsafe {
        let work = || {
            let read = functions(file).xRead;
            read.map_or(ffi::SQLITE_ERROR, |read| read(own(file), to, bytes, offset))
        };
        perform(file, Operation::Read, ffi::SQLITE_IOERR_READ, work, || None)
    }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    length: c_int,
    offset: i64,
) -> c_int {
    // SAFETY: SQLite gives an open file, and as many bytes, which nobody changes meanwhile.
    unsafe {
        let work = || {
            let write = functions(file).xWrite;
            write.map_or(ffi::SQLITE_ERROR, |write| write(own(file), from, length, offset))
        };
        let what = || {
            let length = usize::try_from(length).unwrap_or_default();
            let bytes = std::slice::from_raw_parts(from.cast::<u8>(), length).to_vec();
            Some(What::Write { offset: u64::try_from(offset).ok()?, bytes })
        };
        perform(file, Operation::Write, ffi::SQLITE_IOERR_WRITE, work, what)
    }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, length: i64) -> c_int {
    // SAFETY: SQLite gives an open file.
    unsafe {
        let work = || {
            let truncate = functions(file).xTruncate;
            truncate.map_or(ffi::SQLITE_ERROR, |truncate| truncate(own(file), length))
        };
        let what = || Some(What::Truncate { length: u64::try_from(length).ok()? });
        perform(file, Operation::Truncate, ffi::SQLITE_IOERR_TRUNCATE, work, what)
    }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: SQLite gives an open file. One that is watched is not synced: only its log is.
    unsafe {
        let place = (*file.cast::<File>()).watched.as_ref();
        let work = || match functions(file).xSync {
            Some(sync) if place.is_none() => sync(own(file), flags),
            _ => ffi::SQLITE_OK,
        };
        let what = || {
            let folder = place.is_some_and(|place| place.folder.swap(false, Ordering::Relaxed));
            Some(What::Sync { folder })
        };
        perform(file, Operation::Sync, ffi::SQLITE_IOERR_FSYNC, work, what)
    }
}

/// Functions that go through as they are.
macro_rules! through {
    ($($name:ident($($parameter:ident: $type:ty),*) -> $result:ty, $method:ident, $otherwise:expr;)*) => {
        $(unsafe extern "C" fn $name(file: *mut ffi::sqlite3_file, $($parameter: $type),*) -> $result {
            // SAFETY: SQLite gives an open file; the rest is between it and the platform.
            unsafe {
                match functions(file).$method {
                    Some(function) => function(own(file), $($parameter),*),
                    None => $otherwise,
                }
            }
        })*
    };
}

through! {
    size(size: *mut i64) -> c_int, xFileSize, ffi::SQLITE_ERROR;
    lock(level: c_int) -> c_int, xLock, ffi::SQLITE_ERROR;
    unlock(level: c_int) -> c_int, xUnlock, ffi::SQLITE_ERROR;
    is_reserved(out: *mut c_int) -> c_int, xCheckReservedLock, ffi::SQLITE_ERROR;
    control(what: c_int, argument: *mut c_void) -> c_int, xFileControl, ffi::SQLITE_NOTFOUND;
    sector_bytes() -> c_int, xSectorSize, 0;
    characteristics() -> c_int, xDeviceCharacteristics, 0;
    share(page: c_int, bytes: c_int, extend: c_int, out: *mut *mut c_void) -> c_int, xShmMap, ffi::SQLITE_ERROR;
    lock_shared(offset: c_int, count: c_int, flags: c_int) -> c_int, xShmLock, ffi::SQLITE_ERROR;
    order_shared() -> (), xShmBarrier, ();
    unshare(delete: c_int) -> c_int, xShmUnmap, ffi::SQLITE_ERROR;
}

/// Of the second version, which has no memory-mapped reads: they would pass by.
static FUNCTIONS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(is_reserved),
    xFileControl: Some(control),
    xSectorSize: Some(sector_bytes),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: Some(share),
    xShmLock: Some(lock_shared),
    xShmBarrier: Some(order_shared),
    xShmUnmap: Some(unshare),
    xFetch: None,
    xUnfetch: None,
};
