//! The secrets of tenants.

use std::sync::PoisonError;

use quoin_core::Name;
use quoin_core::limits::SECRET_BYTES_MAX;
use quoin_egress::SecretState;
use quoin_runtime::Level;
use quoin_storage::SecretRow;

use super::Supervisor;
use crate::error::Error;

impl Supervisor {
    /// Sets a secret of a tenant, in place of the one that it may have had by this name. Requests that are
    /// made from then on have it. Blocks the thread.
    ///
    /// # Errors
    /// There is no such tenant, the secret is empty or too large, the tenant has too many, or the control
    /// database fails.
    pub fn set_secret(&self, tenant: &Name, name: Name, secret: &str) -> Result<(), Error> {
        let tenant = self.existing(tenant)?;
        if secret.is_empty() || secret.len() > SECRET_BYTES_MAX {
            let why = format!("a secret has 1 to {SECRET_BYTES_MAX} bytes");
            return Err(Error::Refused(vec![why]));
        }
        let set_ms = self.clock.now_ms();
        let sealed = tenant.outlet.seal(&name, secret.as_bytes())?;
        let _one = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        let row = SecretRow { tenant: tenant.name.clone(), name: name.clone(), sealed, set_ms };
        self.control.set_secret(&row)?;
        tenant.log.write(Level::Info, "quoin", "", &format!("the secret {name} was set"));
        tenant.outlet.put_secret(name, row.sealed, set_ms);
        Ok(())
    }

    /// The secrets of a tenant, without what they are.
    ///
    /// # Errors
    /// There is no such tenant.
    pub fn secrets(&self, tenant: &Name) -> Result<Vec<SecretState>, Error> {
        Ok(self.existing(tenant)?.outlet.secrets())
    }

    /// Removes a secret; `false` when there is none of this name. Blocks the thread.
    ///
    /// # Errors
    /// There is no such tenant, or the control database fails.
    pub fn remove_secret(&self, tenant: &Name, name: &Name) -> Result<bool, Error> {
        let tenant = self.existing(tenant)?;
        let _one = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        let removed = self.control.remove_secret(&tenant.name, name)?;
        tenant.outlet.remove_secret(name);
        if removed {
            tenant.log.write(Level::Info, "quoin", "", &format!("the secret {name} was removed"));
        }
        Ok(removed)
    }
}
