//! A domain belongs to one shop, whoever else claims it at the same moment.

use quoin_core::Digest;
use quoin_harness::{Host, Value, json, until};

use super::{put, uploaded};
use crate::given::guest;

/// Claims of one domain at once.
const ROUNDS: u32 = 8;

#[test]
fn of_shops_that_claim_one_domain_at_once_one_gets_it_and_the_others_leave_nothing() {
    let host = Host::start();
    let notes = uploaded(&host, "notes");
    put(&host, "settled", &[], &[]).ok();
    for round in 0..ROUNDS {
        let domain = format!("contested-{round}.test");
        let names = [format!("first-{round}"), format!("second-{round}"), "settled".into()];
        let claims = std::thread::scope(|scope| {
            let claim = |name: &String| {
                let (host, domain, notes, name) = (&host, &domain, &notes, name.clone());
                scope.spawn(move || {
                    let plugins: &[_] = if name == "settled" { &[] } else { &[("notes", notes)] };
                    (put(host, &name, &[domain], plugins), name)
                })
            };
            let claims: Vec<_> = names.iter().map(claim).collect();
            claims.into_iter().map(|c| c.join().expect("a client")).collect::<Vec<_>>()
        });
        assert_eq!(claims.iter().filter(|(reply, _)| reply.status == 200).count(), 1);
        for (reply, name) in claims {
            let folder = host.data().join("tenants").join(&name);
            if reply.status == 200 {
                assert!(name == "settled" || folder.join("shop.db").is_file(), "{name}");
                continue;
            }
            let problem = reply.refused(409, "conflict");
            assert!(problem["detail"].as_str().is_some_and(|d| d.contains(&domain)), "{problem}");
            assert!(!folder.exists(), "{name} left {}", folder.display());
        }
    }
}

/// The hostile plugin with a migration that takes a while: it counts to some millions.
fn slow_to_migrate() -> Vec<u8> {
    let count = "CREATE TABLE hostile_count (n BIGINT PRIMARY KEY);\n\
        INSERT INTO hostile_count (n) WITH RECURSIVE c (n) AS \
        (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 2000000) SELECT max(n) FROM c;";
    guest("hostile").migration("0002_count.sql", count).packed()
}

#[test]
fn a_change_that_loses_its_domain_while_it_migrates_leaves_no_new_database() {
    let host = Host::start();
    let slow = slow_to_migrate();
    host.upload(&slow).ok();
    let plugins = [("hostile", &Digest::of(&slow))];
    put(&host, "late", &["late.test"], &[]).ok();
    let late = host.shop("late", "late.test");
    let created = host.data().join("tenants/late/shop.db");
    std::thread::scope(|scope| {
        let change = scope.spawn(|| put(&host, "late", &["late.test", "contested.test"], &plugins));
        until("the change has made the new database", || created.exists().then_some(()));
        put(&host, "quick", &["contested.test"], &[]).ok();
        change.join().expect("a client").refused(409, "conflict");
    });
    assert!(!created.exists());
    // The change can be made without the domain.
    put(&host, "late", &["late.test"], &plugins).ok();
    assert_eq!(late.get("/texts").ok(), json!([]));
}

#[test]
fn a_change_that_loses_its_domain_while_it_migrates_keeps_what_was_there() {
    let mut host = Host::start();
    let (notes, slow) = (uploaded(&host, "notes"), slow_to_migrate());
    host.upload(&slow).ok();
    let shop = |domains: &[&str], hostile: bool| {
        let limits = json!({ "deadline-ms": 300 });
        let plugin =
            |bundle| json!({ "bundle": bundle, "grants": ["sql", "log"], "limits": limits });
        let mut plugins = json!({ "notes": plugin(&notes) });
        if hostile {
            plugins["hostile"] = plugin(&Digest::of(&slow));
        }
        let shop = json!({ "name": "late", "domains": domains, "plugins": plugins });
        host.manage("PUT", "/v1/tenants/late/shop", shop)
    };
    shop(&["late.test"], false).ok();
    let late = host.shop("late", "late.test");
    let mut written = 0;
    std::thread::scope(|scope| {
        let change = scope.spawn(|| shop(&["late.test", "contested.test"], true));
        until("the migration has the shop's writer", || {
            let reply = late.post("/notes", json!({ "text": "kept" }));
            written += usize::from(reply.status == 201);
            (reply.status == 503).then_some(())
        });
        put(&host, "quick", &["contested.test"], &[]).ok();
        change.join().expect("a client").refused(409, "conflict");
    });
    let kept = |there: Value| assert_eq!(there, json!(vec!["kept"; written]));
    kept(late.get("/notes").ok());
    late.get("/texts").refused(404, "no-such-path");
    shop(&["late.test"], true).ok();
    kept(late.get("/notes").ok());
    assert_eq!(late.get("/texts").ok(), json!([]));
    host.restart();
    kept(late.get("/notes").ok());
}

#[test]
fn a_change_that_fails_takes_no_database_from_the_next_one_while_another_is_tried() {
    let mut host = Host::start();
    let (notes, slow) = (uploaded(&host, "notes"), slow_to_migrate());
    host.upload(&slow).ok();
    let slow = Digest::of(&slow);
    let with_both = |query: &str, domains: &[&str]| {
        let plugin = |bundle| json!({ "bundle": bundle, "grants": ["sql", "log"] });
        let plugins = json!({ "hostile": plugin(&slow), "notes": plugin(&notes) });
        let shop = json!({ "name": "late", "domains": domains, "plugins": plugins });
        host.manage("PUT", &format!("/v1/tenants/late/shop{query}"), shop)
    };
    put(&host, "late", &["late.test"], &[]).ok();
    let late = host.shop("late", "late.test");
    let created = host.data().join("tenants/late/shop.db");
    std::thread::scope(|scope| {
        let fails = scope.spawn(|| with_both("", &["late.test", "contested.test"]));
        until("the change has made the new database", || created.exists().then_some(()));
        let tried = scope.spawn(|| with_both("?dry-run=true", &["late.test"]));
        let next = scope.spawn(|| with_both("", &["late.test"]));
        put(&host, "quick", &["contested.test"], &[]).ok();
        fails.join().expect("a client").refused(409, "conflict");
        next.join().expect("a client").ok();
        late.post("/notes", json!({ "text": "kept" })).ok();
        tried.join().expect("a client").ok();
    });
    late.post("/notes", json!({ "text": "too" })).ok();
    host.restart();
    assert_eq!(late.get("/notes").ok(), json!(["kept", "too"]));
}
