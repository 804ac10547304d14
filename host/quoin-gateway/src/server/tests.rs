use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use quoin_core::{ManualClock, Problem};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

use super::*;
use crate::reply;

/// Bytes that the dummy service takes as a body.
const BODY_MAX: usize = 1_000;
/// 1994-11-06 08:49:37, the time that RFC 9110 writes dates of.
const NOW_MS: u64 = 784_111_777_000;

/// Answers with the body that it got. `/hold` waits until it is let go, `/stream` counts in chunks,
/// `/flood` sends more than any socket buffers.
#[derive(Default)]
struct Dummy {
    held: Notify,
    let_go: Notify,
}

impl Service for Dummy {
    fn answer(&self, request: Request<Upload>) -> Answer<'_> {
        Box::pin(async move {
            let (parts, upload) = request.into_parts();
            match parts.uri.path() {
                "/hold" => {
                    self.held.notify_one();
                    self.let_go.notified().await;
                }
                "/stream" => {
                    let (sender, chunks) = mpsc::channel(1);
                    tokio::spawn(async move {
                        for n in ["one ", "two ", "three"] {
                            if sender.send(Bytes::from_static(n.as_bytes())).await.is_err() {
                                return;
                            }
                        }
                    });
                    return Response::new(Body::stream(chunks));
                }
                "/flood" => return Response::new(Body::full(vec![b'x'; 64 << 20])),
                "/refuse" => return reply::empty(StatusCode::FORBIDDEN),
                _ => {}
            }
            match upload.collect(BODY_MAX).await {
                Ok(body) => Response::new(Body::full(body)),
                Err(error) => reply::problem(&Problem::from(error), None),
            }
        })
    }
}

struct Given {
    address: SocketAddr,
    dummy: Arc<Dummy>,
    stop: Arc<Notify>,
    server: JoinHandle<Drained>,
}

async fn given(change: impl FnOnce(&mut ServerLimits)) -> Given {
    let mut limits = ServerLimits::default();
    change(&mut limits);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (dummy, stop) = (Arc::new(Dummy::default()), Arc::new(Notify::new()));
    let (service, stopped) = (dummy.clone(), stop.clone());
    let server = tokio::spawn(async move {
        let clock = ManualClock::at(NOW_MS).clock();
        listen(listener, limits, service, clock, async move { stopped.notified().await }).await
    });
    Given { address, dummy, stop, server }
}

impl Given {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes, and reads what comes until the server closes the connection.
    async fn talk(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes.as_ref()).await.unwrap();
        read_all(&mut stream).await
    }
}

async fn read_all(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    while !text.ends_with(end) {
        text.push(char::from(stream.read_u8().await.unwrap()));
    }
    text
}

/// The one answer is this problem, with the id of its request in header and body.
#[track_caller]
fn assert_problem(answer: &str, status: u16, code: &str) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    let problem: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!((&problem["status"], &problem["code"]), (&status.into(), &code.into()), "{answer}");
    let id = problem["requestId"].as_str().unwrap();
    for line in [
        &format!("x-request-id: {id}"),
        &format!("content-length: {}", body.len()),
        "content-type: application/problem+json",
        "connection: close",
    ] {
        assert!(head.lines().any(|l| l == line), "no {line} in {answer}");
    }
}

