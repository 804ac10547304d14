//! Manifests.

use quoin_core::Manifest;
use quoin_core::limits::HTTP_HOSTS_MAX;
use quoin_core::manifest::{HttpGrant, HttpMethod};

/// A manifest with these lines more, those of tables last.
fn parsed(lines: &str) -> Result<Manifest, String> {
    let text = format!(
        "name = \"things\"\nversion = \"0.1.0\"\ndescription = \"Things.\"\n\
         provides = [\"acme:things/store@0.1.0\"]\n{lines}"
    );
    Manifest::parse(&text).map_err(|e| e.to_string())
}

#[track_caller]
fn refused(lines: &str, why: &str) {
    let told = parsed(lines).unwrap_err();
    assert!(told.starts_with("plugin.toml: ") && told.contains(why), "{told}");
}

#[test]
fn an_instance_serves_one_to_ten_thousand_calls() {
    assert_eq!(parsed("").unwrap().instance.reuse, 1);
    assert_eq!(parsed("[instance]\n").unwrap().instance.reuse, 1);
    for good in [1, 10_000] {
        let manifest = parsed(&format!("[instance]\nreuse = {good}\n")).unwrap();
        assert_eq!(manifest.instance.reuse, good);
    }
    for bad in [0, 10_001] {
        refused(&format!("[instance]\nreuse = {bad}\n"), "reuse must be 1 to 10000");
    }
}

#[test]
fn a_description_has_at_most_300_characters_that_are_not_all_blank() {
    let with = |description: &str| {
        let text = format!("name = \"a\"\nversion = \"1.0.0\"\ndescription = \"{description}\"\n");
        Manifest::parse(&text)
    };
    assert!(with(&"a".repeat(300)).is_ok() && with(&"a".repeat(301)).is_err());
    assert!(with("a").is_ok() && with("  ").is_err());
}

#[test]
fn texts_with_characters_that_nobody_sees_are_refused_by_name() {
    let with = |description: &str| {
        let text = format!("name = \"a\"\nversion = \"1.0.0\"\ndescription = \"{description}\"\n");
        Manifest::parse(&text)
    };
    assert!(with("Größe, עברית, 中文 🙂").is_ok());
    for (text, shown) in [
        ("a\\nb", "\\n"),
        ("a\u{202e}b", "\\u{202e}"),
        ("a\u{200b}b", "\\u{200b}"),
        ("a\\u2028b", "\\u{2028}"),
        ("a\\u001bb", "\\u{1b}"),
    ] {
        let told = with(text).unwrap_err().to_string();
        assert!(told.contains(&format!("description has the character {shown},")), "{told}");
    }
    let key = |key: &str, description: &str, default: &str| {
        format!(
            "[[config]]\nkey = \"{key}\"\ndescription = \"{description}\"\ndefault = \"{default}\"\n"
        )
    };
    assert!(parsed(&key("k", "What it does.", "d")).is_ok());
    refused(&key("k\u{202e}", "d", "d"), "the configuration key k\\u{202e} has the character");
    refused(&key("k", "d\\n", "d"), "the configuration key k has the character \\n,");
    refused(&key("k", "d", "\u{feff}"), "the configuration key k has the character \\u{feff}");
}

#[test]
fn limits_beyond_the_ceiling_are_refused() {
    assert!(parsed("[limits]\nmemory-mib = 64\n").is_ok());
    refused("[limits]\nmemory-mib = 65\n", "[limits]: the limit memory-mib is 65");
}

#[test]
fn a_need_for_all_says_how_long_each_provider_has_and_what_its_failure_means() {
    let need = |more: &str| format!("[[needs]]\ninterface = \"a:b/c@1.0.0\"\n{more}");
    let all = "bind = \"all\"\n";
    let (skip, time) = ("on-failure = \"skip\"\n", "deadline-ms = 50\n");
    for good in ["", "bind = \"keyed\"\n", &format!("{all}{skip}{time}")] {
        assert!(parsed(&need(good)).is_ok(), "{good}");
    }
    for bad in [all, &format!("{all}{skip}"), &format!("{all}{time}")] {
        refused(&need(bad), "is bound to all providers: say");
    }
    for bad in [skip, time, &format!("bind = \"keyed\"\n{time}")] {
        refused(&need(bad), "is not bound to all providers: leave out");
    }
}

#[test]
fn an_interface_is_needed_once_and_not_from_oneself() {
    let need = |interface: &str| format!("[[needs]]\ninterface = \"{interface}\"\n");
    let two = [need("a:b/c@1.0.0"), need("a:b/d@1.0.0")].concat();
    assert_eq!(parsed(&two).unwrap().needs.len(), 2);
    refused(&[two, need("a:b/c@1.0.0")].concat(), "the need a:b/c@1.0.0 is stated twice");
    refused(&need("acme:things/store@0.1.0"), "is both provided and needed");
}

