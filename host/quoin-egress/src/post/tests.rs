use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use quoin_core::Clock;
use quoin_core::limits::MAIL_SAID_BYTES_MAX;
use quoin_core::manifest::RelayTls;
use tokio::sync::OnceCell;
use tokio_rustls::rustls::RootCertStore;

use super::*;
use crate::egress::Egress;
use crate::key::Key;
use crate::mail::Mailbox;
use crate::resolve::System;
use crate::tls::trusting;

/// A relay that says `first`, and then the next of `replies` to each line, but for those of a message.
/// Returns its port and the lines that came.
fn relay(first: String, replies: &'static [&'static str]) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let came = Arc::new(Mutex::new(Vec::new()));
    let all = Arc::clone(&came);
    // Ends with its client.
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.write_all(first.as_bytes());
        let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
        let (mut replies, mut message) = (replies.iter(), false);
        for line in lines {
            all.lock().unwrap().push(line.clone());
            if message && line != "." {
                continue;
            }
            message = line == "DATA";
            let Some(reply) = replies.next() else { break };
            let _ = stream.write_all(reply.as_bytes());
        }
    });
    (port, came)
}

fn mail() -> Mail {
    let mailbox = |address: &str| Mailbox { name: String::new(), address: address.into() };
    Mail {
        from: mailbox("shop@example.com"),
        reply_to: None,
        to: vec![mailbox("ada@example.org")],
        subject: "A mail".into(),
        text: "one\n.\n..two".into(),
        html: None,
        key: "k".into(),
    }
}

/// Sends a mail through a relay at this port, in a call that has so many milliseconds.
async fn post(port: u16, tls: RelayTls, ms: u64) -> (Result<Receipt, MailError>, Exchange) {
    let folder = tempfile::tempdir().unwrap();
    let key = Arc::new(Key::open(&folder.path().join("key")).unwrap());
    let allowed = vec!["127.0.0.0/8".parse().unwrap()];
    let nobody = OnceCell::new_with(Some(trusting(RootCertStore::empty()).unwrap()));
    let host = Arc::new(Egress::with(key, allowed, Box::new(System), nobody, Clock::system()));
    let outlet = Outlet::new(&host, "shop".parse().unwrap());
    let server = "127.0.0.1".parse().unwrap();
    let login = (tls == RelayTls::Starttls).then(|| "user".to_owned());
    let password = login.is_some().then(|| "word".parse().unwrap());
    let name: Name = "word".parse().unwrap();
    let sealed = outlet.seal(&name, b"pass/word").unwrap();
    outlet.put_secret(name, sealed, 1);
    let relay = Relay { server, port: Some(port), tls, user: login, password };
    let deadline = host.clock.instant() + Duration::from_millis(ms);
    let plugin: Name = "p".parse().unwrap();
    let outcome = outlet.post(&mail(), Some(&relay), &plugin, "trace", deadline).await;
    (outcome, outlet.exchanges(1).pop().unwrap())
}

/// More time than anything takes.
const LONG: u64 = 60_000;

