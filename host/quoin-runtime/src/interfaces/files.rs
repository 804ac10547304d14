//! `quoin:host/files`: the shop's files.

use std::io;
use std::os::unix::fs::FileExt as _;

use quoin_core::Digest;
use quoin_core::limits::FILE_READ_BYTES_MAX;
use quoin_core::manifest::HostInterface as H;
use quoin_storage::{Database, File, SqlError, Transaction, blocking};
use std::sync::Arc;
use tokio::sync::MutexGuard;

use super::bindings::quoin::host::files;
use crate::failure::FailureKind;
use crate::running::Running;
use crate::state::State;

impl files::Host for State {
    async fn find(&mut self, id: String) -> wasmtime::Result<Option<files::File>> {
        let call = self.using(H::Files)?;
        Ok(found(call, &id).await?.map(shown))
    }

    async fn read(
        &mut self,
        id: String,
        offset: u64,
        length: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, files::Error>> {
        let call = self.using(H::Files)?;
        if length as usize > FILE_READ_BYTES_MAX {
            let most = format!("{FILE_READ_BYTES_MAX} bytes at once");
            return Ok(Err(files::Error::TooLarge(most)));
        }
        let Some(file) = found(call, &id).await? else { return Ok(Err(files::Error::NotFound)) };
        let read = blocking(|| {
            let content = database(call)?.open_file(&file.digest).map_err(|e| e.to_string())?;
            let length = u64::from(length).min(file.bytes.saturating_sub(offset));
            // At most a mebibyte.
            let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
            match content.read_exact_at(&mut bytes, offset) {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    Err(format!("the file {} is shorter than it was", file.digest))
                }
                Err(error) => Err(error.to_string()),
                Ok(()) => Ok(bytes),
            }
        });
        read.map(Ok).map_err(|why| wasmtime::Error::new(call.failure(FailureKind::Host(why))))
    }

    async fn keep(
        &mut self,
        id: String,
        public: bool,
    ) -> wasmtime::Result<Result<files::File, files::Error>> {
        let call = self.using(H::Files)?;
        let Ok(digest) = id.parse::<Digest>() else { return Ok(Err(files::Error::NotFound)) };
        let mut open = writing(call).await?;
        let kept = match open.as_mut() {
            Some(open) => open.keep_file(call.depth, &call.installed.name, (&digest, public)),
            None => Ok(None),
        };
        let kept = kept.map_err(|error| refused(call, error))?;
        Ok(kept.map(shown).ok_or(files::Error::NotFound))
    }

    async fn let_go(&mut self, id: String) -> wasmtime::Result<()> {
        let call = self.using(H::Files)?;
        let Ok(digest) = id.parse::<Digest>() else { return Ok(()) };
        let mut open = writing(call).await?;
        let gone = match open.as_mut() {
            Some(open) => open.let_go_of_file(call.depth, &call.installed.name, &digest),
            None => Ok(()),
        };
        gone.map_err(|error| refused(call, error))
    }
}

fn database(call: &Running) -> Result<&Arc<Database>, String> {
    call.installed.database.as_ref().ok_or_else(|| "the shop has no database".to_owned())
}

/// The request's transaction, begun by the first call that needs it.
async fn begun(call: &Running) -> wasmtime::Result<MutexGuard<'_, Option<Transaction>>> {
    let open = call.tree.transaction(call.installed.database.as_ref(), call.deadline).await;
    open.map_err(|error| wasmtime::Error::new(call.storage_failure(&error)))
}

async fn writing(call: &Running) -> wasmtime::Result<MutexGuard<'_, Option<Transaction>>> {
    if !call.writes {
        return Err(wasmtime::Error::new(call.failure(FailureKind::Writes)));
    }
    begun(call).await
}

async fn found(call: &Running, id: &str) -> wasmtime::Result<Option<File>> {
    // Which files there are is not among what answers are kept by.
    call.tree.uses.other();
    let Ok(digest) = id.parse::<Digest>() else { return Ok(None) };
    let open = begun(call).await?;
    let file = open.as_ref().map_or(Ok(None), |open| open.file(&digest));
    file.map_err(|error| wasmtime::Error::new(call.storage_failure(&error)))
}

fn refused(call: &Running, error: SqlError) -> wasmtime::Error {
    wasmtime::Error::new(call.failure(match error {
        SqlError::Full => {
            call.tree.meets_full();
            FailureKind::Full("there is no room to note that a file is kept".into())
        }
        SqlError::Timeout => FailureKind::Timeout,
        error => FailureKind::Host(error.to_string()),
    }))
}

fn shown(file: File) -> files::File {
    files::File { id: file.digest.to_string(), bytes: file.bytes, media_type: file.media_type }
}
