//! The way out of a shop.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use quoin_core::Name;
use quoin_core::limits::{
    HTTP_BURST_SHOP, HTTP_CONCURRENCY_HOST, HTTP_CONCURRENCY_SHOP, HTTP_EXCHANGE_BYTES_MAX,
    HTTP_HEADER_BYTES_MAX, HTTP_HEADERS_MAX, HTTP_LOOKUPS_SHOP, HTTP_RATE_SHOP,
    HTTP_RESPONSE_BYTES_MAX, HTTP_REST_MS, HTTP_SIGNED_BYTES_MAX, HTTP_TIME_MS, HTTP_TIME_MS_MAX,
    MAIL_BURST_SHOP, MAIL_CONCURRENCY_SHOP, MAIL_RATE_SHOP,
};
use quoin_core::manifest::HttpGrant;
use ring::hmac;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::bucket::Bucket;
use crate::connect::{Connection, connect};
use crate::egress::Egress;
use crate::exchanges::{Exchange, Exchanges};
use crate::idle::Idle;
use crate::key::KeyError;
use crate::message::{Error, Request, Response};
use crate::place::Place;
use crate::prepare::{Prepared, prepare};
use crate::redact::redacted;
use crate::secrets::{SecretState, Secrets};

/// The way out of a shop: its secrets, and its share of what the host sends.
pub struct Outlet {
    pub(crate) host: Arc<Egress>,
    pub(crate) tenant: Name,
    pub(crate) secrets: Secrets,
    bucket: Mutex<Bucket>,
    /// Requests that are out.
    out: Arc<Semaphore>,
    /// Names that are looked up.
    pub(crate) lookups: Arc<Semaphore>,
    idle: Mutex<Idle>,
    pub(crate) exchanges: Exchanges,
    /// Mails that are under way.
    pub(crate) mails: Arc<Semaphore>,
    pub(crate) mail_bucket: Mutex<Bucket>,
}

/// On whose behalf a request is sent.
pub struct Sender<'a> {
    /// The plugin.
    pub plugin: &'a Name,
    /// What it was granted.
    pub grant: &'a HttpGrant,
    /// The id of the shop's request.
    pub trace: &'a str,
    /// When its call must be done.
    pub deadline: Instant,
}

impl Outlet {
    /// That of a shop which has no secrets so far.
    pub fn new(host: &Arc<Egress>, tenant: Name) -> Outlet {
        Outlet {
            secrets: Secrets::new(tenant.clone(), Arc::clone(&host.key)),
            host: Arc::clone(host),
            tenant,
            bucket: Mutex::new(Bucket::new(HTTP_RATE_SHOP, HTTP_BURST_SHOP)),
            out: Arc::new(Semaphore::new(HTTP_CONCURRENCY_SHOP)),
            lookups: Arc::new(Semaphore::new(HTTP_LOOKUPS_SHOP)),
            idle: Mutex::default(),
            exchanges: Exchanges::default(),
            mails: Arc::new(Semaphore::new(MAIL_CONCURRENCY_SHOP)),
            mail_bucket: Mutex::new(Bucket::new(MAIL_RATE_SHOP, MAIL_BURST_SHOP)),
        }
    }

    /// A secret of the shop as it may be stored.
    ///
    /// # Errors
    /// The operating system has no randomness to give.
    pub fn seal(&self, name: &Name, secret: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.secrets.key().seal(&self.tenant, name, secret)
    }

    /// The shop has this secret from now on, as [`Outlet::seal`] made it, set at this many milliseconds
    /// since 1970.
    pub fn put_secret(&self, name: Name, sealed: Vec<u8>, set_ms: u64) {
        self.secrets.put(name, sealed, set_ms);
    }

    /// The shop has this secret no more.
    pub fn remove_secret(&self, name: &Name) {
        self.secrets.remove(name);
    }

    /// The secrets of the shop, by name, without what they are.
    pub fn secrets(&self) -> Vec<SecretState> {
        self.secrets.states()
    }

    /// The newest exchanges, at most so many, the oldest of them first.
    pub fn exchanges(&self, limit: usize) -> Vec<Exchange> {
        self.exchanges.newest(limit)
    }

    /// Closes connections that nobody has used for a while.
    pub fn close_old(&self) {
        self.idle().close_old(self.host.clock.instant());
    }

