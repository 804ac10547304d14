//! The dialogue with a relay.

use std::error::Error as _;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use lettre::Address;
use lettre::address::Envelope;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use quoin_core::Name;
use quoin_core::limits::MAIL_SAID_BYTES_MAX;
use quoin_core::manifest::{Relay, RelayTls};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::connect::dial;
use crate::egress::Egress;
use crate::mail::MailError;
use crate::message::Error;

/// Who logs in at a relay.
pub(crate) struct Login {
    pub user: String,
    pub password: String,
    /// The name of the secret that the password is.
    pub name: Name,
}

/// The way to a relay: the host's, and a shop's turns to look up names.
pub(crate) type Way<'a> = (&'a Egress, &'a Arc<Semaphore>);

/// Hands a message to a relay: the code and the text of its answer. `sent` is set when all of the message is
/// on its way: what fails from then on may have arrived.
///
/// # Errors
/// See [`MailError`]; without a login it is never `Secret`.
pub(crate) async fn deliver(
    way: Way<'_>,
    relay: &Relay,
    login: Option<&Login>,
    envelope: &Envelope,
    message: &[u8],
    sent: &AtomicBool,
) -> Result<(u16, String), MailError> {
    let mut connection = greet(way, relay).await?;
    if let Some(login) = login {
        let credentials = Credentials::new(login.user.clone(), login.password.clone());
        let ways = [Mechanism::Plain, Mechanism::Login];
        if let Err(error) = connection.auth(&ways, &credentials).await {
            return Err(no_login(&error, relay, login));
        }
    }
    let options = options(&connection, envelope, message, relay)?;
    let failed = |error: SmtpError| told(&error, relay, false);
    let from = Mail::new(envelope.from().cloned(), options);
    connection.command(from).await.map_err(failed)?;
    for to in envelope.to() {
        connection.command(Rcpt::new(to.clone(), Vec::new())).await.map_err(failed)?;
    }
    connection.command(Data).await.map_err(failed)?;
    sent.store(true, Ordering::Relaxed);
    let answer = connection.message(message).await.map_err(|error| told(&error, relay, true))?;
    // It has the mail, whatever becomes of the connection. Nobody waits for its farewell.
    let code = answer.code().to_string().parse().unwrap_or_default();
    let text: Vec<_> = answer.message().collect();
    Ok((code, text.join(" ")))
}

