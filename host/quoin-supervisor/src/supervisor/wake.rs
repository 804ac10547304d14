//! Tenants as the control database has them, brought up when the host starts.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use quoin_core::shop::StoredShop;
use quoin_runtime::Log;
use quoin_storage::TenantRow;

use super::Supervisor;
use crate::error::Error;
use crate::routes::RouteTable;
use crate::tenant::{Record, Tenant, Wiring};

impl Supervisor {
    /// A tenant as the control database has it.
    pub(super) async fn restore(&self, row: TenantRow) -> Tenant {
        let log = self.new_log();
        match self.restored(&row, &log).await {
            Ok(tenant) => tenant,
            Err(error) => {
                tracing::error!(tenant = row.name.as_str(), "the shop does not come up: {error}");
                let shop = StoredShop {
                    name: row.name.clone(),
                    domains: row.domains,
                    plugins: BTreeMap::new(),
                };
                let record = serde_json::from_str(&row.document).unwrap_or_else(|_| Record {
                    shop: shop.clone(),
                    generations: BTreeMap::new(),
                    previous: BTreeMap::new(),
                });
                let wiring = Wiring {
                    revision: row.revision,
                    shop: record.shop.clone(),
                    nodes: BTreeMap::new(),
                    routes: RouteTable::empty(),
                    document: OnceLock::new(),
                    page: OnceLock::new(),
                    answers: OnceLock::new(),
                    fault: Some(error.to_string()),
                    record,
                };
                Tenant::new(row.name, log, wiring)
            }
        }
    }

    async fn restored(&self, row: &TenantRow, log: &Arc<Log>) -> Result<Tenant, Error> {
        let record: Record = serde_json::from_str(&row.document)
            .map_err(|e| Error::host("the shop's record in the control database", e))?;
        for installation in record.shop.plugins.values() {
            // Reads the description, and compiles again after an update of the host.
            self.library.program(&installation.bundle).await?;
        }
        let (plugins, resolved) = self.resolve(&record.shop)?;
        let assembled = self.parts(None, log).restore(&record, &plugins, &resolved).await?;
        let (created, mut wiring) = assembled.commit().await?;
        created.keep();
        wiring.revision = row.revision;
        Ok(Tenant::new(row.name.clone(), log.clone(), wiring))
    }
}
