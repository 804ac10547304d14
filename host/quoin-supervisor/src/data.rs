//! The data directory: one host process at a time, readable by its owner only.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use quoin_core::Name;
use rustix::fs::{FlockOperation, flock};

use crate::error::Error;

/// A lock on the data directory, held until dropped.
pub(crate) struct Lock(#[allow(dead_code, reason = "held for its lock")] File);

/// Makes this a folder that only its owner can enter, whether it exists already or not.
pub(crate) fn private_folder(folder: &Path) -> Result<(), Error> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.and_then(|()| std::fs::set_permissions(folder, Permissions::from_mode(0o700)))
        .map_err(|e| Error::host(&format!("the folder {}", folder.display()), e))
}

/// Takes the data directory for this process.
pub(crate) fn lock(data: &Path) -> Result<Lock, Error> {
    private_folder(data)?;
    let path = data.join("lock");
    let file = OpenOptions::new().create(true).write(true).truncate(false).mode(0o600).open(&path);
    let file = file.map_err(|e| Error::host(&format!("{}", path.display()), e))?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|_| {
        Error::Host(format!(
            "another host uses {}; stop it, or give this one a data directory of its own",
            data.display()
        ))
    })?;
    Ok(Lock(file))
}

/// The database file of a tenant.
pub(crate) fn database(data: &Path, tenant: &Name) -> PathBuf {
    data.join("tenants").join(tenant.as_str()).join("shop.db")
}
