//! What a plugin may send is what its shop said.

use quoin_harness::remote::response;
use quoin_harness::{Host, Remote};

use super::{exchanges, run, sent, shop, shop_file};
use crate::given::guest;

#[test]
fn a_plugin_sends_to_the_hosts_and_with_the_methods_that_it_was_granted() {
    let (host, remote, other) =
        (Host::start_reaching(), Remote::saying("hello"), Remote::saying("no"));
    let shop = shop(&host, &remote);
    let url = remote.base() + "/a?b=c";
    assert_eq!(sent(&shop, &["body x", &format!("send POST {url}")]), "200 hello");
    let told = sent(&shop, &[&format!("send GET {}/", other.base())]);
    let hosts = format!("hosts = [\"{}\"]", other.base());
    assert!(told.starts_with("denied: ") && told.contains(&hosts), "{told}");
    let told = sent(&shop, &[&format!("send PUT {url}")]);
    assert!(told.starts_with("denied: ") && told.contains("methods = [\"PUT\"]"), "{told}");
    let received = remote.received();
    assert_eq!((received.len(), other.received().len()), (1, 0));
    let first = &received[0];
    assert_eq!(
        (first.method.as_str(), first.target.as_str(), &*first.body),
        ("POST", "/a?b=c", &b"x"[..])
    );
    let told = exchanges(&host);
    assert_eq!(
        (&told[0]["url"], &told[0]["status"], &told[0]["plugin"]),
        (&url.into(), &200.into(), &"sender".into())
    );
    assert_eq!((&told[1]["error"]["code"], &told[1]["status"]), (&"denied".into(), &serde_null()));
    let output = host.cli(&["http", "out"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("POST http://127.0.0.1:") && text.contains("denied"), "{text}");
}

fn serde_null() -> quoin_harness::Value {
    quoin_harness::Value::Null
}

#[test]
fn this_machine_and_its_networks_are_reached_only_where_the_operator_says_so() {
    let (host, remote) = (Host::start(), Remote::saying("inside"));
    let shop = shop(&host, &remote);
    let told = sent(&shop, &[&format!("send GET {}/", remote.base())]);
    assert!(told.contains("--allow-network 127.0.0.1/32"), "{told}");
    assert!(remote.received().is_empty());
}

#[test]
fn a_redirect_is_an_answer_and_is_not_followed() {
    let other = Remote::saying("inside");
    let to = format!("location: {}/\r\n", other.base());
    let remote = Remote::start(move |_| response("302 Found", &to, ""));
    let host = Host::start_reaching();
    let shop = shop(&host, &remote);
    let told = sent(&shop, &[&format!("send GET {}/", remote.base())]);
    assert_eq!(told, format!("302 → {}/ ", other.base()));
    assert!(other.received().is_empty());
}

#[test]
fn a_shop_says_what_a_plugin_may_send_before_it_runs() {
    let host = Host::start_reaching();
    let plain = "name = \"out\"\n[plugins.sender]\nbundle = \"sender.wasm\"\n\
        grants = [\"sql\", \"log\", \"http\"]\n";
    let refused = host.try_apply(plain).err().expect("it is not granted");
    let line =
        "http = { hosts = [\"api.example.test\"], methods = [\"GET\"], secrets = [\"token\"] }";
    assert!(refused.contains(line), "{refused}");
    let wanted = shop_file(&["*.example.org"], "\"GET\"", "");
    let file = host.file(
        "wanted.toml",
        wanted.replace("name = \"out\"", "name = \"out\"\ndomains = [\"out.test\"]"),
    );
    let plan = host.command().args(["apply", "--dry-run"]).arg(&file).output().expect("it runs");
    let plan = String::from_utf8_lossy(&plan.stdout);
    for words in [
        "may send requests to api.example.test",
        "may send requests to *.example.org, whatever stands for *",
        "may send GET requests",
        "may have the secret token put into requests",
    ] {
        assert!(plan.contains(words), "{plan}");
    }
    let shop = host.apply(&wanted);
    // A version that asks for more is refused until the shop says so.
    let more = guest("sender").with("\"api.example.test\"", "\"api.example.test\", \"evil.test\"");
    let path = host.file("more.wasm", more.packed());
    let output = host.command().args(["plugin", "swap", "out", "sender"]).arg(path).output();
    let told = String::from_utf8_lossy(&output.expect("it runs").stderr).into_owned();
    assert!(
        told.contains("send requests to evil.test") && told.contains("*.example.org"),
        "{told}"
    );
    assert_eq!(run(&shop, &["texts"]).ok(), quoin_harness::json!([]));
    host.apply(&shop_file(&["evil.test"], "\"GET\"", ""));
    let log = quoin_harness::Value::from(shop.log()).to_string();
    assert!(log.contains("may now send requests to evil.test"), "{log}");
    assert!(log.contains("may no longer send requests to *.example.org"), "{log}");
}
