//! Another bundle behind one installation, and back.

use quoin_core::manifest::Need;
use quoin_core::shop::StoredShop;
use quoin_core::{Digest, Name};

use super::Supervisor;
use crate::error::Error;
use crate::lookup::no_plugin;
use crate::plan::{Applied, Plan};
use crate::tenant::Wiring;

impl Supervisor {
    /// Replaces the bundle of one installation; everything else of the shop stays.
    ///
    /// # Errors
    /// There is no such installation, or as for [`Supervisor::apply`].
    pub async fn swap(
        &self,
        tenant: &Name,
        installation: &Name,
        bundle: &Digest,
    ) -> Result<Applied, Error> {
        let tenant = self.existing(tenant)?;
        let _change = self.changing(&tenant).await?;
        let shop = swapped(&*self.wiring(&tenant).await, installation, bundle)?;
        self.change(Some(&tenant), shop, &format!("swap {installation}")).await
    }

    /// What [`Supervisor::swap`] would change; as [`Supervisor::plan`].
    ///
    /// # Errors
    /// As for [`Supervisor::swap`].
    pub async fn plan_swap(
        &self,
        tenant: &Name,
        installation: &Name,
        bundle: &Digest,
    ) -> Result<Plan, Error> {
        let tenant = self.existing(tenant)?;
        let _change = self.changing(&tenant).await?;
        let wiring = self.wiring(&tenant).await;
        self.rehearse(Some(&wiring), &swapped(&wiring, installation, bundle)?).await
    }

    /// Takes an installation back to what it was before its last change: bundle, grants,
    /// configuration and limits. Asked twice, it is forward again.
    ///
    /// # Errors
    /// There is nothing to go back to, or as for [`Supervisor::apply`].
    pub async fn back(&self, tenant: &Name, installation: &Name) -> Result<Applied, Error> {
        let tenant = self.existing(tenant)?;
        let _change = self.changing(&tenant).await?;
        let shop = self.taken_back(&*self.wiring(&tenant).await, installation).await?;
        self.change(Some(&tenant), shop, &format!("back {installation}")).await
    }

    /// What [`Supervisor::back`] would change; as [`Supervisor::plan`].
    ///
    /// # Errors
    /// As for [`Supervisor::back`].
    pub async fn plan_back(&self, tenant: &Name, installation: &Name) -> Result<Plan, Error> {
        let tenant = self.existing(tenant)?;
        let _change = self.changing(&tenant).await?;
        let wiring = self.wiring(&tenant).await;
        self.rehearse(Some(&wiring), &self.taken_back(&wiring, installation).await?).await
    }

    /// The shop with an installation as it was before its last change.
    async fn taken_back(&self, wiring: &Wiring, installation: &Name) -> Result<StoredShop, Error> {
        let mut shop = wiring.shop.clone();
        let Some(plugin) = shop.plugins.get_mut(installation) else {
            return Err(Error::NotFound(no_plugin(wiring, installation)));
        };
        let Some(previous) = wiring.record.previous.get(installation) else {
            let nothing =
                format!("{installation} has not been changed, so there is nothing to go back to");
            return Err(Error::NotFound(nothing));
        };
        // Bindings are the shop's, not the generation's: today's stay, as far as there is a need.
        self.library.recover(std::iter::once(&previous.bundle)).await?;
        let needs = self.library.get(&previous.bundle).map(|d| d.manifest.needs.clone());
        let bind = std::mem::replace(plugin, previous.clone()).bind;
        for (interface, providers) in bind {
            let named =
                |n: &Need| n.interface.as_str() == interface || n.interface.path() == interface;
            if needs.iter().flatten().any(named) {
                plugin.bind.insert(interface, providers);
            }
        }
        Ok(shop)
    }
}

/// The shop with another bundle behind an installation.
fn swapped(wiring: &Wiring, installation: &Name, bundle: &Digest) -> Result<StoredShop, Error> {
    let mut shop = wiring.shop.clone();
    let Some(plugin) = shop.plugins.get_mut(installation) else {
        return Err(Error::NotFound(no_plugin(wiring, installation)));
    };
    plugin.bundle = bundle.clone();
    Ok(shop)
}
