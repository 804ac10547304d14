//! Connections to other systems.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use quoin_core::limits::{
    HTTP_ADDRESSES_MAX, HTTP_CONNECT_MS, HTTP_HEADER_BYTES_MAX, HTTP_HEADERS_MAX,
};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::address::may_reach;
use crate::egress::Egress;
use crate::message::Error;
use crate::place::Place;

/// An open connection. Dropped, it is closed, whatever is under way on it.
pub(crate) struct Connection {
    pub sender: SendRequest<Full<Bytes>>,
    task: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Connects to a place: its addresses are looked up and looked at, and those that may be reached are tried
/// one after the other.
///
/// # Errors
/// The place has no address that may be reached, or none that answers.
pub(crate) async fn connect(
    host: &Egress,
    lookups: &Arc<Semaphore>,
    place: &Place,
) -> Result<Connection, Error> {
    let shown = place.authority();
    let stream = dial(host, lookups, place.name(), place.port(), &shown).await?;
    let opened = open(host, place, stream).await;
    opened.map_err(|error| Error::Unreachable(format!("no connection to {shown}: {error}")))
}

/// Connects to a port of a host, by its name or address: what it has for addresses is looked up and looked
/// at, and those that may be reached are tried one after the other. `shown` is what errors call it.
///
/// # Errors
/// The host has no address that may be reached, or none that answers.
pub(crate) async fn dial(
    host: &Egress,
    lookups: &Arc<Semaphore>,
    name: &str,
    port: u16,
    shown: &str,
) -> Result<TcpStream, Error> {
    let mut last = None;
    for address in addresses(host, lookups, name).await? {
        let address = SocketAddr::new(address, port);
        let patience = Duration::from_millis(HTTP_CONNECT_MS.into());
        match tokio::time::timeout(patience, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = Some(error),
            Err(_) => last = Some(io::ErrorKind::TimedOut.into()),
        }
    }
    let last = last.unwrap_or_else(|| io::ErrorKind::NotFound.into());
    Err(Error::Unreachable(format!("no connection to {shown}: {last}")))
}

/// The addresses of a host that may be reached.
async fn addresses(
    host: &Egress,
    lookups: &Arc<Semaphore>,
    name: &str,
) -> Result<Vec<IpAddr>, Error> {
    let found = match name.parse() {
        Ok(address) => vec![address],
        Err(_) => {
            let turn = lookups.clone().acquire_owned().await;
            let turn: OwnedSemaphorePermit =
                turn.map_err(|e| Error::Unreachable(format!("no turn to look up {name}: {e}")))?;
            let found = host.resolver.resolve(name, turn).await;
            found.map_err(|e| Error::Unreachable(format!("{name} has no address: {e}")))?
        }
    };
    let may = |address: &IpAddr| may_reach(*address, &host.allowed);
    let reached: Vec<_> = found.iter().copied().filter(may).take(HTTP_ADDRESSES_MAX).collect();
    match found.first() {
        Some(address) if reached.is_empty() => Err(Error::Denied(format!(
            "{name} is at {address}, which is not on the public internet; if shops may reach it, start \
             the host with --allow-network {address}/{}",
            if address.is_ipv4() { 32 } else { 128 }
        ))),
        Some(_) => Ok(reached),
        None => Err(Error::Unreachable(format!("{name} has no address"))),
    }
}

async fn open(host: &Egress, place: &Place, stream: TcpStream) -> io::Result<Connection> {
    stream.set_nodelay(true)?;
    if !place.encrypted {
        return speak(TokioIo::new(stream)).await;
    }
    let config = host.tls().await.map_err(io::Error::other)?;
    let name = ServerName::try_from(place.name().to_owned()).map_err(io::Error::other)?;
    speak(TokioIo::new(TlsConnector::from(config).connect(name, stream).await?)).await
}

async fn speak(stream: impl Read + Write + Unpin + Send + 'static) -> io::Result<Connection> {
    let (sender, connection) = http1::Builder::new()
        .max_headers(HTTP_HEADERS_MAX)
        .max_buf_size(HTTP_HEADER_BYTES_MAX)
        .handshake(stream)
        .await
        .map_err(io::Error::other)?;
    let task = tokio::spawn(async move {
        // Whoever sends on it is told the same.
        let _ = connection.await;
    });
    Ok(Connection { sender, task })
}
