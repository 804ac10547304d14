//! The rooms of a host, run in the test's own process: SQLite is that of the test, and so is the disk.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use quoin_core::Clock;
use quoin_core::Digest;
use quoin_core::shop::{Shop as Wanted, StoredShop};
use quoin_gateway::{ServerLimits, Shops, listen};
use quoin_harness::{Shop, binary, bundle, sale};
use quoin_supervisor::{Options, Supervisor};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// How long calls that still run may take when the host is closed.
const CLOSING: Duration = Duration::from_secs(10);

/// A host that listens.
pub struct Host {
    runtime: Runtime,
    supervisor: Arc<Supervisor>,
    address: std::net::SocketAddr,
}

impl Host {
    /// Opens a data folder.
    pub fn open(data: &Path) -> Host {
        let runtime = Runtime::new().expect("threads");
        let (supervisor, address) = runtime.block_on(async {
            let options = Options {
                data: data.to_owned(),
                compiler: binary(),
                clock: Clock::system(),
                sleep_after: Duration::from_secs(60),
                egress: Default::default(),
            };
            let supervisor = Supervisor::open(options).await.expect("the host opens");
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let address = listener.local_addr().expect("an address");
            let shops = Arc::new(Shops::new(supervisor.clone()));
            let limits = ServerLimits::default();
            tokio::spawn(listen(listener, limits, shops, Clock::system(), std::future::pending()));
            (supervisor, address)
        });
        Host { runtime, supervisor, address }
    }

    /// Makes the shop of the sale, with a key.
    pub fn shop(&self) -> Shop {
        let wanted = wanted();
        let name = wanted.name.clone();
        self.apply(wanted);
        let key = self.supervisor.add_key(&name, "test").expect("a key").secret;
        Shop::at(self.address, name.as_str(), &format!("{name}.test"), &key)
    }

    /// Makes the same shop without what needs something of another plugin, and without a key.
    pub fn small_shop(&self) {
        let mut wanted = wanted();
        wanted.plugins.retain(|name, _| matches!(name.as_str(), "catalog" | "payment-manual"));
        self.apply(wanted);
    }

    fn apply(&self, wanted: Wanted<String>) {
        let stored: StoredShop = self.runtime.block_on(async {
            let mut digests = std::collections::BTreeMap::<String, Digest>::new();
            for installation in wanted.plugins.values() {
                let file = installation.bundle.clone();
                let bytes = bundle(file.trim_end_matches(".wasm"));
                let added = self.supervisor.add_bundle(bytes.into()).await.expect("a bundle");
                digests.insert(file, added.digest.clone());
            }
            wanted.try_map(|_, file| digests.get(&file).cloned().ok_or(file)).expect("bundles")
        });
        self.runtime.block_on(self.supervisor.apply(stored, "test")).expect("the shop is applied");
    }

    /// Ends it, with all that it had open.
    pub fn close(self) {
        drop(self.supervisor);
        self.runtime.shutdown_timeout(CLOSING);
    }
}

fn wanted() -> Wanted<String> {
    Wanted::parse("shop.toml", sale::SHOP).expect("a shop")
}

/// The databases of the shop.
pub fn databases(data: &Path) -> Vec<PathBuf> {
    let folder = data.join("tenants/shop");
    let entries = folder.read_dir().into_iter().flatten().flatten();
    let mut found: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "db"))
        .collect();
    found.sort();
    found
}
