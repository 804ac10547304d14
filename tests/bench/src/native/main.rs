//! `quoin-bench-native DATABASE`: the product page and the sale as one would write them without a host
//! of plugins. One hyper process, SQLite in place, prepared statements; a connection for each request
//! that reads, so that its queries see one snapshot, and one that writes, a transaction for each request.
//! It tells its address and serves until it is killed.

mod cart;
mod checkout;
mod product;
mod store;

use std::convert::Infallible;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rusqlite::Connection;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpListener;

use store::{Database, Fault};

/// Bytes of a request's body.
const BODY_BYTES_MAX: usize = 1 << 20;

/// As in the host.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<()> {
    let database = std::env::args_os().nth(1).context("which database?")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(Database::open(database.into())?))
}

async fn serve(database: Database) -> Result<()> {
    let database = Arc::new(database);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let database = database.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let database = database.clone();
            async move {
                let answer = answer(&database, request).await;
                Ok::<_, Infallible>(answer.unwrap_or_else(|fault| response(&fault)))
            }
        });
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        // A client that goes away ends its connection, and nothing else.
        tokio::spawn(async { drop(connection.await) });
    }
}

async fn answer(
    database: &Database,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Fault> {
    let path = request.uri().path().to_owned();
    let path: Vec<&str> = path.split('/').skip(1).collect();
    match (request.method(), path.as_slice()) {
        (&Method::GET, ["products", slug]) => {
            let query = request.uri().query();
            let locale = query.and_then(|query| query.strip_prefix("locale="));
            let found = database.read(|sqlite| product::published(sqlite, slug, locale))?;
            json(StatusCode::OK, &found.ok_or(Fault::Missing)?)
        }
        (&Method::POST, ["carts"]) => {
            write(database, request, StatusCode::CREATED, cart::create).await
        }
        (&Method::POST, ["carts", id, "lines"]) => {
            let add = |sqlite: &Connection, wanted| cart::add(sqlite, id, wanted);
            write(database, request, StatusCode::OK, add).await
        }
        (&Method::PUT, ["carts", id, "contact"]) => {
            let set = |sqlite: &Connection, contact| cart::set_contact(sqlite, id, contact);
            write(database, request, StatusCode::OK, set).await
        }
        (&Method::POST, ["checkout"]) => {
            write(database, request, StatusCode::OK, checkout::place).await
        }
        _ => Err(Fault::Missing),
    }
}

/// Reads the body, does the work in a transaction of its own, and answers with what it returns.
async fn write<B: DeserializeOwned, T: Serialize>(
    database: &Database,
    request: Request<Incoming>,
    status: StatusCode,
    work: impl FnOnce(&Connection, B) -> Result<T, Fault>,
) -> Result<Response<Full<Bytes>>, Fault> {
    let body = Limited::new(request.into_body(), BODY_BYTES_MAX).collect().await;
    let body = body.map_err(|_| Fault::Invalid("the body does not come"))?.to_bytes();
    let body = serde_json::from_slice(&body).map_err(|_| Fault::Invalid("no such JSON"))?;
    let done = database.write(|sqlite| work(sqlite, body)).await?;
    json(status, &done)
}

fn json(status: StatusCode, value: &impl Serialize) -> Result<Response<Full<Bytes>>, Fault> {
    let json = serde_json::to_vec(value).map_err(|error| Fault::Broken(error.into()))?;
    let mut response = Response::new(Full::new(json.into()));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    Ok(response)
}

fn response(fault: &Fault) -> Response<Full<Bytes>> {
    let (status, why) = match fault {
        Fault::Missing => (StatusCode::NOT_FOUND, "there is no such thing"),
        Fault::Invalid(why) => (StatusCode::UNPROCESSABLE_ENTITY, *why),
        Fault::Conflict(why) => (StatusCode::CONFLICT, *why),
        Fault::Broken(error) => {
            eprintln!("{error:#}");
            (StatusCode::INTERNAL_SERVER_ERROR, "see the log")
        }
    };
    let mut response = Response::new(Full::from(why));
    *response.status_mut() = status;
    response
}
