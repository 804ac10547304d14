//! The control database: tenants, revisions, domains, keys, secrets.

use std::collections::BTreeSet;

use quoin_core::limits::SECRETS_MAX;
use quoin_core::{Digest, Domain, Name};
use quoin_storage::{Control, ControlError, Error, SecretRow, TenantSummary};
use tempfile::TempDir;

fn open() -> (Control, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let control = Control::open(&folder.path().join("state/control.db")).unwrap();
    (control, folder)
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn domains(list: &[&str]) -> BTreeSet<Domain> {
    list.iter().map(|domain| domain.parse().unwrap()).collect()
}

#[test]
fn what_was_published_is_there_after_reopening() {
    let (control, folder) = open();
    let a = domains(&["a.test", "www.a.test"]);
    assert_eq!(control.publish(&name("a"), 0, "{\"v\":1}", &a, "first", 10).unwrap(), 1);
    assert_eq!(control.publish(&name("a"), 1, "{\"v\":2}", &a, "second", 20).unwrap(), 2);
    drop(control);
    let control = Control::open(&folder.path().join("state/control.db")).unwrap();
    assert_eq!(control.names().unwrap(), [name("a")]);
    let tenant = control.tenant(&name("a")).unwrap().unwrap();
    assert_eq!((tenant.revision, tenant.created_ms), (2, 10));
    assert_eq!((tenant.document.as_str(), &tenant.domains), ("{\"v\":2}", &a));
    let owned: BTreeSet<_> = control.domains().unwrap().into_iter().collect();
    assert_eq!(owned, a.into_iter().map(|domain| (domain, name("a"))).collect());
    assert!(control.tenant(&name("b")).unwrap().is_none());
    let revisions = control.revisions(&name("a"), 10).unwrap();
    let notes: Vec<_> =
        revisions.iter().map(|r| (r.number, r.note.as_str(), r.created_ms)).collect();
    assert_eq!(notes, [(2, "second", 20), (1, "first", 10)]);
}

#[test]
fn a_change_based_on_an_older_revision_is_refused() {
    let (control, _folder) = open();
    let none = BTreeSet::new();
    assert!(matches!(
        control.publish(&name("a"), 3, "{}", &none, "", 0),
        Err(ControlError::Conflict { expected: 3, current: 0 })
    ));
    control.publish(&name("a"), 0, "{}", &none, "", 0).unwrap();
    assert!(matches!(
        control.publish(&name("a"), 0, "{\"lost\":1}", &none, "", 0),
        Err(ControlError::Conflict { expected: 0, current: 1 })
    ));
    assert_eq!(control.tenant(&name("a")).unwrap().unwrap().document, "{}");
}

#[test]
fn a_domain_belongs_to_one_tenant() {
    let (control, _folder) = open();
    control.publish(&name("a"), 0, "{}", &domains(&["x.test"]), "", 0).unwrap();
    let taken = control.publish(&name("b"), 0, "{}", &domains(&["b.test", "x.test"]), "", 0);
    match taken {
        Err(ControlError::DomainTaken { domain, tenant }) => {
            assert_eq!((domain.as_str(), tenant.as_str()), ("x.test", "a"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(control.names().unwrap().len(), 1, "nothing of the refused change is kept");
    control.publish(&name("a"), 1, "{}", &domains(&["y.test"]), "", 0).unwrap();
    control.publish(&name("b"), 0, "{}", &domains(&["b.test", "x.test"]), "", 0).unwrap();
}

#[test]
fn a_list_tells_what_tenants_answer_to_and_how_many_plugins_they_have() {
    let (control, _folder) = open();
    let (a, b) = (domains(&["a.test", "www.a.test"]), BTreeSet::new());
    let document = r#"{"shop":{"name":"a","plugins":{"x":{"bundle":"1"},"y":{"bundle":"2"}}}}"#;
    control.publish(&name("b"), 0, "no JSON", &b, "", 0).unwrap();
    control.publish(&name("a"), 0, "{}", &b, "", 0).unwrap();
    control.publish(&name("a"), 1, document, &a, "", 0).unwrap();
    let summary = |tenant, revision, domains, plugins| TenantSummary {
        name: name(tenant),
        revision,
        domains,
        plugins,
    };
    assert_eq!(control.summaries().unwrap(), [summary("a", 2, a, 2), summary("b", 1, b, 0)]);
}

#[test]
fn the_newest_hundred_revisions_are_kept() {
    let (control, _folder) = open();
    for revision in 0..105 {
        control.publish(&name("a"), revision, "{}", &BTreeSet::new(), "", 0).unwrap();
    }
    let kept = control.revisions(&name("a"), 1_000).unwrap();
    assert_eq!((kept.len(), kept[0].number, kept[99].number), (100, 105, 6));
    assert_eq!(control.revisions(&name("a"), 3).unwrap().len(), 3);
}

#[test]
fn a_removed_tenant_leaves_domains_and_keys_free() {
    let (control, _folder) = open();
    control.publish(&name("a"), 0, "{}", &domains(&["x.test"]), "", 0).unwrap();
    control.add_key(&name("a"), "k1", &Digest::of(b"secret"), "laptop", 5).unwrap();
    assert!(control.remove_tenant(&name("a")).unwrap());
    assert!(!control.remove_tenant(&name("a")).unwrap());
    assert!(control.all_keys().unwrap().is_empty());
    assert!(control.revisions(&name("a"), 9).unwrap().is_empty());
    control.publish(&name("b"), 0, "{}", &domains(&["x.test"]), "", 0).unwrap();
}

#[test]
fn keys_are_added_listed_and_removed() {
    let (control, _folder) = open();
    let hash = Digest::of(b"secret");
    let missing = control.add_key(&name("a"), "k1", &hash, "", 0);
    assert!(matches!(missing, Err(ControlError::NoTenant(_))));
    for tenant in ["a", "b"] {
        control.publish(&name(tenant), 0, "{}", &BTreeSet::new(), "", 0).unwrap();
        control.add_key(&name(tenant), "k1", &hash, "laptop", 5).unwrap();
    }
    let again = control.add_key(&name("a"), "k1", &hash, "", 0);
    assert!(matches!(again, Err(ControlError::KeyExists(_))));
    assert_eq!(control.all_keys().unwrap().len(), 2);
    let keys = control.keys(&name("a")).unwrap();
    assert_eq!((keys.len(), &keys[0].hash, keys[0].label.as_str()), (1, &hash, "laptop"));
    assert!(control.remove_key(&name("a"), "k1").unwrap());
    assert!(!control.remove_key(&name("a"), "k1").unwrap());
    assert_eq!(control.all_keys().unwrap().len(), 1);
}

#[test]
fn a_tenant_has_no_more_keys_than_the_limit() {
    let (control, _folder) = open();
    control.publish(&name("a"), 0, "{}", &BTreeSet::new(), "", 0).unwrap();
    let hash = Digest::of(b"secret");
    let refused =
        (0..1_000).find_map(|n| control.add_key(&name("a"), &n.to_string(), &hash, "", 0).err());
    assert!(matches!(refused, Some(ControlError::TooManyKeys)));
}

#[test]
fn a_damaged_file_is_told_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.db");
    std::fs::write(&path, "this is no database ".repeat(100)).unwrap();
    let error = Control::open(&path).err().unwrap();
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
    assert!(error.to_string().contains("control.db"), "{error}");
    let error = quoin_storage::Database::open(&path, quoin_core::Clock::system()).err().unwrap();
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
}

#[test]
fn a_file_of_a_newer_version_is_refused() {
    let (control, folder) = open();
    drop(control);
    let path = folder.path().join("state/control.db");
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(Control::open(&path), Err(Error::Newer { found: 99, .. })));
}

#[test]
fn a_secret_is_its_tenants_until_it_is_set_anew_or_removed() {
    let (control, _folder) = open();
    let secret = |tenant: &str, text: &str, sealed: &[u8], set_ms| SecretRow {
        tenant: name(tenant),
        name: name(text),
        sealed: sealed.to_vec(),
        set_ms,
    };
    let none = control.set_secret(&secret("a", "key", b"1", 1));
    assert!(matches!(none, Err(ControlError::NoTenant(_))));
    for tenant in ["a", "b"] {
        control.publish(&name(tenant), 0, "{}", &BTreeSet::new(), "", 0).unwrap();
        control.set_secret(&secret(tenant, "key", b"1", 1)).unwrap();
    }
    control.set_secret(&secret("a", "key", b"2", 2)).unwrap();
    let all = [secret("a", "key", b"2", 2), secret("b", "key", b"1", 1)];
    assert_eq!(control.all_secrets().unwrap(), all);
    for n in 1..SECRETS_MAX {
        control.set_secret(&secret("a", &format!("key-{n}"), b"", 0)).unwrap();
    }
    let more = control.set_secret(&secret("a", "more", b"", 0));
    assert!(matches!(more, Err(ControlError::TooManySecrets)));
    control.set_secret(&secret("a", "key", b"3", 3)).unwrap();
    assert!(control.remove_secret(&name("a"), &name("key")).unwrap());
    assert!(!control.remove_secret(&name("a"), &name("key")).unwrap());
    control.remove_tenant(&name("a")).unwrap();
    assert_eq!(control.all_secrets().unwrap(), all[1..]);
}