#[test]
fn only_what_is_declared_to_read_is_a_read() {
    let manifest = parsed("reads = [\"acme:things/store#list\"]\n").unwrap();
    assert!(manifest.is_read("acme:things/store@0.1.0", "list"));
    assert!(!manifest.is_read("acme:things/store@0.1.0", "set"));
    assert!(!manifest.is_read("acme:things/other@0.1.0", "list"));
}

#[test]
fn each_known_error_case_has_its_status() {
    let manifest = parsed("[errors]\nworn-out = 410\n").unwrap();
    for (case, status) in [
        ("not-found", 404),
        ("conflict", 409),
        ("denied", 403),
        ("retryable", 503),
        ("unavailable", 502),
        ("invalid", 422),
        ("worn-out", 410),
    ] {
        assert_eq!(manifest.error_status(case), status, "{case}");
    }
}

#[test]
fn statuses_of_success_and_of_errors_have_their_hundreds() {
    let route = |status: u16| {
        let call = "call = \"acme:things/store#get\"\naccess = \"public\"";
        parsed(&format!("[[routes]]\nroute = \"GET /a\"\n{call}\nstatus = {status}\n"))
    };
    for (status, good) in [(199, false), (200, true), (299, true), (300, false)] {
        assert_eq!(route(status).is_ok(), good, "{status}");
    }
    let errors = |status: u16| parsed(&format!("[errors]\nodd = {status}\n"));
    for (status, good) in [(399, false), (400, true), (499, true), (500, false)] {
        assert_eq!(errors(status).is_ok(), good, "{status}");
    }
    let stored = serde_json::to_value(route(201).unwrap()).unwrap();
    assert_eq!(stored["routes"][0]["status"], 201);
}

#[test]
fn what_a_plugin_sends_is_asked_for_in_a_table_of_its_own() {
    let text = |host: &str, http: &str| {
        format!(
            "name = \"a\"\nversion = \"0.1.0\"\ndescription = \"x\"\nhost = [{host}]\n[http]\n{http}\n"
        )
    };
    let all = "hosts = [\"api.test\", \"*.b.test\"]\nmethods = [\"POST\"]\nsecrets = [\"key\"]";
    let manifest = Manifest::parse(&text("\"http\"", all)).unwrap();
    assert_eq!(
        manifest.http.meanings(),
        [
            "send requests to api.test",
            "send requests to *.b.test, whatever stands for *",
            "send POST requests",
            "have the secret key put into requests",
        ]
    );
    let json = serde_json::to_string(&manifest).unwrap();
    assert_eq!(serde_json::from_str::<Manifest>(&json).unwrap(), manifest);
    assert!(Manifest::parse(&text("\"http\"", "")).unwrap().http.is_empty());
    for (host, http, words) in [
        ("", all, "host does not list \"http\""),
        ("\"http\"", "hosts = [\"a.test\"]", "hosts without methods"),
        ("\"http\"", "methods = [\"TRACE\"]", "TRACE"),
        ("\"http\"", "hosts = [\"https://a.test/path\"]", "is no host for requests"),
        ("\"http\"", "secrets = [\"No\"]", "is not valid"),
    ] {
        let told = Manifest::parse(&text(host, http)).unwrap_err().to_string();
        assert!(told.contains(words), "{told}");
    }
    let many: Vec<_> = (0..=HTTP_HOSTS_MAX).map(|n| format!("\"h{n}.test\"")).collect();
    let many = format!("hosts = [{}]\nmethods = [\"GET\"]", many.join(", "));
    assert!(Manifest::parse(&text("\"http\"", &many)).unwrap_err().to_string().contains("hosts"));
}

#[test]
fn a_grant_says_what_it_has_beyond_another_and_how_a_shop_writes_it() {
    let grant = |hosts: &[&str], secrets: &[&str]| HttpGrant {
        hosts: hosts.iter().map(|host| host.parse().unwrap()).collect(),
        methods: [HttpMethod::Get].into(),
        secrets: secrets.iter().map(|name| name.parse().unwrap()).collect(),
    };
    let (asked, given) = (grant(&["a.test", "http://b.test"], &["key"]), grant(&["a.test"], &[]));
    let beyond = asked.beyond(&given);
    assert_eq!(beyond.written(), "{ hosts = [\"http://b.test\"], secrets = [\"key\"] }");
    assert_eq!(beyond.meanings()[0], "send requests to http://b.test, not encrypted");
    assert!(given.beyond(&asked).is_empty());
    assert_eq!(given.and(&asked), asked);
    assert_eq!(
        asked.written(),
        "{ hosts = [\"a.test\", \"http://b.test\"], methods = [\"GET\"], secrets = [\"key\"] }"
    );
}
