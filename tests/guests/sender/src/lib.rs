//! Sends what it is told to other systems, step by step. `send GET http://…` sends, with what the steps
//! before it have put together: `header name: value`, `body text`, `secrets-in-body`, `timeout
//! milliseconds`, `sign secret header prefix encoding payload`. `verify secret payload bytes` asks whether a
//! signature, as a list of numbers, is one; `insist` fails unless what was told last begins with 200; `later
//! step; step` does steps in a request of their own; `mail someone@example.com` sends a mail.

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package test:sender-plugin; world plugin {
            import test:sender/work@0.1.0;
            export test:sender/work@0.1.0;
            export test:steps/steps@0.1.1;
        }",
        path: ["../actor/wit/provided", "wit"],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
        generate_all,
    });
    use super::Sender;
    export!(Sender);
}

use bindings::exports::test::sender::work;
use bindings::exports::test::steps::steps::{Error, Guest};

use bindings::test::sender::work as later_work;
use quoin_sdk::host::{http, log, mail, sql};
use quoin_sdk::params;

struct Sender;

impl Guest for Sender {
    fn run(_whom: String, steps: Vec<String>) -> Result<Vec<String>, Error> {
        act(&steps)
    }

    fn look(_whom: String, steps: Vec<String>) -> Result<Vec<String>, Error> {
        act(&steps)
    }

    fn run_to_no_number(_whom: String, steps: Vec<String>) -> Result<f64, Error> {
        act(&steps).map(|_| f64::NAN)
    }
}

impl work::Guest for Sender {
    fn act(steps: Vec<String>) -> Result<(), work::Error> {
        act(&steps).map(drop).map_err(|error| work::Error::Refused(format!("{error:?}")))
    }
}

fn act(steps: &[String]) -> Result<Vec<String>, Error> {
    let (mut told, mut next) = (Vec::new(), empty());
    for step in steps {
        let (verb, object) = step.split_once(' ').unwrap_or((step, ""));
        match verb {
            "send" => told.push(send(std::mem::replace(&mut next, empty()), object)),
            "mail" => told.push(mail(object)),
            "header" => {
                let (name, value) = object.split_once(": ").expect("name: value");
                next.headers.push(http::Header { name: name.into(), value: value.into() });
            }
            "body" => next.body = object.as_bytes().to_vec(),
            "large" => next.body = vec![b'x'; object.parse().expect("bytes")],
            "secrets-in-body" => next.secrets_in_body = true,
            "timeout" => next.timeout = Some(object.parse().expect("milliseconds")),
            "sign" => next.signature = Some(signature(object)),
            "write" => {
                let insert = "INSERT INTO sender_note (text) VALUES (?1)";
                if let Err(error) = sql::execute(insert, &params![object]) {
                    told.push(format!("{error:?}"));
                }
            }
            "texts" => told.extend(texts()),
            "verify" => told.push(verify(object)),
            "insist" if told.last().is_some_and(|last| last.starts_with("200")) => {}
            "insist" => return Err(Error::Refused("not 200".into())),
            "later" => {
                let steps: Vec<String> = object.split("; ").map(str::to_owned).collect();
                later_work::act(&steps).expect("it is recorded");
            }
            "log" => log::write(log::Level::Info, object),
            "refuse" => return Err(Error::Refused("as told".into())),
            other => panic!("{other}"),
        }
    }
    Ok(told)
}

fn empty() -> http::Request {
    http::Request {
        method: http::Method::Get,
        url: String::new(),
        headers: Vec::new(),
        body: Vec::new(),
        secrets_in_body: false,
        signature: None,
        timeout: None,
    }
}

fn signature(object: &str) -> http::Signature {
    let parts: Vec<_> = object.splitn(5, ' ').collect();
    let [secret, header, prefix, encoding, payload] = parts[..] else { panic!("{object}") };
    http::Signature {
        secret: secret.into(),
        header: header.into(),
        prefix: prefix.into(),
        encoding: match encoding {
            "hex" => http::Encoding::Hex,
            _ => http::Encoding::Base64,
        },
        payload: payload.as_bytes().to_vec(),
    }
}

fn verify(object: &str) -> String {
    let parts: Vec<_> = object.splitn(3, ' ').collect();
    let [secret, payload, expected] = parts[..] else { panic!("{object}") };
    let bytes = expected.split(',').map(|byte| byte.parse().expect("a byte"));
    match http::verify(secret, payload.as_bytes(), &bytes.collect::<Vec<u8>>()) {
        Ok(is_one) => is_one.to_string(),
        Err(http::Error::Secret(why)) => format!("secret: {why}"),
        Err(other) => format!("{other:?}"),
    }
}

/// Sends, and tells the status and the body, or the error.
fn send(request: http::Request, object: &str) -> String {
    let (method, url) = object.split_once(' ').expect("a method and a URL");
    let method = match method {
        "GET" => http::Method::Get,
        "HEAD" => http::Method::Head,
        "POST" => http::Method::Post,
        "PUT" => http::Method::Put,
        "PATCH" => http::Method::Patch,
        "DELETE" => http::Method::Delete,
        _ => http::Method::Options,
    };
    match http::send(&http::Request { method, url: url.into(), ..request }) {
        Ok(response) => {
            let location = response.headers.iter().find(|header| header.name == "location");
            let location =
                location.map(|header| format!(" → {}", header.value)).unwrap_or_default();
            let body = String::from_utf8_lossy(&response.body);
            format!("{}{location} {body}", response.status)
        }
        Err(error) => match error {
            http::Error::Denied(why) => format!("denied: {why}"),
            http::Error::Secret(why) => format!("secret: {why}"),
            http::Error::Invalid(why) => format!("invalid: {why}"),
            http::Error::TooLarge(why) => format!("too-large: {why}"),
            http::Error::Timeout => "timeout".into(),
            http::Error::Unreachable(why) => format!("unreachable: {why}"),
            http::Error::Interrupted(why) => format!("interrupted: {why}"),
            http::Error::Busy(why) => format!("busy: {why}"),
            http::Error::AfterWrite => "after-write".into(),
        },
    }
}

/// Sends a mail with its own address as its text, and tells its Message-ID, or the error.
fn mail(to: &str) -> String {
    let mailbox = |address: &str| mail::Mailbox { name: String::new(), address: address.into() };
    let sent = mail::send(&mail::Message {
        from: mailbox("shop@example.com"),
        reply_to: None,
        to: vec![mailbox(to)],
        subject: "A mail".into(),
        text: to.into(),
        html: None,
        key: None,
    });
    match sent {
        Ok(receipt) => receipt.message_id,
        Err(mail::Error::AfterWrite) => "after-write".into(),
        Err(error) => format!("{error:?}"),
    }
}

fn texts() -> Vec<String> {
    let rows = sql::query("SELECT text FROM sender_note ORDER BY text", &[]).expect("rows");
    let text = |value: &sql::Value| match value {
        sql::Value::Text(text) => text.clone(),
        other => format!("{other:?}"),
    };
    rows.values.iter().map(text).collect()
}