    /// Gives back what it does not need while nobody uses the shop.
    pub fn sleep(&self) {
        self.idle().close();
        self.exchanges.shrink();
    }

    /// Sends a request and takes its answer, whatever its status is. Redirects are answers.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn send(&self, request: &Request, sender: &Sender<'_>) -> Result<Response, Error> {
        let secrets = self.secrets.granted(sender.grant);
        let mut pending = self.pending(request, sender, &secrets);
        let outcome = self.attempt(request, sender, &secrets, &mut pending.exchange.sent).await;
        pending.ended = Some(outcome.as_ref().map(answered).map_err(|error| {
            let told = redacted(&error.to_string(), &secrets);
            (error.code(), cut(told))
        }));
        outcome
    }

    /// Whether `expected` is the HMAC-SHA256 of `payload` with this secret as its key. It takes as long
    /// whatever is expected.
    ///
    /// # Errors
    /// The secret is not granted or not set; the payload is too large.
    pub fn verify(
        &self,
        grant: &HttpGrant,
        name: &str,
        payload: &[u8],
        expected: &[u8],
    ) -> Result<bool, Error> {
        if payload.len() > HTTP_SIGNED_BYTES_MAX {
            return Err(Error::TooLarge(format!(
                "what was signed has more than {HTTP_SIGNED_BYTES_MAX} bytes"
            )));
        }
        let secrets = self.secrets.granted(grant);
        let found = secrets.iter().find(|(known, _)| known.as_str() == name);
        let (_, secret) = found.ok_or_else(|| self.secrets.lacking(grant, name))?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        Ok(hmac::verify(&key, payload, expected).is_ok())
    }

    async fn attempt(
        &self,
        request: &Request,
        sender: &Sender<'_>,
        secrets: &[(Name, Vec<u8>)],
        sent: &mut usize,
    ) -> Result<Response, Error> {
        let secret = |name: &str| {
            let found = secrets.iter().find(|(known, _)| known.as_str() == name);
            let lacking = || self.secrets.lacking(sender.grant, name);
            found.map(|(_, secret)| secret.as_slice()).ok_or_else(lacking)
        };
        let Prepared { place, message, bytes } = prepare(request, sender.grant, &secret)?;
        let _places = self.places()?;
        *sent = bytes;
        let time = request.timeout_ms.unwrap_or(HTTP_TIME_MS).min(HTTP_TIME_MS_MAX);
        let rest = Duration::from_millis(HTTP_REST_MS.into());
        let now = self.host.clock.instant();
        let left = sender.deadline.saturating_duration_since(now).saturating_sub(rest);
        let time = left.min(Duration::from_millis(time.into()));
        let exchange = self.exchange(&place, message);
        tokio::time::timeout(time, exchange).await.unwrap_or(Err(Error::Timeout))
    }

    /// A place among the requests that are out, and one in the shop's rate.
    fn places(&self) -> Result<[OwnedSemaphorePermit; 2], Error> {
        let busy = |why: String| Err(Error::Busy(why));
        let Ok(shop) = self.out.clone().try_acquire_owned() else {
            return busy(format!("the shop has {HTTP_CONCURRENCY_SHOP} requests out already"));
        };
        let Ok(host) = self.host.out.clone().try_acquire_owned() else {
            return busy(format!("the host has {HTTP_CONCURRENCY_HOST} requests out already"));
        };
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        match bucket.take(self.host.clock.instant()) {
            true => Ok([shop, host]),
            false => busy(format!("the shop may send {HTTP_RATE_SHOP} requests a second")),
        }
    }

    async fn exchange(
        &self,
        place: &Place,
        message: http::Request<Full<Bytes>>,
    ) -> Result<Response, Error> {
        let (connection, response) = self.response(place, message).await?;
        let (head, body) = response.into_parts();
        let headers = head.headers.iter().map(|(name, value)| {
            // What is no text there is Latin-1, by the standard's older edition.
            let text = |bytes: &[u8]| bytes.iter().map(|byte| char::from(*byte)).collect();
            let value = value.to_str().map_or_else(|_| text(value.as_bytes()), str::to_owned);
            (name.as_str().to_owned(), value)
        });
        let headers: Vec<_> = headers.collect();
        let body = whole(body).await?;
        if !connection.sender.is_closed() {
            let now = self.host.clock.instant();
            self.idle().put(place.clone(), connection, now, &self.host.idle);
        }
        Ok(Response { status: head.status.as_u16(), headers, body })
    }

    /// Sends on an idle connection, or where there is none that still holds, on a new one.
    async fn response(
        &self,
        place: &Place,
        mut message: http::Request<Full<Bytes>>,
    ) -> Result<(Connection, http::Response<Incoming>), Error> {
        loop {
            let idle = self.idle().take(place, self.host.clock.instant());
            let reused = idle.is_some();
            let mut connection = match idle {
                Some(connection) => connection,
                None => connect(&self.host, &self.lookups, place).await?,
            };
            // It may have been closed at this moment.
            if connection.sender.ready().await.is_err() && reused {
                continue;
            }
            let mut failed = match connection.sender.try_send_request(message).await {
                Ok(response) => return Ok((connection, response)),
                Err(failed) => failed,
            };
            // What comes back was not sent.
            match failed.take_message() {
                Some(again) if reused => message = again,
                Some(_) => return Err(unsent(&failed.into_error(), place)),
                None => return Err(broken(&failed.into_error(), place)),
            }
        }
    }

    fn pending<'a>(
        &'a self,
        request: &Request,
        sender: &Sender<'_>,
        secrets: &[(Name, Vec<u8>)],
    ) -> Pending<'a> {
        let shown: String = request.url.chars().take(2 * HTTP_EXCHANGE_BYTES_MAX).collect();
        let exchange = Exchange {
            number: 0,
            at_ms: self.host.clock.now_ms(),
            plugin: sender.plugin.to_string(),
            trace: sender.trace.to_owned(),
            method: request.method.as_str(),
            url: cut(redacted(&shown, secrets)),
            status: None,
            error: None,
            duration_ms: 0,
            sent: 0,
            received: 0,
        };
        Pending { outlet: self, began: self.host.clock.instant(), exchange, ended: None }
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The status of an answer, and bytes of its body.
type Ended = Result<(u16, usize), (&'static str, String)>;

/// An exchange that is under way. It is remembered however it ends.
struct Pending<'a> {
    outlet: &'a Outlet,
    began: Instant,
    exchange: Exchange,
    ended: Option<Ended>,
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        let now = self.outlet.host.clock.instant();
        let took = now.saturating_duration_since(self.began).as_millis();
        let gone = || Err(("dropped", "its call ended before there was an answer".to_owned()));
        let ended = self.ended.take().unwrap_or_else(gone);
        let (status, received) = ended.as_ref().map_or((None, 0), |(s, bytes)| (Some(*s), *bytes));
        self.outlet.exchanges.add(Exchange {
            status,
            error: ended.err(),
            received,
            duration_ms: u64::try_from(took).unwrap_or(u64::MAX),
            ..self.exchange.clone()
        });
    }
}

