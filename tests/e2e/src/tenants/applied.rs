//! What `apply` asks of the host, and what it tells.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::Stdio;

use quoin_harness::{Host, Value, json, until};

const SHOP: &str = "name = \"notes\"\n[plugins.notes]\nbundle = \"notes.wasm\"\n\
    grants = [\"sql\", \"log\"]\n";

/// What `apply` of a shop file wrote to stdout.
fn applied(host: &Host, toml: &str, more: &[&str]) -> String {
    let file = host.file("applied.toml", toml).display().to_string();
    let output = host.cli(&[&["apply", &file], more].concat());
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Answers the next request that comes, in the place of a host; the request's first line.
fn answered(listener: &TcpListener, answer: &Value) -> String {
    let (stream, _) = until("a request", || listener.accept().ok());
    stream.set_nonblocking(false).expect("a connection");
    let mut request = BufReader::new(stream);
    let (mut first, mut size) = (String::new(), 0);
    request.read_line(&mut first).expect("a line");
    loop {
        let mut line = String::new();
        request.read_line(&mut line).expect("a line");
        match line.trim().to_lowercase().split_once(':') {
            Some(("content-length", bytes)) => size = bytes.trim().parse().expect("a number"),
            Some(_) => {}
            None => break,
        }
    }
    request.read_exact(&mut vec![0; size]).expect("a body");
    let answer = answer.to_string();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", answer.len());
    request.into_inner().write_all((head + &answer).as_bytes()).expect("answered");
    first.trim().to_owned()
}

#[test]
fn where_nobody_is_asked_nothing_is_tried_first() {
    let host = Host::start();
    let file = host.file("empty.toml", "name = \"empty\"\n").display().to_string();
    let changes = json!([{ "kind": "add", "what": "shop empty", "detail": "" }]);
    let answer = json!({ "tenant": "empty", "revision": 7, "changes": changes });
    let people = "+ shop empty\nempty is at revision 7.\n".to_owned();
    let json = format!("{answer}\n");
    for (args, told) in [(&[] as &[&str], &people), (&["--yes"], &people), (&["--json"], &json)] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a listener");
        let admin = format!("http://{}", listener.local_addr().expect("an address"));
        let mut command = host.command();
        command.args(["apply", &file, "--admin", &admin]).args(args).stdout(Stdio::piped());
        let command = command.spawn().expect("the executable runs");
        assert!(answered(&listener, &json!({ "bundles": [] })).starts_with("GET /v1/bundles "));
        assert_eq!(answered(&listener, &answer), "PUT /v1/tenants/empty/shop HTTP/1.1");
        let output = command.wait_with_output().expect("it ends");
        assert_eq!(String::from_utf8_lossy(&output.stdout), *told);
    }
}

#[test]
fn an_apply_tells_what_it_changed_and_the_next_that_nothing_did() {
    let host = Host::start();
    let told = applied(&host, SHOP, &[]);
    for line in ["+ shop notes", "    may write lines to the shop's log", "notes is at revision 1."]
    {
        assert!(told.lines().any(|l| l == line), "no {line:?} in:\n{told}");
    }
    assert_eq!(applied(&host, SHOP, &[]), "notes is as its file says: nothing changed.\n");
    assert_eq!(
        applied(&host, SHOP, &["--dry-run"]),
        "notes is as its file says: nothing to change.\n"
    );
}

#[test]
fn an_apply_that_brings_a_shop_up_again_says_so() {
    let mut host = Host::start();
    let shop = host.apply(SHOP);
    let toml = format!("domains = [\"notes.test\"]\n{SHOP}");
    assert!(host.stop().success());
    let file = host.data().join("tenants/notes/shop.db");
    let away = host.data().join("away.db");
    std::fs::rename(&file, &away).expect("moved");
    host.run();
    shop.get("/notes").refused(503, "shop-down");
    std::fs::rename(&away, &file).expect("moved back");
    let change = "~ shop notes: it did not run, and is brought up again\n";
    assert_eq!(applied(&host, &toml, &["--dry-run"]), change);
    shop.get("/notes").refused(503, "shop-down");
    assert_eq!(applied(&host, &toml, &[]), format!("{change}notes is at revision 2.\n"));
    assert_eq!(shop.get("/notes").ok(), json!([]));
    assert_eq!(applied(&host, &toml, &[]), "notes is as its file says: nothing changed.\n");
}