/// What the message needs of the relay besides.
fn options(
    connection: &AsyncSmtpConnection,
    envelope: &Envelope,
    message: &[u8],
    relay: &Relay,
) -> Result<Vec<MailParameter>, MailError> {
    let has = |extension| connection.server_info().supports_feature(extension);
    let mut options = Vec::new();
    let plain = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
    if !envelope.to().iter().chain(envelope.from()).all(plain) {
        if !has(Extension::SmtpUtfEight) {
            let why = format!("{relay} takes no addresses with other letters than a-z (SMTPUTF8)");
            return Err(MailError::Refused(why));
        }
        options.push(MailParameter::SmtpUtfEight);
    }
    if !message.is_ascii() {
        options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    Ok(options)
}

/// Connects, as encrypted as the shop says.
async fn greet((host, lookups): Way<'_>, relay: &Relay) -> Result<AsyncSmtpConnection, MailError> {
    let (server, shown) = (relay.server.as_str(), relay.to_string());
    let unreachable = |why: &dyn std::fmt::Display| {
        MailError::Unreachable(format!("no connection to {shown}: {why}"))
    };
    let dialed = dial(host, lookups, server, relay.port(), &shown).await;
    let mut stream = dialed.map_err(|error| match error {
        Error::Denied(why) => MailError::Denied(why),
        error => MailError::Unreachable(error.to_string()),
    })?;
    let own = stream.local_addr().map_err(|error| unreachable(&error))?;
    let hello = match own {
        SocketAddr::V4(own) => ClientId::Ipv4(*own.ip()),
        SocketAddr::V6(own) => ClientId::Ipv6(*own.ip()),
    };
    if relay.tls == RelayTls::Starttls {
        begin_tls(&mut stream, &hello).await.map_err(|error| unreachable(&error))?;
    }
    let peer = stream.peer_addr().map_err(|error| unreachable(&error))?;
    let line: Box<dyn AsyncTokioStream> = match relay.tls {
        RelayTls::None => Box::new(Line::new(stream, peer, b"")),
        tls => {
            let stream =
                encrypted(host, server, stream).await.map_err(|error| unreachable(&error))?;
            // After STARTTLS the relay waits to be greeted again and says nothing first.
            let said: &[u8] = if tls == RelayTls::Starttls { b"220 encrypted\r\n" } else { b"" };
            Box::new(Line::new(stream, peer, said))
        }
    };
    let greeted = AsyncSmtpConnection::connect_with_transport(line, &hello).await;
    greeted.map_err(|error| match told(&error, relay, false) {
        // A relay that turns everybody away has nothing against this mail.
        MailError::Refused(why) => MailError::NotNow(why),
        error => error,
    })
}

async fn encrypted(
    host: &Egress,
    server: &str,
    stream: TcpStream,
) -> io::Result<TlsStream<TcpStream>> {
    let config = host.tls().await.map_err(io::Error::other)?;
    let name = ServerName::try_from(server.to_owned()).map_err(io::Error::other)?;
    TlsConnector::from(config).connect(name, stream).await
}

/// The part of the dialogue that is not encrypted, up to where it is to be.
async fn begin_tls(stream: &mut TcpStream, hello: &ClientId) -> io::Result<()> {
    let mut left = MAIL_SAID_BYTES_MAX;
    let refused = |said: &str| io::Error::other(format!("it said {}", said.trim_end()));
    let greeting = reply(stream, &mut left).await?;
    if !greeting.starts_with("220") {
        return Err(refused(&greeting));
    }
    stream.write_all(format!("EHLO {hello}\r\n").as_bytes()).await?;
    let offers = reply(stream, &mut left).await?;
    let named =
        |line: &str| line.get(4..).is_some_and(|word| word.trim().eq_ignore_ascii_case("STARTTLS"));
    if !offers.starts_with("250") || !offers.lines().any(named) {
        return Err(io::Error::other(
            "it does not offer STARTTLS; if it is encrypted from the first byte on, write tls = \
             \"implicit\"",
        ));
    }
    stream.write_all(b"STARTTLS\r\n").await?;
    let ready = reply(stream, &mut left).await?;
    if !ready.starts_with("220") {
        return Err(refused(&ready));
    }
    Ok(())
}

/// A reply of one or more lines. It is read byte by byte, so that nothing is taken of what comes after it:
/// what somebody slips in before the encryption is part of the handshake then, and ends it.
async fn reply(stream: &mut TcpStream, left: &mut usize) -> io::Result<String> {
    let (mut whole, mut begins) = (Vec::new(), 0);
    loop {
        let byte = stream.read_u8().await?;
        *left = left.checked_sub(1).ok_or_else(too_much)?;
        whole.push(byte);
        if byte == b'\n' {
            let line: &[u8] = whole.get(begins..).unwrap_or_default();
            if line.get(3) != Some(&b'-') {
                return Ok(String::from_utf8_lossy(&whole).into_owned());
            }
            begins = whole.len();
        }
    }
}

fn too_much() -> io::Error {
    io::Error::other(format!("it said more than {MAIL_SAID_BYTES_MAX} bytes"))
}

/// Why the relay has not taken the message, in its own words where it has some.
fn told(error: &SmtpError, relay: &Relay, sent: bool) -> MailError {
    let said = said(error);
    match error.status() {
        Some(code) if error.is_permanent() => {
            MailError::Refused(format!("{relay} refused it: {code} {said}"))
        }
        Some(code) => MailError::NotNow(format!("{relay} does not take it now: {code} {said}")),
        None if sent => MailError::Unknown(format!(
            "the connection to {relay} broke off after the mail was sent: {said}"
        )),
        None => MailError::Unreachable(format!("no dialogue with {relay}: {said}")),
    }
}

fn no_login(error: &SmtpError, relay: &Relay, login: &Login) -> MailError {
    let (user, name) = (&login.user, &login.name);
    match error.is_permanent() || error.is_client() {
        true => MailError::Secret(format!(
            "{relay} does not let {user} in with the secret {name}: {}",
            said(error)
        )),
        false => told(error, relay, false),
    }
}

fn said(error: &SmtpError) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

/// A connection to a relay that is read up to a limit.
struct Line<S> {
    stream: S,
    peer: SocketAddr,
    /// What is read first.
    said: &'static [u8],
    /// Bytes that may still be read.
    left: usize,
}

impl<S> Line<S> {
    fn new(stream: S, peer: SocketAddr, said: &'static [u8]) -> Line<S> {
        Line { stream, peer, said, left: MAIL_SAID_BYTES_MAX }
    }
}

impl<S> std::fmt::Debug for Line<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a connection to {}", self.peer)
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> AsyncTokioStream for Line<S> {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Line<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.said.is_empty() {
            let (now, then) = self.said.split_at(self.said.len().min(buffer.remaining()));
            buffer.put_slice(now);
            self.said = then;
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        let came = buffer.filled().len() - before;
        match self.left.checked_sub(came) {
            Some(left) => self.left = left,
            None => return Poll::Ready(Err(too_much())),
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Line<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
