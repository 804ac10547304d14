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

#[test]
fn a_change_that_loses_its_domain_while_it_migrates_leaves_no_new_database() {
    let host = Host::start();
    let (notes, hostile) = (uploaded(&host, "notes"), uploaded(&host, "hostile"));
    let migrated = guest("hostile").migration("0002_more.sql", "CREATE TABLE hostile_more (id INTEGER);");
    let migrated = migrated.packed();
    host.upload(&migrated).ok();
    put(&host, "late", &["late.test"], &[("hostile", &hostile)]).ok();
    let late = host.shop("late", "late.test");
    let created = host.data().join("tenants/late/shop.db");
    std::thread::scope(|scope| {
        // Has the one writer until its deadline: the migration waits for it.
        scope.spawn(|| late.post("/texts", json!({ "text": "x", "then": "spin" })).status);
        until("the writer runs", || {
            (late.plugin("hostile")["stats"]["running"] == 1).then_some(())
        });
        let change = scope.spawn(|| {
            let plugins = [("hostile", &Digest::of(&migrated)), ("notes", &notes)];
            put(&host, "late", &["late.test", "contested.test"], &plugins)
        });
        until("the change has made the new database", || created.exists().then_some(()));
        put(&host, "quick", &["contested.test"], &[]).ok();
        change.join().expect("a client").refused(409, "conflict");
    });
    assert!(!created.exists());
    // What was there before is there still, and the change can be made without the domain.
    assert_eq!(late.get("/texts").ok(), json!([]));
    let plugins = [("hostile", &Digest::of(&migrated)), ("notes", &notes)];
    put(&host, "late", &["late.test"], &plugins).ok();
    assert_eq!((late.get("/notes").ok(), late.get("/texts").ok()), (json!([]), json!([])));
}

#[test]
fn a_change_that_fails_takes_no_database_from_the_next_one_while_another_is_tried() {
    let mut host = Host::start();
    let (notes, hostile) = (uploaded(&host, "notes"), uploaded(&host, "hostile"));
    let migrated = guest("hostile").migration("0002_more.sql", "CREATE TABLE hostile_more (id INTEGER);");
    // The same without routes, so that there can be both.
    let mut busy = guest("hostile");
    let routes = busy.manifest.find("routes").zip(busy.manifest.find("[errors]"));
    let (from, to) = routes.expect("routes, and then errors");
    busy.manifest.replace_range(from..to, "");
    let [migrated, busy] = [migrated, busy].map(|guest| {
        let bundle = guest.packed();
        host.upload(&bundle).ok();
        Digest::of(&bundle)
    });
    let of = |bundle: &Digest, deadline: u32| {
        let limits = json!({ "deadline-ms": deadline });
        json!({ "bundle": bundle, "grants": ["sql", "log"], "limits": limits })
    };
    let put = |query: &str, domains: &[&str], plugins: Value| {
        let shop = json!({ "name": "late", "domains": domains, "plugins": plugins });
        host.manage("PUT", &format!("/v1/tenants/late/shop{query}"), shop)
    };
    let with_notes = |hostile: &Digest, busy_ms: u32| {
        let (hostile, busy) = (of(hostile, 8_000), of(&busy, busy_ms));
        json!({ "hostile": hostile, "busy": busy, "notes": of(&notes, 8_000) })
    };
    let before = json!({ "hostile": of(&hostile, 8_000), "busy": of(&busy, 14_000) });
    let domains = ["late.test", "contested.test"];
    put("", &domains[..1], before).ok();
    let late = host.shop("late", "late.test");
    let created = host.data().join("tenants/late/shop.db");
    std::thread::scope(|scope| {
        let spin = json!({ "text": "x", "then": "spin" });
        for plugin in ["busy", "hostile"] {
            let (late, spin) = (&late, spin.clone());
            scope.spawn(move || late.call_at(plugin, "test:hostile/data#write", spin).status);
            until("the writer runs", || {
                (late.plugin(plugin)["stats"]["running"] == 1).then_some(())
            });
        }
        // Waits for the writer of the one, and then loses its domain.
        let fails = scope.spawn(|| put("", &domains, with_notes(&migrated, 14_000)));
        until("the change has made the new database", || created.exists().then_some(()));
        // Waits for the writer of the other, for longer.
        let tried =
            scope.spawn(|| put("?dry-run=true", &domains[..1], with_notes(&hostile, 13_000)));
        let quick = json!({ "name": "quick", "domains": ["contested.test"] });
        host.manage("PUT", "/v1/tenants/quick/shop", quick).ok();
        fails.join().expect("a client").refused(409, "conflict");
        put("", &domains[..1], with_notes(&hostile, 14_000)).ok();
        late.post("/notes", json!({ "text": "kept" })).ok();
        tried.join().expect("a client").ok();
    });
    late.post("/notes", json!({ "text": "too" })).ok();
    host.restart();
    assert_eq!(late.get("/notes").ok(), json!(["kept", "too"]));
}
