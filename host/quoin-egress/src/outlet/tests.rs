mod names;
mod server;
mod tls;

use std::sync::atomic::Ordering;

use quoin_core::Clock;
use quoin_core::limits::{HTTP_EXCHANGES_KEPT, HTTP_IDLE_SHOP};
use quoin_core::manifest::HttpMethod;
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::*;
use crate::key::Key;
use names::Names;
use server::Server;

/// Time for what takes a moment.
const MINUTE: Duration = Duration::from_secs(60);

/// A shop that may send to every port of `a.test`, which is this machine.
struct Room {
    outlet: Arc<Outlet>,
    names: Names,
    plugin: Name,
    _folder: TempDir,
}

impl Room {
    fn new() -> Room {
        Room::with(OnceCell::new(), &["127.0.0.0/8"])
    }

    fn with(tls: OnceCell<Arc<tokio_rustls::rustls::ClientConfig>>, allowed: &[&str]) -> Room {
        let folder = tempfile::tempdir().unwrap();
        let key = Arc::new(Key::open(&folder.path().join("key")).unwrap());
        let names = Names::default();
        names.lead("a.test", &[&["127.0.0.1"]]);
        let allowed = allowed.iter().map(|network| network.parse().unwrap()).collect();
        let resolver = Box::new(names.clone());
        let host = Arc::new(Egress::with(key, allowed, resolver, tls, Clock::system()));
        let outlet = Arc::new(Outlet::new(&host, "shop".parse().unwrap()));
        Room { outlet, names, plugin: "p".parse().unwrap(), _folder: folder }
    }

    async fn send(&self, request: &Request) -> Result<Response, Error> {
        self.send_within(request, MINUTE).await
    }

    /// Sends for a call that has so much time.
    async fn send_within(&self, request: &Request, time: Duration) -> Result<Response, Error> {
        let uri: http::Uri = request.url.parse().unwrap();
        let host = format!("{}://{}", uri.scheme_str().unwrap(), uri.authority().unwrap());
        let grant = HttpGrant {
            hosts: [host.parse().unwrap()].into(),
            methods: [HttpMethod::Get, HttpMethod::Post].into(),
            secrets: ["key".parse().unwrap()].into(),
        };
        let deadline = self.outlet.host.clock.instant() + time;
        let sender = Sender { plugin: &self.plugin, grant: &grant, trace: "trace", deadline };
        self.outlet.send(request, &sender).await
    }

    fn set(&self, name: &str, secret: &[u8]) {
        let name: Name = name.parse().unwrap();
        let sealed = self.outlet.seal(&name, secret).unwrap();
        self.outlet.put_secret(name, sealed, 1);
    }

    fn last(&self) -> Exchange {
        self.outlet.exchanges(1).pop().unwrap()
    }
}

fn get(url: String) -> Request {
    Request {
        method: HttpMethod::Get,
        url,
        headers: Vec::new(),
        body: Bytes::new(),
        secrets_in_body: false,
        signature: None,
        timeout_ms: None,
    }
}

