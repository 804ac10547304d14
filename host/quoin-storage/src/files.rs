//! A shop's files: their contents lie beside the database, each under its digest, and rows tell what they
//! are and which plugins keep them.

use std::fs::{self, File as SystemFile, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use quoin_core::ids::{Digesting, random_hex};
use quoin_core::limits::{FILE_UNKEPT_MS, FILES_BYTES_SHOP_MAX, FILES_SHOP_MAX};
use quoin_core::{Digest, Name};
use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::database::create_folder_of;
use crate::{Database, Error, SqlError, Transaction, blocking};

const PATIENCE: Duration = Duration::from_secs(30);
/// What the name of a file begins with that is not whole yet.
const INCOMING: &str = "incoming-";
/// Files that are removed at once: the writer is not held for long.
const SWEPT_AT_ONCE: u32 = 100;

const FIND: &str = "/*!*/SELECT bytes, media_type, EXISTS (
        SELECT 1 FROM _quoin_file_kept AS kept WHERE kept.digest = file.digest AND public = 1)
    FROM _quoin_file AS file WHERE digest = ?1";
const SUM: &str =
    "/*!*/SELECT count(*), coalesce(sum(bytes), 0) FROM _quoin_file WHERE digest <> ?1";
const ADD: &str =
    "/*!*/INSERT INTO _quoin_file (digest, bytes, media_type, at) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (digest) DO UPDATE SET at = excluded.at, media_type = CASE
        WHEN EXISTS (SELECT 1 FROM _quoin_file_kept WHERE digest = excluded.digest)
        THEN media_type ELSE excluded.media_type END";
const KEEP: &str = "/*!*/INSERT INTO _quoin_file_kept (digest, plugin, public) VALUES (?1, ?2, ?3)
    ON CONFLICT (digest, plugin) DO UPDATE SET public = excluded.public";
const LET_GO: &str = "/*!*/DELETE FROM _quoin_file_kept WHERE digest = ?1 AND plugin = ?2";
const UNKEPT: &str = "/*!*/UPDATE _quoin_file SET at = 0 WHERE digest = ?1
    AND NOT EXISTS (SELECT 1 FROM _quoin_file_kept WHERE digest = ?1)";
const SWEEP: &str = "/*!*/DELETE FROM _quoin_file WHERE digest IN (
        SELECT digest FROM _quoin_file AS file WHERE at <= ?1 AND NOT EXISTS (
            SELECT 1 FROM _quoin_file_kept AS kept WHERE kept.digest = file.digest) LIMIT ?2)
    RETURNING digest";

/// A file of a shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// What it is called: the digest of its content.
    pub digest: Digest,
    /// Its size.
    pub bytes: u64,
    /// Its media type, as who uploaded it said.
    pub media_type: String,
    /// Whether anybody may have it.
    pub public: bool,
}

/// A file that is being received. Dropped, it leaves nothing behind.
#[derive(Debug)]
pub struct Incoming {
    file: SystemFile,
    path: PathBuf,
    digesting: Digesting,
    bytes: u64,
}

