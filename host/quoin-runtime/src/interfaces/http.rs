//! `quoin:host/http`: requests to other systems.

use quoin_core::manifest::{HostInterface as H, HttpMethod};
use quoin_egress::{Encoding, Error, Request, Response, Sender, Signature};

use super::bindings::quoin::host::http;
use crate::failure::FailureKind;
use crate::state::State;

impl http::Host for State {
    async fn send(
        &mut self,
        request: http::Request,
    ) -> wasmtime::Result<Result<http::Response, http::Error>> {
        let call = self.using(H::Http)?;
        // Nobody knows how long another system's answer holds.
        call.tree.uses.other();
        let Some(out) = &call.installed.out else {
            let denied = FailureKind::Denied(H::Http.as_str().into());
            return Err(wasmtime::Error::new(call.failure(denied)));
        };
        match call.tree.may_leave().await {
            Ok(true) => {}
            Ok(false) => return Ok(Err(http::Error::AfterWrite)),
            Err(error) => return Err(wasmtime::Error::new(call.storage_failure(&error))),
        }
        let mut request = asked(request);
        if let Some(origin) = &call.tree.request.origin {
            let number = call.tree.outside.number();
            stays_the_same(&mut request, || {
                format!("{}-{}-{number}", call.tree.request.trace, origin.number)
            });
        }
        let outcome = match call.tree.outside.begin(&request) {
            Err(error) => Err(error),
            Ok(Some(outcome)) => outcome,
            Ok(None) => {
                let sender = Sender {
                    plugin: &call.installed.name,
                    grant: &out.grant,
                    trace: &call.tree.request.trace,
                    deadline: call.deadline,
                };
                let outcome = out.outlet.send(&request, &sender).await;
                call.tree.outside.end(request, &outcome);
                outcome
            }
        };
        Ok(outcome.map(response).map_err(refusal))
    }

    async fn verify(
        &mut self,
        secret: String,
        payload: Vec<u8>,
        expected: Vec<u8>,
    ) -> wasmtime::Result<Result<bool, http::Error>> {
        let call = self.using(H::Http)?;
        // The secret may be another one the next time.
        call.tree.uses.other();
        let Some(out) = &call.installed.out else {
            let denied = FailureKind::Denied(H::Http.as_str().into());
            return Err(wasmtime::Error::new(call.failure(denied)));
        };
        let verified = out.outlet.verify(&out.grant, &secret, &payload, &expected);
        Ok(verified.map_err(refusal))
    }

    async fn granted(
        &mut self,
        asked: http::Method,
        url: String,
    ) -> wasmtime::Result<Result<(), http::Error>> {
        let call = self.using(H::Http)?;
        let Some(out) = &call.installed.out else {
            let denied = FailureKind::Denied(H::Http.as_str().into());
            return Err(wasmtime::Error::new(call.failure(denied)));
        };
        Ok(quoin_egress::granted(method(asked), &url, &out.grant).map_err(refusal))
    }
}

/// What a later call sends can be told from what else it sends, and is the same in all its tries.
fn stays_the_same(request: &mut Request, key: impl FnOnce() -> String) {
    const KEY: &str = "idempotency-key";
    if !request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(KEY)) {
        request.headers.push((KEY.into(), key()));
    }
}

fn method(method: http::Method) -> HttpMethod {
    match method {
        http::Method::Get => HttpMethod::Get,
        http::Method::Head => HttpMethod::Head,
        http::Method::Post => HttpMethod::Post,
        http::Method::Put => HttpMethod::Put,
        http::Method::Patch => HttpMethod::Patch,
        http::Method::Delete => HttpMethod::Delete,
        http::Method::Options => HttpMethod::Options,
    }
}

fn asked(request: http::Request) -> Request {
    let header = |header: http::Header| (header.name, header.value);
    Request {
        method: method(request.method),
        url: request.url,
        headers: request.headers.into_iter().map(header).collect(),
        body: request.body.into(),
        secrets_in_body: request.secrets_in_body,
        signature: request.signature.map(|signature| Signature {
            secret: signature.secret,
            payload: signature.payload,
            header: signature.header,
            prefix: signature.prefix,
            encoding: match signature.encoding {
                http::Encoding::Hex => Encoding::Hex,
                http::Encoding::Base64 => Encoding::Base64,
            },
        }),
        timeout_ms: request.timeout,
    }
}

fn response(response: Response) -> http::Response {
    let header = |(name, value)| http::Header { name, value };
    http::Response {
        status: response.status,
        headers: response.headers.into_iter().map(header).collect(),
        body: response.body.into(),
    }
}

fn refusal(error: Error) -> http::Error {
    match error {
        Error::Denied(why) => http::Error::Denied(why),
        Error::Secret(why) => http::Error::Secret(why),
        Error::Invalid(why) => http::Error::Invalid(why),
        Error::TooLarge(why) => http::Error::TooLarge(why),
        Error::Timeout => http::Error::Timeout,
        Error::Unreachable(why) => http::Error::Unreachable(why),
        Error::Interrupted(why) => http::Error::Interrupted(why),
        Error::Busy(why) => http::Error::Busy(why),
    }
}
