//! From the name of a host to its addresses.

use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::pin::Pin;

use tokio::sync::OwnedSemaphorePermit;

/// Addresses, or why there are none.
pub(crate) type Resolving<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;

/// Who knows the addresses of names.
pub(crate) trait Resolve: Send + Sync {
    /// The addresses of a name. `turn` is given back when the work is done, which may be after whoever
    /// asked has gone away.
    fn resolve<'a>(&'a self, name: &'a str, turn: OwnedSemaphorePermit) -> Resolving<'a>;
}

/// The operating system's resolver.
pub(crate) struct System;

impl Resolve for System {
    fn resolve<'a>(&'a self, name: &'a str, turn: OwnedSemaphorePermit) -> Resolving<'a> {
        let name = name.to_owned();
        Box::pin(async move {
            // It blocks its thread, for as long as name servers are silent.
            let looking = tokio::task::spawn_blocking(move || {
                let _turn = turn;
                let found = (name.as_str(), 0).to_socket_addrs()?;
                Ok(found.map(|address| address.ip()).collect())
            });
            looking.await.map_err(io::Error::other)?
        })
    }
}
