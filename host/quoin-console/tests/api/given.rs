//! A host in a temporary folder, and requests to it.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use quoin_console::{Body, Console, Token};
use quoin_core::ManualClock;
use quoin_supervisor::{Options, Supervisor};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::mpsc;

pub struct Given {
    pub console: Console,
    pub token: String,
    /// Moves the host's clock.
    pub clock: ManualClock,
    _data: TempDir,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub json: Value,
}

pub async fn given() -> Given {
    let data = tempfile::tempdir().unwrap();
    // Nothing is compiled here.
    let (compiler, clock) = (PathBuf::from("/nowhere"), ManualClock::at(1_000_000));
    let sleep_after = Duration::from_secs(60);
    let egress = Default::default();
    let options =
        Options { data: data.path().into(), compiler, clock: clock.clock(), sleep_after, egress };
    let supervisor = Supervisor::open(options).await.unwrap();
    let token = Token::open(&Token::path(data.path())).unwrap();
    let text = token.as_str().to_owned();
    Given { console: Console::new(supervisor, token), token: text, clock, _data: data }
}

impl Given {
    /// A request of an operator.
    pub fn request(&self, method: &str, path: &str, body: impl Into<Bytes>) -> Request<Bytes> {
        Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost:8081")
            .header("authorization", format!("Bearer {}", self.token))
            .body(body.into())
            .unwrap()
    }

    pub async fn send(&self, request: Request<Bytes>) -> Answer {
        let (parts, body) = self.console.handle(request).await.into_parts();
        let Body::Whole(body) = body else { panic!("a stream") };
        let json = serde_json::from_slice(&body).unwrap();
        Answer { status: parts.status, headers: parts.headers, json }
    }

    pub async fn ask(&self, method: &str, path: &str, body: impl Into<Bytes>) -> Answer {
        self.send(self.request(method, path, body)).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "").await
    }

    pub async fn stream(&self, path: &str) -> mpsc::Receiver<Bytes> {
        let response = self.console.handle(self.request("GET", path, "")).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/x-ndjson");
        match response.into_body() {
            Body::Pieces(pieces) => pieces,
            Body::Whole(_) => panic!("not a stream"),
        }
    }

    /// Makes a shop without plugins.
    pub async fn shop(&self, name: &str) -> Answer {
        let shop = serde_json::json!({ "name": name, "domains": [format!("{name}.test")] });
        self.ask("PUT", &format!("/v1/tenants/{name}/shop"), shop.to_string()).await
    }
}

/// A path of the table with something in place of its braces.
pub fn example(pattern: &str) -> String {
    pattern
        .replace("{digest}", &"ab".repeat(32))
        .replace("{tenant}", "demo")
        .replace("{installation}", "widgets")
        .replace("{key}", "abcd")
        .replace("{number}", "1")
        .replace("{secret}", "word")
}
