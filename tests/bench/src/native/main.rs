//! `quoin-bench-native DATABASE`: the product page's logic as one would write it without a host of
//! plugins. One hyper process, SQLite in place, prepared statements, a connection for each request
//! that runs; both queries see one snapshot, as a call does. It tells its address and serves until
//! it is killed.

mod product;

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rusqlite::Connection;
use tokio::net::TcpListener;

/// As in the host.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<()> {
    let database = std::env::args_os().nth(1).context("which database?")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(Database { path: database.into(), idle: Mutex::default() }))
}

/// A database and its connections that nobody uses.
struct Database {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Database {
    /// Reads with a connection of this request's own.
    fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle().pop();
        let connection = match kept {
            Some(connection) => connection,
            None => open(&self.path)?,
        };
        let result = work(&connection)?;
        idle().push(connection);
        Ok(result)
    }
}

fn open(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA query_only = ON")?;
    Ok(connection)
}

async fn serve(database: Database) -> Result<()> {
    let database = Arc::new(database);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let database = database.clone();
        let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            let response = respond(&database, request.method(), request.uri());
            async move { Ok::<_, Infallible>(response) }
        });
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        // A client that goes away ends its connection, and nothing else.
        tokio::spawn(async { drop(connection.await) });
    }
}

fn respond(database: &Database, method: &Method, uri: &hyper::Uri) -> Response<Full<Bytes>> {
    let slug = uri.path().strip_prefix("/products/").filter(|_| method == Method::GET);
    let Some(slug) = slug else { return empty(StatusCode::NOT_FOUND) };
    let locale = uri.query().and_then(|query| query.strip_prefix("locale="));
    match database.read(|connection| product::published(connection, slug, locale)) {
        Ok(Some(product)) => match serde_json::to_vec(&product) {
            Ok(json) => {
                let mut response = Response::new(Full::new(json.into()));
                let json = HeaderValue::from_static("application/json");
                response.headers_mut().insert(CONTENT_TYPE, json);
                response
            }
            Err(_) => empty(StatusCode::INTERNAL_SERVER_ERROR),
        },
        Ok(None) => empty(StatusCode::NOT_FOUND),
        Err(error) => {
            eprintln!("{error:#}");
            empty(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
