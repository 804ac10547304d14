//! A domain belongs to one shop, whoever else claims it at the same moment.

use quoin_core::Digest;
use quoin_harness::{Host, json, until};

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
                assert!(name == "settled" || folder.join("notes.db").is_file(), "{name}");
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
    let migrated = guest("hostile").migration("0002_more.sql", "CREATE TABLE more (id INTEGER);");
    let migrated = migrated.packed();
    host.upload(&migrated).ok();
    put(&host, "late", &["late.test"], &[("hostile", &hostile)]).ok();
    let late = host.shop("late", "late.test");
    let created = host.data().join("tenants/late/notes.db");
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
