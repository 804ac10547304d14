//! Where bundles are kept: one directory, one file for each digest.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use quoin_core::Digest;
use quoin_core::ids::random_hex;
use quoin_core::limits::BUNDLE_BYTES_MAX;

/// Why a bundle could not be stored, read or removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file system refused.
    #[error("cannot {action} {}: {why}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the operating system said.
        why: io::Error,
    },
    /// There is no such bundle.
    #[error("there is no bundle {0} in the store: install the plugin from its file again")]
    Missing(Digest),
    /// The bytes are not those of the digest.
    #[error(
        "the bundle {expected} is damaged, its bytes have the digest {found}: \
         install the plugin from its file again"
    )]
    Damaged {
        /// The digest asked for.
        expected: Digest,
        /// The digest of the bytes that are there.
        found: Digest,
    },
    /// The bytes are more than a bundle may have.
    #[error("the bundle {0} has more than {BUNDLE_BYTES_MAX} bytes: install a smaller one")]
    TooLarge(Digest),
}

/// A directory of bundles by digest. All of its methods block on the disk. Several threads and
/// processes may use one directory at once.
#[derive(Debug, Clone)]
pub struct BundleStore {
    dir: PathBuf,
}

impl BundleStore {
    /// The store in `dir`, which is made if it is missing. What an interrupted `put` left behind is
    /// removed, so open the store before anything is put into it.
    ///
    /// # Errors
    /// The directory cannot be made or read.
    pub fn open(dir: impl Into<PathBuf>) -> Result<BundleStore, StoreError> {
        let dir = dir.into();
        fs::create_dir_all(&dir).map_err(io_error("create", &dir))?;
        let store = BundleStore { dir };
        for path in store.files()? {
            if path.extension().is_some_and(|e| e == "part") {
                fs::remove_file(&path).map_err(io_error("remove", &path))?;
            }
        }
        Ok(store)
    }

    /// Stores a bundle durably: once this returns, the bundle survives a crash. Says whether it was
    /// new; storing again what is there does nothing, and storing what is there but damaged mends it.
    ///
    /// # Errors
    /// The bytes do not have that digest or are too many; the disk is full or refuses.
    pub fn put(&self, bytes: &[u8], digest: &Digest) -> Result<bool, StoreError> {
        if bytes.len() > BUNDLE_BYTES_MAX {
            return Err(StoreError::TooLarge(digest.clone()));
        }
        verify(bytes, digest)?;
        match self.get(digest) {
            Ok(_) => return Ok(false),
            Err(StoreError::Missing(_) | StoreError::Damaged { .. } | StoreError::TooLarge(_)) => {}
            Err(e) => return Err(e),
        }
        let path = self.path(digest);
        let unique = random_hex::<8>().map_err(|e| StoreError::Io {
            action: "find a name for",
            path: path.clone(),
            why: io::Error::other(e.to_string()),
        })?;
        let part = self.dir.join(format!("{digest}.{unique}.part"));
        let written = write_durably(&part, bytes)
            .and_then(|()| fs::rename(&part, &path).map_err(io_error("rename to", &path)))
            .and_then(|()| self.sync());
        if written.is_err() {
            // The first error tells more than that of a clean-up on the same disk.
            let _ = fs::remove_file(&part);
        }
        written.map(|()| true)
    }

    /// The bytes of a bundle, which certainly have this digest.
    ///
    /// # Errors
    /// The bundle is missing, damaged or unreadable.
    pub fn get(&self, digest: &Digest) -> Result<Vec<u8>, StoreError> {
        let path = self.path(digest);
        let file = match File::open(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                return Err(StoreError::Missing(digest.clone()));
            }
            other => other.map_err(io_error("open", &path))?,
        };
        let mut bytes = Vec::new();
        let limit = u64::try_from(BUNDLE_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
        file.take(limit).read_to_end(&mut bytes).map_err(io_error("read", &path))?;
        if bytes.len() > BUNDLE_BYTES_MAX {
            return Err(StoreError::TooLarge(digest.clone()));
        }
        verify(&bytes, digest)?;
        Ok(bytes)
    }

    /// Where the bundle of this digest lies, whether it is there or not.
    pub fn path(&self, digest: &Digest) -> PathBuf {
        self.dir.join(format!("{digest}.wasm"))
    }

    /// The digests of all bundles, in order. Their bytes are not looked at.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn list(&self) -> Result<Vec<Digest>, StoreError> {
        let names = self.files()?;
        let mut digests: Vec<Digest> = (names.iter())
            .filter(|path| path.extension().is_some_and(|e| e == "wasm"))
            .filter_map(|path| path.file_stem()?.to_str()?.parse().ok())
            .collect();
        digests.sort();
        Ok(digests)
    }

    /// Removes a bundle and says whether it was there.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn remove(&self, digest: &Digest) -> Result<bool, StoreError> {
        let path = self.path(digest);
        match fs::remove_file(&path) {
            Ok(()) => self.sync().map(|()| true),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(e) => Err(io_error("remove", &path)(e)),
        }
    }

    fn files(&self) -> Result<Vec<PathBuf>, StoreError> {
        let entries = fs::read_dir(&self.dir).map_err(io_error("list", &self.dir))?;
        (entries.map(|entry| entry.map(|e| e.path())).collect::<io::Result<_>>())
            .map_err(io_error("list", &self.dir))
    }

    /// Makes the directory's entries durable.
    fn sync(&self) -> Result<(), StoreError> {
        File::open(&self.dir).and_then(|d| d.sync_all()).map_err(io_error("sync", &self.dir))
    }
}

fn verify(bytes: &[u8], expected: &Digest) -> Result<(), StoreError> {
    let found = Digest::of(bytes);
    if found == *expected {
        Ok(())
    } else {
        Err(StoreError::Damaged { expected: expected.clone(), found })
    }
}

fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut file = (OpenOptions::new().write(true).create_new(true).open(path))
        .map_err(io_error("create", path))?;
    (file.write_all(bytes).and_then(|()| file.sync_all())).map_err(io_error("write", path))
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_path_buf();
    move |why| StoreError::Io { action, path, why }
}
