//! The admin API: what an operator does with the host, as JSON over HTTP on a loopback port.
//!
//! [`Console::handle`] answers one request; it knows no server. [`ENDPOINTS`] is the whole API. Keys
//! of objects are kebab-case, as in `plugin.toml` and `shop.toml`; errors are problem+json.

mod answer;
mod blocking;
mod bundles;
mod call;
mod door;
mod exchanges;
mod keys;
mod later;
mod logs;
mod query;
mod secrets;
mod table;
mod tenants;
mod token;

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use quoin_core::limits::{BODY_BYTES_MAX, BUNDLE_BYTES_MAX};
use quoin_supervisor::{Receiving, Supervisor};

pub use answer::Body;
pub use door::is_loopback;
pub use table::{ENDPOINTS, Endpoint};
pub use token::{Token, TokenError};

use answer::{Answer, Refused};
use logs::Followers;
use query::Query;
use table::{Found, Path};

/// The admin API of a host. Clones share everything.
#[derive(Clone)]
pub struct Console {
    supervisor: Arc<Supervisor>,
    token: Arc<Token>,
    followers: Followers,
}

/// What comes with a request that may go on.
pub enum Admitted {
    /// A body of at most so many bytes.
    Body(usize),
    /// A file of a shop, which is received in pieces.
    File(Receiving),
}

impl Console {
    /// The admin API over this supervisor, for whoever has the token.
    pub fn new(supervisor: Arc<Supervisor>, token: Token) -> Console {
        Console { supervisor, token: Arc::new(token), followers: Followers::default() }
    }

    /// Ends the answers that would go on for ever, so that a server can drain.
    pub fn close(&self) {
        self.followers.end();
    }

    /// Whether a request may go on to its body, and what that may be: for servers that read the body
    /// before they call [`Console::handle`], which checks again.
    ///
    /// # Errors
    /// The answer to a request that may not.
    pub async fn admit(&self, request: &Parts) -> Result<Admitted, Box<Response<Body>>> {
        let refused = |refused: Refused| Box::new(refused.into_response());
        self.enter(request).map_err(refused)?;
        match table::find(request.method.as_str(), request.uri.path()) {
            Found::Endpoint(Endpoint::PutBundle, _) => Ok(Admitted::Body(BUNDLE_BYTES_MAX)),
            Found::Endpoint(Endpoint::AddFile, at) => {
                let tenant = at.name(0).map_err(refused)?;
                let receiving = self.supervisor.receive_for(&tenant).await;
                receiving.map(Admitted::File).map_err(|error| refused(error.into()))
            }
            _ => Ok(Admitted::Body(BODY_BYTES_MAX)),
        }
    }

    /// Answers a request. A change that has begun is finished even when this future is dropped
    /// because the client went away.
    pub async fn handle(&self, request: Request<Bytes>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        self.answer(&parts, body).await.unwrap_or_else(Refused::into_response)
    }

    fn enter(&self, request: &Parts) -> Result<(), Refused> {
        door::check_host(&request.headers, &request.uri)?;
        door::check_token(&request.headers, &self.token)
    }

    async fn answer(&self, request: &Parts, body: Bytes) -> Answer {
        self.enter(request)?;
        let path = request.uri.path();
        let (endpoint, at) = match table::find(request.method.as_str(), path) {
            Found::Endpoint(endpoint, at) => (endpoint, at),
            Found::OtherMethods(methods) => return Err(answer::wrong_method(&methods)),
            Found::Nothing => return Err(answer::no_such_path(path)),
        };
        if endpoint != Endpoint::PutBundle && body.len() > BODY_BYTES_MAX {
            return Err(answer::too_large(BODY_BYTES_MAX));
        }
        let query = Query::parse(request.uri.query().unwrap_or_default(), endpoint.parameters())?;
        // What tries a change ends with its client.
        if !endpoint.changes() || query.switch("dry-run")? {
            return self.clone().run(endpoint, at, query, body).await;
        }
        let task = tokio::spawn(self.clone().run(endpoint, at, query, body));
        task.await.unwrap_or_else(|error| {
            tracing::error!("the admin API failed at {path}: {error}");
            Err(quoin_core::Problem::internal().into())
        })
    }

    async fn run(self, endpoint: Endpoint, at: Path, query: Query, body: Bytes) -> Answer {
        let host = &self.supervisor;
        match endpoint {
            Endpoint::Health => tenants::health(host),
            Endpoint::Bundles => bundles::list(host),
            Endpoint::PutBundle => bundles::put(host, at.digest(0)?, body).await,
            Endpoint::Bundle => bundles::show(host, &at.digest(0)?),
            Endpoint::Tenants => tenants::list(host).await,
            Endpoint::Tenant => tenants::show(host, &at.name(0)?).await,
            Endpoint::RemoveTenant => tenants::remove(host, &at.name(0)?).await,
            Endpoint::Shop => tenants::shop(host, &at.name(0)?).await,
            Endpoint::PutShop => tenants::put_shop(host, &at.name(0)?, &query, &body).await,
            Endpoint::Revisions => tenants::revisions(host, at.name(0)?, &query).await,
            Endpoint::Swap => bundles::swap(host, &at.name(0)?, &at.name(1)?, &query, &body).await,
            Endpoint::Back => bundles::back(host, &at.name(0)?, &at.name(1)?, &query).await,
            Endpoint::Call => call::call(host, &at.name(0)?, &body).await,
            Endpoint::Keys => keys::list(host, at.name(0)?).await,
            Endpoint::AddKey => keys::add(host, at.name(0)?, &body).await,
            Endpoint::RemoveKey => keys::remove(host, at.name(0)?, at.text(1)).await,
            Endpoint::Later => later::list(host, &at.name(0)?, &query).await,
            Endpoint::LaterCall => later::show(host, &at.name(0)?, at.number(1)?).await,
            Endpoint::RunLater => later::run(host, &at.name(0)?, at.number(1)?).await,
            Endpoint::DropLater => later::remove(host, &at.name(0)?, at.number(1)?).await,
            Endpoint::Secrets => secrets::list(host, &at.name(0)?).await,
            Endpoint::SetSecret => secrets::set(host, at.name(0)?, at.name(1)?, &body).await,
            Endpoint::RemoveSecret => secrets::remove(host, at.name(0)?, at.name(1)?).await,
            Endpoint::Http => exchanges::list(host, &at.name(0)?, &query),
            Endpoint::AddFile => {
                tenants::find(host, &at.name(0)?)?;
                // A server that reads bodies receives files as they come: see [`Admitted::File`].
                Err(answer::too_large(0))
            }
            Endpoint::Logs => logs::read(host, &self.followers, &at.name(0)?, &query),
        }
    }
}
