//! Files that are uploaded to a shop.

use std::sync::Arc;

use quoin_core::limits::{FILE_BYTES_MAX, FILES_RECEIVED_AT_ONCE};
use quoin_core::{Clock, Name};
use quoin_storage::{Database, File, Incoming, NotTaken, blocking};
use tokio::sync::OwnedSemaphorePermit;

use super::Supervisor;
use crate::error::Error;
use crate::tenant::{Tenant, Wiring};

/// A file of a shop that is being received. Dropped, it leaves nothing behind.
pub struct Receiving {
    database: Arc<Database>,
    /// The shop does not sleep meanwhile.
    _wiring: Arc<Wiring>,
    incoming: Incoming,
    clock: Clock,
    _turn: OwnedSemaphorePermit,
}

impl Supervisor {
    /// Begins to receive a file.
    ///
    /// # Errors
    /// The shop receives enough at once, has no plugin that keeps data, or its disk fails.
    pub async fn receive(&self, tenant: &Arc<Tenant>) -> Result<Receiving, Error> {
        let turn = tenant.receiving.clone().try_acquire_owned();
        let turn = turn.map_err(|_| Error::Receiving(FILES_RECEIVED_AT_ONCE))?;
        let wiring = self.wiring(tenant).await;
        let none = "the shop has no files, because none of its plugins keeps data";
        let database = wiring.database.clone().ok_or_else(|| Error::NotFound(none.into()))?;
        self.sweep_files(&database).await;
        let incoming = blocking(|| database.receive_file()).map_err(Error::Database)?;
        let clock = self.clock.clone();
        Ok(Receiving { database, _wiring: wiring, incoming, clock, _turn: turn })
    }

    /// As [`Supervisor::receive`], for the tenant of this name.
    ///
    /// # Errors
    /// There is no such tenant; and as there.
    pub async fn receive_for(&self, tenant: &Name) -> Result<Receiving, Error> {
        self.receive(&self.existing(tenant)?).await
    }

    /// Removes the files of which plugins have let go since this was done last.
    pub(super) async fn let_go_of_files(&self) {
        for tenant in self.awake() {
            let Some(wiring) = tenant.awake() else { continue };
            let database = wiring.database.as_ref().filter(|d| d.has_unkept_files());
            if let Some(database) = database {
                self.sweep_files(database).await;
            }
        }
    }

    /// Removes files that nobody keeps.
    async fn sweep_files(&self, database: &Arc<Database>) {
        if let Err(error) = database.sweep_files(self.clock.now_ms()).await {
            let path = database.path().display();
            tracing::warn!("files beside {path} that nobody keeps were not removed: {error}");
        }
    }
}

impl Receiving {
    /// More of the file. It returns whether it is not too large.
    ///
    /// # Errors
    /// The disk is full, or fails.
    pub fn write(&mut self, bytes: &[u8]) -> Result<bool, Error> {
        if self.incoming.bytes() + bytes.len() as u64 > FILE_BYTES_MAX {
            return Ok(false);
        }
        blocking(|| self.incoming.write(bytes)).map(|()| true).map_err(Error::Database)
    }

    /// Bytes so far.
    pub fn bytes(&self) -> u64 {
        self.incoming.bytes()
    }

    /// Adds the file to the shop's, of this media type. It stays for a day if no plugin keeps it.
    ///
    /// # Errors
    /// The shop has as many files as it may have, or its database or disk fails.
    pub async fn end(self, media_type: &str) -> Result<File, Error> {
        let now = self.clock.now_ms();
        let added = self.database.add_file(self.incoming, media_type, now).await;
        added.map_err(|error| match error {
            NotTaken::Quota(why) => Error::Files(why),
            NotTaken::Failed(error) => Error::Database(error),
        })
    }
}