fn soon(time: &mut Duration) {
    *time = Duration::from_millis(50);
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_request() {
    let server = given(|_| ()).await;
    let mut stream = server.connect().await;
    for body in ["one", "two"] {
        let request = format!("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = read_until(&mut stream, body).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(!answer.contains("connection: close"), "{answer}");
    }
}

#[tokio::test]
async fn an_answer_can_be_a_stream() {
    let server = given(|_| ()).await;
    let answer = server.talk("GET /stream HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(answer.contains("transfer-encoding: chunked"), "{answer}");
    assert!(answer.ends_with("4\r\none \r\n4\r\ntwo \r\n5\r\nthree\r\n0\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn a_client_that_never_ends_its_headers_is_told_so_and_disconnected() {
    let server = given(|limits| soon(&mut limits.head_time)).await;
    assert_problem(&server.talk("GET / HTTP/1.1\r\nhost: a\r\n").await, 408, "head-too-slow");
}

#[tokio::test]
async fn a_client_that_never_begins_a_request_is_disconnected_without_a_word() {
    let server = given(|limits| soon(&mut limits.head_time)).await;
    assert_eq!(server.talk("").await, "");
}

#[tokio::test]
async fn a_kept_connection_that_stays_silent_is_closed() {
    let server = given(|limits| soon(&mut limits.head_time)).await;
    let answer = server.talk("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn a_body_that_never_ends_is_answered_with_408() {
    let server = given(|limits| soon(&mut limits.body_time)).await;
    let answer = server.talk("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nslow").await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("connection: close") && answer.contains("too-slow"), "{answer}");
}

#[tokio::test]
async fn a_body_that_declares_too_much_is_refused_before_it_is_sent() {
    let server = given(|_| ()).await;
    let head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1001\r\nexpect: 100-continue\r\n\r\n";
    let mut stream = server.connect().await;
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = read_until(&mut stream, "}").await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("connection: close") && answer.contains("too-large"), "{answer}");
}

#[tokio::test]
async fn a_chunked_body_is_refused_as_soon_as_it_is_too_large() {
    let server = given(|_| ()).await;
    let head = "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
    // No last chunk: the answer must not wait for it.
    let chunk = format!("1f4\r\n{}\r\n", "x".repeat(500));
    let mut stream = server.connect().await;
    stream.write_all(format!("{head}{chunk}{chunk}{chunk}").as_bytes()).await.unwrap();
    let answer = read_until(&mut stream, "}").await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test]
async fn a_client_that_is_still_sending_its_too_large_body_gets_to_read_the_413() {
    let server = given(|_| ()).await;
    let mut request = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4000000\r\n\r\n".to_vec();
    request.resize(request.len() + 4_000_000, b'x');
    let answer = server.talk(request).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test]
async fn bodies_that_do_not_fit_into_memory_together_are_refused_as_overload() {
    let server = given(|limits| limits.bodies_bytes = 10).await;
    let mut first = server.connect().await;
    first
        .write_all(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 11\r\n\r\neight bytes")
        .await
        .unwrap();
    let answer = read_until(&mut first, "}").await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: 1"), "{answer}");
    for _ in 0..3 {
        let body =
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 8\r\nconnection: close\r\n\r\nroom for";
        let answer = server.talk(body).await;
        assert!(answer.ends_with("room for"), "what a request took is given back: {answer}");
    }
}

#[tokio::test]
async fn a_body_that_nobody_asked_for_closes_the_connection() {
    let server = given(|_| ()).await;
    let answer =
        server.talk("POST /refuse HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc").await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
}

#[tokio::test]
async fn too_many_and_too_large_headers_are_answered_with_431() {
    let server = given(|limits| limits.headers = 10).await;
    let many: String = (0..11).map(|n| format!("x-{n}: 1\r\n")).collect();
    let answer = server.talk(format!("GET / HTTP/1.1\r\n{many}\r\n")).await;
    assert_problem(&answer, 431, "head-too-large");
    let large = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(33 << 10));
    assert_problem(&server.talk(large).await, 431, "head-too-large");
    let endless = format!("GET / HTTP/1.1\r\nx: {}", "y".repeat(200 << 10));
    assert_problem(&server.talk(endless).await, 431, "head-too-large");
}

#[tokio::test]
async fn a_target_that_is_too_long_is_answered_with_414() {
    let server = given(|_| ()).await;
    let target = "a".repeat(9 << 10);
    let request = format!(
        "GET /{target} HTTP/1.1\r\nhost: a\r\nx-request-id: mine\r\nconnection: close\r\n\r\n"
    );
    let answer = server.talk(request).await;
    assert_problem(&answer, 414, "target-too-long");
    assert!(answer.contains("x-request-id: mine\r\n"), "{answer}");
}

#[tokio::test]
async fn what_is_not_http_is_answered_with_400() {
    let server = given(|_| ()).await;
    for garbage in [
        "hello\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nx : 1\r\n\r\n",
        "POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        "POST / HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\nabcd",
        "POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ] {
        assert_problem(&server.talk(garbage).await, 400, "no-request");
    }
}

#[tokio::test]
async fn what_follows_an_answer_and_is_not_http_is_answered_too() {
    let server = given(|_| ()).await;
    for body in ["", "body"] {
        let length = body.len();
        let request = format!(
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n{body}hello\r\n\r\n"
        );
        let answer = server.talk(request).await;
        let (first, second) = answer.split_at(answer.find("HTTP/1.1 400").unwrap());
        assert!(first.starts_with("HTTP/1.1 200") && first.ends_with(body), "{answer}");
        assert_problem(second, 400, "no-request");
    }
}

#[tokio::test]
async fn nothing_that_follows_a_body_of_disputed_length_is_taken_as_a_request() {
    let server = given(|_| ()).await;
    let smuggled = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n";
    for headers in [
        format!("content-length: {}\r\ntransfer-encoding: chunked", smuggled.len()),
        format!("transfer-encoding: chunked\r\ncontent-length: {}", smuggled.len()),
    ] {
        let request = format!("POST / HTTP/1.1\r\nhost: a\r\n{headers}\r\n\r\n{smuggled}");
        let answer = server.talk(request).await;
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
        assert!(answer.contains("connection: close"), "{answer}");
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answer_is_cut_off() {
    let server = given(|limits| soon(&mut limits.write_time)).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /flood HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    server.stop.notify_one();
    // The server ends by itself although nobody has read a byte.
    assert_eq!(server.server.await.unwrap(), Drained { cut_off: 0 });
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(answer.len() < 64 << 20);
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_their_turn() {
    let server = given(|limits| limits.connections = 1).await;
    let mut first = server.connect().await;
    first.write_all(b"GET /hold HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    server.dummy.held.notified().await;
    let mut second = server.connect().await;
    second.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    server.dummy.let_go.notify_one();
    assert!(read_all(&mut first).await.starts_with("HTTP/1.1 200"));
    assert!(read_all(&mut second).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_drain_finishes_what_runs_and_closes_what_idles() {
    let server = given(|_| ()).await;
    let mut idle = server.connect().await;
    idle.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    read_until(&mut idle, "\r\n\r\n").await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET /hold HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    server.dummy.held.notified().await;
    server.stop.notify_one();
    assert_eq!(read_all(&mut idle).await, "", "the idle connection is closed while the other runs");
    assert!(TcpStream::connect(server.address).await.is_err(), "no more connections are accepted");
    server.dummy.let_go.notify_one();
    let answer = read_all(&mut busy).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("connection: close"), "{answer}");
    assert_eq!(server.server.await.unwrap(), Drained { cut_off: 0 });
}

#[tokio::test]
async fn a_drain_tells_how_many_it_cut_off_after_the_grace_time() {
    let server = given(|limits| soon(&mut limits.grace)).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /hold HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    server.dummy.held.notified().await;
    server.stop.notify_one();
    assert_eq!(server.server.await.unwrap(), Drained { cut_off: 1 });
}

#[tokio::test]
async fn a_client_that_sends_no_request_is_told_the_time_of_the_host() {
    let answer = given(|_| ()).await.talk("nonsense\r\n\r\n").await;
    assert!(answer.contains("\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"), "{answer}");
}

#[test]
fn a_clock_that_is_far_off_is_no_fault() {
    for now_ms in [0, u64::MAX] {
        let answer = refusal::bytes(&Problem::internal(), &ManualClock::at(now_ms).clock());
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.contains("\r\ndate: "), "{answer}");
    }
}
