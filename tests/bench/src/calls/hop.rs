//! The same between two servers: one HTTP request with JSON over a kept connection on loopback.
//!
//! Each server has a thread of its own, as two services have at least. The client in the first one is
//! hand-written and does less than a usual one; the second does nothing but read and write the lines.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use super::Shape;
use super::line::{Line, lines};
use crate::http::{Connection, request};
use crate::measure::{Contestant, Run};

/// The two servers; they end with the process.
pub struct Servers {
    front: SocketAddr,
}

impl Servers {
    /// Starts them.
    pub fn start() -> Result<Servers> {
        let back = serve(|request| async move { back(request).await })?;
        let connection: Arc<Mutex<Option<Connection>>> = Arc::default();
        let front = serve(move |request| {
            let connection = connection.clone();
            async move { front(request, back, &connection).await }
        })?;
        Ok(Servers { front })
    }

    /// Hops of this shape.
    pub fn contestant(&self, shape: Shape) -> Hops {
        Hops { front: self.front, shape }
    }
}

/// Serves on a thread of its own.
fn serve<H, F>(handle: H) -> Result<SocketAddr>
where
    H: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Result<Bytes>> + Send + 'static,
{
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let accept = async move {
        let listener = TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let handle = handle.clone();
            let service = service_fn(move |request| {
                let answer = handle(request);
                async move { Ok::<_, Infallible>(response(answer.await)) }
            });
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            // A client that goes away ends its connection, and nothing else.
            tokio::spawn(async { drop(connection.await) });
        }
    };
    std::thread::spawn(move || {
        let Err::<Infallible, std::io::Error>(error) = runtime.block_on(accept);
        eprintln!("a server ended: {error}");
    });
    Ok(address)
}

fn response(answer: Result<Bytes>) -> Response<Full<Bytes>> {
    let (status, body) = match answer {
        Ok(body) => (StatusCode::OK, body),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, Bytes::from(error.to_string())),
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response
}

/// Reads the lines and writes them again; nothing of nothing.
async fn back(request: Request<Incoming>) -> Result<Bytes> {
    let body = request.into_body().collect().await?.to_bytes();
    if body.is_empty() {
        return Ok(body);
    }
    let lines: Vec<Line> = serde_json::from_slice(&body)?;
    Ok(serde_json::to_vec(&lines)?.into())
}

/// Asks the other server as often as the path says: `/times/length`.
async fn front(
    asked: Request<Incoming>,
    back: SocketAddr,
    connection: &Mutex<Option<Connection>>,
) -> Result<Bytes> {
    let mut numbers = asked.uri().path().split('/').skip(1).map(str::parse::<u32>);
    let (Some(Ok(times)), Some(Ok(length))) = (numbers.next(), numbers.next()) else {
        anyhow::bail!("the path has no numbers");
    };
    let mut connection = connection.lock().await;
    let connection = match &mut *connection {
        Some(connection) => connection,
        none => none.insert(Connection::open(back).await?),
    };
    let lines = lines(length);
    let mut came_back = 0;
    for _ in 0..times {
        let body = if lines.is_empty() { Vec::new() } else { serde_json::to_vec(&lines)? };
        let reply = connection.send(&request("POST", "/work", "localhost", "", &body)).await?;
        ensure!(reply.status == 200, "the other server answered {}", reply.status);
        if !reply.body.is_empty() {
            came_back += serde_json::from_slice::<Vec<Line>>(reply.body)?.len();
        }
    }
    Ok(came_back.to_string().into())
}

/// Hops of one shape.
pub struct Hops {
    front: SocketAddr,
    shape: Shape,
}

impl Contestant for Hops {
    fn name(&self) -> &'static str {
        "a hop between two HTTP servers"
    }

    fn run(&self, times: u32) -> Run<'_> {
        Box::pin(async move {
            let length = match self.shape {
                Shape::Empty => 0,
                Shape::Lines(length) => length,
            };
            let mut connection = Connection::open(self.front).await?;
            let ask = request("GET", &format!("/{times}/{length}"), "localhost", "", b"");
            let reply = connection.send(&ask).await?;
            let text = String::from_utf8_lossy(reply.body);
            let came_back: u64 = text.parse().with_context(|| text.clone().into_owned())?;
            ensure!(came_back == u64::from(times) * u64::from(length), "{came_back} came back");
            Ok(())
        })
    }
}