impl Incoming {
    /// Writes more of it. Blocks the thread.
    ///
    /// # Errors
    /// The disk is full, or fails.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file.write_all(bytes).map_err(|error| failed(&self.path, error))?;
        self.digesting.add(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Bytes so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // It is not there under this name once it was added.
        let _ = fs::remove_file(&self.path);
    }
}

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// The shop has as many files, or as many bytes in them, as it may have.
    #[error("{0}")]
    Quota(String),
    /// The database, or the disk, fails.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl Database {
    /// Begins to receive a file. Blocks the thread.
    ///
    /// # Errors
    /// The disk is full, or fails.
    pub fn receive_file(&self) -> Result<Incoming, Error> {
        let folder = self.files();
        let random = random_hex::<16>().map_err(|e| Error::io(&folder, io::Error::other(e)))?;
        let path = folder.join(format!("{INCOMING}{random}"));
        create_folder_of(&path)?;
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let file = file.map_err(|error| failed(&path, error))?;
        Ok(Incoming { file, path, digesting: Digesting::default(), bytes: 0 })
    }

    /// Adds a file that was received. Nobody keeps it yet: it stays for a day.
    ///
    /// # Errors
    /// See [`NotTaken`].
    pub async fn add_file(
        self: &Arc<Self>,
        incoming: Incoming,
        media_type: &str,
        now: u64,
    ) -> Result<File, NotTaken> {
        let (digest, bytes) = (incoming.digesting.clone().end(), incoming.bytes);
        blocking(|| incoming.file.sync_all()).map_err(|error| failed(&incoming.path, error))?;
        let _turn = self.base.files.lock().await;
        let sums = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
        let others = |sqlite: &Connection| sqlite.query_row(SUM, [digest.as_str()], sums);
        let (files, sum) = self.look(PATIENCE, others).await?;
        if unsigned(files) >= FILES_SHOP_MAX || unsigned(sum) + bytes > FILES_BYTES_SHOP_MAX {
            return Err(NotTaken::Quota(format!(
                "the shop has {files} files with {sum} bytes, and may have {FILES_SHOP_MAX} with \
                 {FILES_BYTES_SHOP_MAX}: remove what refers to some, or wait a day for those that nobody uses"
            )));
        }
        let place = self.files().join(digest.as_str());
        blocking(|| {
            fs::rename(&incoming.path, &place)?;
            SystemFile::open(self.files())?.sync_all()
        })
        .map_err(|error| failed(&place, error))?;
        let row = (digest.as_str(), signed(bytes), media_type, signed(now));
        let add = |sqlite: &Connection| sqlite.prepare_cached(ADD)?.execute(row).map(drop);
        self.change("files", add).await?;
        let found = self.file(&digest).await?;
        let gone = || Error::io(&place, io::Error::from(io::ErrorKind::NotFound));
        found.ok_or_else(|| NotTaken::Failed(gone()))
    }

    /// A file.
    ///
    /// # Errors
    /// No connection is free in time, or the database fails.
    pub async fn file(self: &Arc<Self>, digest: &Digest) -> Result<Option<File>, Error> {
        self.look(PATIENCE, |sqlite| find(sqlite, digest)).await
    }

    /// The content of a file. Blocks the thread.
    ///
    /// # Errors
    /// It is not there, or the disk fails.
    pub fn open_file(&self, digest: &Digest) -> Result<SystemFile, Error> {
        let path = self.files().join(digest.as_str());
        SystemFile::open(&path).map_err(|error| failed(&path, error))
    }

    /// Whether a plugin has let go of a file since this was asked last.
    pub fn has_unkept_files(&self) -> bool {
        self.base.unkept.swap(false, Ordering::Relaxed)
    }

    /// Removes files that nobody keeps, and what receiving others has left behind.
    ///
    /// # Errors
    /// The writer is not free in time, or the database or the disk fails.
    pub async fn sweep_files(self: &Arc<Self>, now: u64) -> Result<(), Error> {
        let folder = self.files();
        if !folder.is_dir() {
            return Ok(());
        }
        let _turn = self.base.files.lock().await;
        let until = signed(now.saturating_sub(FILE_UNKEPT_MS));
        loop {
            let row = |row: &Row<'_>| row.get::<_, String>(0);
            let gone: Vec<String> = self
                .change("files", |sqlite| {
                    sqlite.prepare_cached(SWEEP)?.query_map((until, SWEPT_AT_ONCE), row)?.collect()
                })
                .await?;
            // What is not removed here is found among those that no row tells of.
            blocking(|| gone.iter().for_each(|name| drop(fs::remove_file(folder.join(name)))));
            if gone.len() < SWEPT_AT_ONCE as usize {
                break;
            }
        }
        let all = "SELECT digest FROM _quoin_file";
        let known = self.look(PATIENCE, |sqlite| {
            let mut all = sqlite.prepare(all)?;
            all.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<_, _>>()
        });
        let known: std::collections::HashSet<String> = known.await?;
        blocking(|| remove_unknown(&folder, &known)).map_err(|error| failed(&folder, error))
    }

    fn files(&self) -> PathBuf {
        self.path().with_file_name("files")
    }
}

/// Removes what is in the folder and not known, if it is not just being received.
fn remove_unknown(
    folder: &Path,
    known: &std::collections::HashSet<String>,
) -> Result<(), io::Error> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let age = entry.metadata()?.modified()?.elapsed().unwrap_or_default();
        let received = name.starts_with(INCOMING) && age < Duration::from_millis(FILE_UNKEPT_MS);
        if !received && !known.contains(&name) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

impl Transaction {
    /// A file, as this transaction sees it.
    ///
    /// # Errors
    /// The database fails.
    pub fn file(&self, digest: &Digest) -> Result<Option<File>, Error> {
        self.look(|sqlite| find(sqlite, digest))
    }

    /// Notes that `plugin` keeps a file, and whether anybody may have it. It returns whether there is such
    /// a file.
    ///
    /// # Errors
    /// The request only reads, or the database fails.
    pub fn keep_file(
        &mut self,
        depth: u32,
        plugin: &Name,
        (digest, public): (&Digest, bool),
    ) -> Result<Option<File>, SqlError> {
        self.as_host_at(depth, |sqlite| {
            let Some(file) = find(sqlite, digest)? else { return Ok(None) };
            let row = (digest.as_str(), plugin.as_str(), public);
            sqlite.prepare_cached(KEEP)?.execute(row)?;
            Ok(Some(File { public: file.public || public, ..file }))
        })
    }

    /// Notes that `plugin` keeps a file no more. Once nobody keeps it, it is removed.
    ///
    /// # Errors
    /// As for [`Transaction::keep_file`].
    pub fn let_go_of_file(
        &mut self,
        depth: u32,
        plugin: &Name,
        digest: &Digest,
    ) -> Result<(), SqlError> {
        self.as_host_at(depth, |sqlite| {
            sqlite.prepare_cached(LET_GO)?.execute((digest.as_str(), plugin.as_str()))?;
            sqlite.prepare_cached(UNKEPT)?.execute([digest.as_str()]).map(drop)
        })?;
        self.lets_go_of_files();
        Ok(())
    }
}

fn find(sqlite: &Connection, digest: &Digest) -> rusqlite::Result<Option<File>> {
    let file = |row: &Row<'_>| {
        Ok(File {
            digest: digest.clone(),
            bytes: unsigned(row.get(0)?),
            media_type: row.get(1)?,
            public: row.get(2)?,
        })
    };
    sqlite.prepare_cached(FIND)?.query_row([digest.as_str()], file).optional()
}

fn failed(path: &Path, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Error::Full { path: path.to_owned() }
        }
        _ => Error::io(path, error),
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
