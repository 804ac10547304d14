//! The admin API's client.

use std::io::{BufReader, Read};
use std::time::Duration;

use quoin_console::{Token, is_loopback};
use serde_json::Value;
use ureq::http::request::Builder;
use ureq::http::{Method, Request, Response};
use ureq::{Agent, AsSendBody, Body, SendBody};

use crate::addresses::Addresses;
use crate::failed::{Exit, Failed};
use crate::global::Global;

/// How long a connection to this machine may take.
const CONNECT_TIME: Duration = Duration::from_secs(5);
/// How long an answer may take to begin. The host compiles a bundle within five minutes, and may
/// have to wait for others to be compiled first.
const ANSWER_TIME: Duration = Duration::from_secs(900);
/// Bytes of an answer: more than any result of a call becomes as JSON.
const ANSWER_BYTES_MAX: u64 = 256 << 20;

/// A client of the admin API of one host.
pub struct Client {
    agent: Agent,
    url: String,
    token: String,
}

impl Client {
    /// The client of the host that the command line or the data directory names.
    pub fn new(global: &Global) -> Result<Client, Failed> {
        let url = match &global.admin {
            Some(url) => url.clone(),
            None => Addresses::read(&global.data)?.admin,
        };
        let url = url.trim_end_matches('/').to_owned();
        if !url.strip_prefix("http://").is_some_and(is_loopback) {
            let message = format!("{url} is not the address of an admin API on this machine");
            return Err(Failed::new(Exit::Usage, "usage", message).advise(
                "Write it like http://127.0.0.1:8081; reach another machine through an SSH tunnel.",
            ));
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            // The token goes to this machine and to nobody else, whatever the environment says.
            .proxy(None)
            // The host closes idle connections, and a command makes few requests.
            .max_idle_connections(0)
            .timeout_connect(Some(CONNECT_TIME))
            .timeout_recv_response(Some(ANSWER_TIME));
        Ok(Client { agent: config.build().new_agent(), url, token: token(global)? })
    }

    /// What a path has.
    pub fn get(&self, path: &str) -> Result<Value, Failed> {
        read(self.send(Method::GET, path, None, SendBody::none())?)
    }

    /// Removes what a path has.
    pub fn delete(&self, path: &str) -> Result<Value, Failed> {
        read(self.send(Method::DELETE, path, None, SendBody::none())?)
    }

    /// Sends JSON.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, Failed> {
        let text = body.to_string();
        read(self.send(Method::POST, path, Some(text.len()), text.as_bytes())?)
    }

    /// Replaces what a path has by this JSON.
    pub fn put(&self, path: &str, body: &str) -> Result<Value, Failed> {
        read(self.send(Method::PUT, path, Some(body.len()), body.as_bytes())?)
    }

    /// Replaces what a path has by the `size` bytes that the reader gives.
    pub fn upload(&self, path: &str, size: usize, from: &mut dyn Read) -> Result<Value, Failed> {
        read(self.send(Method::PUT, path, Some(size), SendBody::from_reader(from))?)
    }

    /// Sends the `size` bytes that the reader gives, which are of this media type.
    pub fn send_file(
        &self,
        path: &str,
        media_type: &str,
        (size, from): (u64, &mut dyn Read),
    ) -> Result<Value, Failed> {
        let request = self.request(Method::POST, path).header("content-length", size);
        let request = request.header("content-type", media_type);
        let request = request.body(SendBody::from_reader(from));
        let request = request.map_err(|e| Failed::refused(format!("{path}: {e}")))?;
        read(self.agent.run(request).map_err(|e| self.unreachable(&e))?)
    }

    /// What a path has, as it comes.
    pub fn stream(&self, path: &str) -> Result<BufReader<impl Read + use<>>, Failed> {
        let response = self.send(Method::GET, path, None, SendBody::none())?;
        if !response.status().is_success() {
            read(response)?;
            return Err(Failed::refused("the host does not stream its log"));
        }
        Ok(BufReader::new(response.into_body().into_reader()))
    }

    fn send(
        &self,
        method: Method,
        path: &str,
        size: Option<usize>,
        body: impl AsSendBody,
    ) -> Result<Response<Body>, Failed> {
        let mut request = self.request(method, path);
        if let Some(size) = size {
            request = request.header("content-length", size);
        }
        let request = request.body(body).map_err(|e| Failed::refused(format!("{path}: {e}")))?;
        self.agent.run(request).map_err(|e| self.unreachable(&e))
    }

    fn request(&self, method: Method, path: &str) -> Builder {
        Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {}", self.token))
    }

    fn unreachable(&self, error: &ureq::Error) -> Failed {
        let message = format!("the host at {} cannot be reached: {error}", self.url);
        Failed::new(Exit::Unreachable, "unreachable", message)
            .advise("Start it with `quoin serve`, or say where it runs with --data or --admin.")
    }
}

fn token(global: &Global) -> Result<String, Failed> {
    if let Ok(token) = std::env::var("QUOIN_TOKEN") {
        return Ok(token.trim().to_owned());
    }
    let path = Token::path(&global.data);
    let token = Token::read(&path).map_err(|e| {
        Failed::new(Exit::Token, "token", e).advise(
            "The token is in the host's data directory: name it with --data, or set QUOIN_TOKEN.",
        )
    })?;
    Ok(token.as_str().to_owned())
}

fn read(mut response: Response<Body>) -> Result<Value, Failed> {
    let status = response.status();
    let body = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
    let body = body.map_err(|e| {
        Failed::new(Exit::Unreachable, "unreachable", format!("the host's answer broke off: {e}"))
            .advise("Look whether the host still runs, and whether the change was made.")
    })?;
    let value = serde_json::from_slice(&body);
    if !status.is_success() {
        return Err(Failed::answered(status.as_u16(), value.unwrap_or_default()));
    }
    value.map_err(|e| Failed::refused(format!("what answers is not a Quoin host: {e}")))
}