fn answered(response: &Response) -> (u16, usize) {
    (response.status, response.body.len())
}

/// The whole body of an answer, within its limit.
async fn whole(body: Incoming) -> Result<Bytes, Error> {
    let large = || {
        let most = HTTP_RESPONSE_BYTES_MAX;
        Error::TooLarge(format!("the answer has more than {most} bytes: ask for less at once"))
    };
    let limit = u64::try_from(HTTP_RESPONSE_BYTES_MAX).unwrap_or(u64::MAX);
    if body.size_hint().lower() > limit {
        return Err(large());
    }
    match Limited::new(body, HTTP_RESPONSE_BYTES_MAX).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(large()),
        Err(error) => Err(Error::Interrupted(format!("the answer broke off: {error}"))),
    }
}

fn unsent(error: &hyper::Error, place: &Place) -> Error {
    let place = place.authority();
    Error::Unreachable(format!("{place} closed the connection before anything was sent: {error}"))
}

fn broken(error: &hyper::Error, place: &Place) -> Error {
    if error.is_parse_too_large() {
        return Error::TooLarge(format!(
            "the answer has more than {HTTP_HEADERS_MAX} headers, or more than {HTTP_HEADER_BYTES_MAX} \
             bytes of them"
        ));
    }
    let place = place.authority();
    Error::Interrupted(format!("the connection to {place} broke off before the answer: {error}"))
}

/// The beginning of a text.
pub(crate) fn cut(mut text: String) -> String {
    if text.len() > HTTP_EXCHANGE_BYTES_MAX {
        text.truncate(text.floor_char_boundary(HTTP_EXCHANGE_BYTES_MAX));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests;