#[tokio::test]
async fn a_mail_is_handed_over_as_it_is() {
    let replies =
        &["250 hi\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "250-taken\r\n250 as 7\r\n"];
    let (port, came) = relay("220 hi\r\n".into(), replies);
    let (outcome, exchange) = post(port, RelayTls::None, LONG).await;
    let receipt = outcome.unwrap();
    assert_eq!((receipt.code, receipt.answer.as_str()), (250, "taken as 7"));
    assert_eq!((exchange.method, exchange.status, exchange.error), ("MAIL", Some(250), None));
    assert_eq!(exchange.url, format!("smtp://127.0.0.1:{port}"));
    let came = came.lock().unwrap().clone();
    assert_eq!(came[..2], ["EHLO [127.0.0.1]", "MAIL FROM:<shop@example.com>"]);
    // A line that is a dot does not end the mail.
    let end = came.iter().position(|line| line == ".").unwrap();
    assert_eq!(came[end - 4..end], ["one", "..", "...two", ""]);
}

#[tokio::test]
async fn each_answer_of_a_relay_has_its_meaning() {
    const OK: &str = "250 ok\r\n";
    for (first, replies, code) in [
        ("554 go away\r\n", &[][..], "not-now"),
        ("220 hi\r\n", &["502 what\r\n"], "not-now"),
        ("220 hi\r\n", &[OK, "550 not you\r\n"], "refused"),
        ("220 hi\r\n", &[OK, OK, "450 later\r\n"], "not-now"),
        ("220 hi\r\n", &[OK, OK, OK, "554 spam\r\n"], "refused"),
        ("220 hi\r\n", &[OK, OK, OK, "354 go\r\n", "552 too much\r\n"], "refused"),
        ("220 hi\r\n", &[OK, OK, OK, "354 go\r\n", "451 oops\r\n"], "not-now"),
        ("220 hi\r\n", &[OK, OK, OK, "354 go\r\n", "nonsense\r\n"], "unknown"),
        // It goes away.
        ("220 hi\r\n", &[OK, OK, OK], "unreachable"),
        ("220 hi\r\n", &[OK, OK, OK, "354 go\r\n"], "unknown"),
        ("nonsense\r\n", &[], "unreachable"),
    ] {
        let (port, _) = relay(first.into(), replies);
        let (outcome, exchange) = post(port, RelayTls::None, LONG).await;
        let error = outcome.unwrap_err();
        assert_eq!(error.code(), code, "{first} {replies:?}: {error}");
        assert_eq!(exchange.error, Some((code, error.to_string())));
    }
}

#[tokio::test]
async fn a_relay_that_talks_without_end_or_not_at_all_is_left() {
    let endless = "2".repeat(MAIL_SAID_BYTES_MAX * 4);
    for tls in [RelayTls::None, RelayTls::Starttls] {
        let (port, _) = relay(endless.clone(), &[]);
        let (outcome, _) = post(port, tls, LONG).await;
        assert!(
            matches!(outcome, Err(MailError::Unreachable(why)) if why.contains("said more than"))
        );
        let (port, _) = relay(String::new(), &[]);
        let (outcome, _) = post(port, tls, 400).await;
        assert!(matches!(outcome, Err(MailError::Unreachable(why)) if why.contains("in time")));
    }
    let replies = &["250 hi\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "250-"];
    let (port, _) = relay("220 hi\r\n".into(), replies);
    let (outcome, _) = post(port, RelayTls::None, 1_500).await;
    assert!(matches!(outcome, Err(MailError::Unknown(why)) if why.contains("has not answered")));
}

#[tokio::test]
async fn nothing_but_starttls_is_said_before_the_connection_is_encrypted() {
    for (replies, said) in [
        (&["250 hi\r\n"][..], vec!["EHLO [127.0.0.1]"]),
        (&["250-hi\r\n250 STARTTLS\r\n", "454 not now\r\n"], vec!["EHLO [127.0.0.1]", "STARTTLS"]),
        // What somebody slips in before the encryption is no reply after it.
        (
            &[
                "250-hi\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n",
                "220 go\r\n220 hi\r\n250 AUTH PLAIN\r\n",
            ],
            vec!["EHLO [127.0.0.1]", "STARTTLS"],
        ),
    ] {
        let (port, came) = relay("220 hi\r\n".into(), replies);
        let (outcome, _) = post(port, RelayTls::Starttls, LONG).await;
        assert!(matches!(outcome, Err(MailError::Unreachable(_))), "{outcome:?}");
        let came = came.lock().unwrap().clone();
        assert_eq!(came[..said.len()], said);
        assert!(
            !came.iter().any(|line| line.contains("AUTH") || line.contains("MAIL")),
            "{came:?}"
        );
    }
}

#[test]
fn what_a_relay_gives_back_of_a_password_is_told_by_its_name() {
    let login =
        Login { user: "me".into(), password: "pass/word".into(), name: "word".parse().unwrap() };
    let plain = BASE64.encode(b"\0me\0pass/word");
    for text in ["pass/word", &BASE64.encode(b"pass/word"), &plain] {
        assert_eq!(hide(&format!("no <{text}>"), Some(&login)), "no <{{word}}>");
    }
}