fn answer(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

#[tokio::test]
async fn a_request_is_answered_and_its_connection_used_again() {
    let (room, server) = (Room::new(), Server::start(|request| Some(answer(request))).await);
    for turn in 0..3 {
        let request = Request {
            method: HttpMethod::Post,
            body: "hello".into(),
            ..get(server.url(&format!("/x?{turn}")))
        };
        let Response { status, headers, body } = room.send(&request).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(text.starts_with(&format!("POST /x?{turn} HTTP/1.1\r\n")), "{text}");
        assert!(text.contains(&format!("host: a.test:{}\r\n", server.port())), "{text}");
        assert!(text.ends_with("\r\n\r\nhello"), "{text}");
        let length = text.len().to_string();
        assert_eq!((status, headers), (200, vec![("content-length".into(), length)]));
    }
    assert_eq!(server.connections.load(Ordering::Relaxed), 1);
    assert_eq!(room.names.asked(), 1);
}

#[tokio::test]
async fn a_connection_that_the_other_side_has_closed_meanwhile_costs_nothing() {
    let room = Room::new();
    let server = Server::start(|_| Some(answer(""))).await;
    for turn in 1..4 {
        room.send(&get(server.url("/"))).await.unwrap();
        assert_eq!(server.connections.load(Ordering::Relaxed), turn);
        server.close_all().await;
    }
}

#[tokio::test]
async fn so_many_idle_connections_are_kept_and_none_of_a_sleeping_shop() {
    let room = Room::new();
    let mut servers = Vec::new();
    for _ in 0..=HTTP_IDLE_SHOP {
        let server = Server::start(|_| Some(answer(""))).await;
        room.send(&get(server.url("/"))).await.unwrap();
        servers.push(server);
    }
    let open = || servers.iter().map(Server::open).sum::<usize>();
    for (expected, sleeps) in [(HTTP_IDLE_SHOP, true), (0, false)] {
        let closed = async {
            while open() != expected {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(MINUTE, closed).await.unwrap();
        if sleeps {
            room.outlet.sleep();
        }
    }
}

#[tokio::test]
async fn an_answer_ends_at_its_limit_however_it_is_told() {
    let room = Room::new();
    let long = "x".repeat(HTTP_RESPONSE_BYTES_MAX);
    for (body, fits) in [(long.clone(), true), (long + "x", false)] {
        let told = answer(&body);
        let mut pieces = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
        pieces.extend(format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()).into_bytes());
        let closing = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{body}").into_bytes();
        for message in [told, pieces, closing] {
            let server = Server::start(move |_| Some(message.clone())).await;
            let outcome = room.send(&get(server.url("/"))).await;
            match fits {
                true => assert_eq!(outcome.unwrap().body.len(), HTTP_RESPONSE_BYTES_MAX),
                false => assert!(matches!(outcome, Err(Error::TooLarge(_))), "{outcome:?}"),
            }
        }
    }
    let lines = "x: y\r\n".repeat(HTTP_HEADERS_MAX + 1);
    let long = format!("x: {}\r\n", "y".repeat(2 * HTTP_HEADER_BYTES_MAX));
    for headers in [lines, long] {
        let message = format!("HTTP/1.1 200 OK\r\n{headers}\r\n").into_bytes();
        let server = Server::start(move |_| Some(message.clone())).await;
        let outcome = room.send(&get(server.url("/"))).await;
        assert!(matches!(outcome, Err(Error::TooLarge(_))), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_silent_server_is_given_up_in_time() {
    let (room, server) = (Room::new(), Server::silent().await);
    let began = room.outlet.host.clock.instant();
    let request = Request { timeout_ms: Some(50), ..get(server.url("/")) };
    assert_eq!(room.send(&request).await, Err(Error::Timeout));
    // A call that has no more time than what is left to it does not even wait.
    let rest = Duration::from_millis(HTTP_REST_MS.into());
    let within = room.send_within(&get(server.url("/")), rest + Duration::from_millis(50)).await;
    assert_eq!(within, Err(Error::Timeout));
    let took = room.outlet.host.clock.instant() - began;
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert_eq!(room.last().error.unwrap().0, "timeout");
}

#[tokio::test]
async fn a_connection_that_breaks_off_is_told_apart_from_one_that_was_never_made() {
    let room = Room::new();
    let server = Server::start(|_| None).await;
    let outcome = room.send(&get(server.url("/"))).await;
    assert!(matches!(outcome, Err(Error::Interrupted(_))), "{outcome:?}");
    let part = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".to_vec();
    let server = Server::start(move |_| Some([&part[..], server::CLOSE].concat())).await;
    let outcome = room.send(&get(server.url("/"))).await;
    assert!(matches!(outcome, Err(Error::Interrupted(_))), "{outcome:?}");
    let url = server.url("/");
    server.stop().await;
    let outcome = room.send(&get(url)).await;
    assert!(matches!(outcome, Err(Error::Unreachable(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_shop_has_so_many_requests_out_and_no_more() {
    let (room, server) = (Room::new(), Server::silent().await);
    let request = get(server.url("/"));
    let mut waiting = Vec::new();
    for _ in 0..HTTP_CONCURRENCY_SHOP {
        let mut sending = Box::pin(room.send(&request));
        let soon = tokio::time::timeout(Duration::from_millis(1), &mut sending).await;
        assert!(soon.is_err(), "{soon:?}");
        waiting.push(sending);
    }
    let outcome = room.send(&request).await;
    assert!(matches!(outcome, Err(Error::Busy(_))), "{outcome:?}");
    // Who goes away makes room, and is remembered.
    drop(waiting);
    assert_eq!(room.last().error.unwrap().0, "dropped");
    let quick = Request { timeout_ms: Some(1), ..request };
    assert_eq!(room.send(&quick).await, Err(Error::Timeout));
}

#[tokio::test]
async fn an_exchange_is_remembered_without_secrets() {
    let (room, server) = (Room::new(), Server::start(|request| Some(answer(request))).await);
    room.set("key", b"open sesame");
    let request = Request {
        method: HttpMethod::Post,
        headers: vec![("x-key".into(), "{{key}}".into())],
        body: "{{key}}!".into(),
        secrets_in_body: true,
        ..get(server.url("/a?q=open+sesame&r=open%20sesame"))
    };
    let body = room.send(&request).await.unwrap().body;
    let body = String::from_utf8(body.to_vec()).unwrap();
    assert!(body.contains("x-key: open sesame\r\n") && body.ends_with("open sesame!"), "{body}");
    let told = room.last();
    assert_eq!((told.status, told.error.clone(), told.method), (Some(200), None, "POST"));
    assert_eq!((told.sent, told.received), ("open sesame!".len(), body.len()));
    assert_eq!((told.plugin.as_str(), told.trace.as_str()), ("p", "trace"));
    let url = server.url("/a?q={{key}}&r={{key}}");
    assert_eq!(told.url, url);
    assert!(!format!("{told:?}").contains("sesame"), "{told:?}");
    let long = Request { url: server.url(&format!("/{}", "x".repeat(3_000))), ..request };
    for _ in 0..HTTP_EXCHANGES_KEPT {
        let _ = room.send_within(&long, Duration::ZERO).await;
    }
    assert_eq!(room.outlet.exchanges(usize::MAX).len(), HTTP_EXCHANGES_KEPT);
    assert!(room.last().url.len() <= HTTP_EXCHANGE_BYTES_MAX + '…'.len_utf8());
    room.outlet.sleep();
    assert!(room.outlet.exchanges(usize::MAX).len() < HTTP_EXCHANGES_KEPT);
}

#[tokio::test]
async fn a_secret_that_is_not_there_is_told_with_what_to_do() {
    let (room, server) = (Room::new(), Server::start(|_| Some(answer(""))).await);
    let with = |name: &str| Request {
        headers: vec![("x".into(), format!("{{{{{name}}}}}"))],
        ..get(server.url("/"))
    };
    for (name, words) in [
        ("key", "`quoin secret set shop key`"),
        ("other", "secrets = [\"other\"]"),
        ("Not A Name", "1 to 40 characters"),
    ] {
        let Err(Error::Secret(told)) = room.send(&with(name)).await else { panic!("{name}") };
        assert!(told.contains(words), "{told}");
    }
    // As if the key had been lost.
    room.outlet.put_secret("key".parse().unwrap(), vec![1; 40], 1);
    let Err(Error::Secret(told)) = room.send(&with("key")).await else { panic!("it opens") };
    assert!(told.contains("another key"), "{told}");
    let states = room.outlet.secrets();
    assert_eq!(states.iter().map(|s| s.opens).collect::<Vec<_>>(), [false]);
    room.set("key", b"x");
    assert!(room.send(&with("key")).await.is_ok() && room.outlet.secrets()[0].opens);
    assert_eq!(server.connections.load(Ordering::Relaxed), 1);
}
