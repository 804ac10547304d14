//! What all shops of a host share on their way out.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use quoin_core::Clock;
use quoin_core::limits::{HTTP_CONCURRENCY_HOST, HTTP_IDLE_HOST, MAIL_CONCURRENCY_HOST};
use tokio::sync::{OnceCell, Semaphore};
use tokio_rustls::rustls::ClientConfig;

use crate::address::Network;
use crate::key::{Key, KeyError};
use crate::resolve::{Resolve, System};

/// What an operator says about requests to other systems.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The file of the key that secrets are sealed with; without it, `secrets.key` in the data directory.
    pub key: Option<PathBuf>,
    /// Networks that may be reached although they are not on the public internet.
    pub allowed: Vec<Network>,
}

/// The way out of a host.
pub struct Egress {
    pub(crate) clock: Clock,
    pub(crate) allowed: Vec<Network>,
    pub(crate) resolver: Box<dyn Resolve>,
    /// Requests that are out.
    pub(crate) out: Arc<Semaphore>,
    /// Room for idle connections.
    pub(crate) idle: Arc<Semaphore>,
    /// Mails that are under way.
    pub(crate) mails: Arc<Semaphore>,
    pub(crate) key: Arc<Key>,
    tls: OnceCell<Arc<ClientConfig>>,
}

impl Egress {
    /// Opens the key, or makes it when its file is not there. One process at a time may do this.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn open(options: Options, data: &Path, clock: Clock) -> Result<Arc<Egress>, KeyError> {
        let path = options.key.unwrap_or_else(|| data.join("secrets.key"));
        let key = Arc::new(Key::open(&path)?);
        let (allowed, resolver) = (options.allowed, Box::new(System));
        Ok(Arc::new(Egress::with(key, allowed, resolver, OnceCell::new(), clock)))
    }

    pub(crate) fn with(
        key: Arc<Key>,
        allowed: Vec<Network>,
        resolver: Box<dyn Resolve>,
        tls: OnceCell<Arc<ClientConfig>>,
        clock: Clock,
    ) -> Egress {
        let out = Arc::new(Semaphore::new(HTTP_CONCURRENCY_HOST));
        let idle = Arc::new(Semaphore::new(HTTP_IDLE_HOST));
        let mails = Arc::new(Semaphore::new(MAIL_CONCURRENCY_HOST));
        Egress { clock, allowed, resolver, out, idle, mails, key, tls }
    }

    /// How to speak TLS, found out when it is first needed.
    pub(crate) async fn tls(&self) -> Result<Arc<ClientConfig>, String> {
        let read = || async {
            let read = tokio::task::spawn_blocking(crate::tls::system).await;
            read.map_err(|e| e.to_string())?
        };
        self.tls.get_or_try_init(read).await.cloned()
    }
}
