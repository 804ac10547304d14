//! Nobody reads or writes another plugin's tables.

use quoin_harness::{Host, Shop, json};

use super::{actor, look, run, shop, shop_file, texts};

/// What `volume` may try on the table of `volume-pricing`.
const TRICKS: &[&str] = &[
    "SELECT * FROM {t}",
    "SELECT count(*) FROM {t}",
    "SELECT e.text FROM volume_entry AS e JOIN {t} AS o ON o.text = e.text",
    "SELECT text FROM volume_entry WHERE text IN (SELECT text FROM {t})",
    "SELECT (SELECT max(text) FROM {t}) AS found FROM volume_entry",
    "SELECT text FROM volume_entry WHERE EXISTS (SELECT 1 FROM {t})",
    "WITH o AS (SELECT text FROM {t}) SELECT text FROM o",
    "SELECT text FROM volume_entry UNION SELECT text FROM {t}",
    "INSERT INTO {t} (text,amount,body) VALUES ('x',0,'')",
    "INSERT INTO {t} (text,amount,body) VALUES ('mine',0,'') ON CONFLICT (text) DO UPDATE SET amount = 9",
    "INSERT INTO {t} (text,amount,body) VALUES ('mine',0,'') ON CONFLICT DO NOTHING",
    "INSERT INTO {t} (text,amount,body) VALUES ('x',0,'') RETURNING text",
    "INSERT INTO {t} (text,amount,body) SELECT text,amount,body FROM volume_entry",
    "INSERT INTO volume_entry (text,amount,body) SELECT text,amount,body FROM {t}",
    "INSERT INTO volume_entry (text,amount,body) VALUES ((SELECT max(text) FROM {t}),0,'')",
    "INSERT INTO volume_entry (text,amount,body) VALUES ('own',0,'') ON CONFLICT (text) \
     DO UPDATE SET body = (SELECT max(text) FROM {t})",
    "INSERT INTO volume_entry (text,amount,body) VALUES ('y',0,'') RETURNING (SELECT max(text) FROM {t}) AS x",
    "UPDATE {t} SET amount = 9",
    "UPDATE volume_entry SET body = (SELECT max(text) FROM {t})",
    "UPDATE volume_entry SET body = o.text FROM {t} AS o WHERE o.text <> volume_entry.text",
    "UPDATE volume_entry SET amount = 9 WHERE text IN (SELECT text FROM {t})",
    "DELETE FROM {t}",
    "DELETE FROM {t} WHERE text = 'mine' RETURNING text",
    "DELETE FROM volume_entry WHERE EXISTS (SELECT 1 FROM {t})",
    "SELECT * FROM VOLUME_PRICING_ENTRY",
    "SELECT * FROM main.{t}",
    "SELECT * FROM _quoin_table",
    "UPDATE _quoin_table SET plugin = 'volume'",
    "DELETE FROM _quoin_owner",
    "DROP TABLE {t}",
    "ALTER TABLE {t} RENAME TO volume_taken",
    "CREATE INDEX volume_spy ON {t} (text)",
    "CREATE TABLE volume_pricing_more (id TEXT PRIMARY KEY)",
];

fn two(host: &Host) -> Shop {
    shop(host, "owners", &[("volume", &["volume-pricing"], ""), ("volume-pricing", &[], "")])
}

#[test]
fn a_plugin_reaches_no_table_of_another_by_any_kind_of_statement() {
    let mut host = Host::start();
    let shop = two(&host);
    run(&shop, "volume", "write own").ok();
    run(&shop, "volume-pricing", "write mine").ok();
    for trick in TRICKS {
        let trick = trick.replace("{t}", "volume_pricing_entry");
        for way in ["query", "execute", "batch"] {
            let steps = format!("{way} {trick}");
            for told in [
                run(&shop, "volume", &steps),
                look(&shop, "volume", &steps),
                // While the owner's statement is prepared and its rows are written in this very request.
                run(&shop, "volume", &format!("call volume-pricing, texts, end, {steps}")),
            ] {
                let told = told.ok();
                let last = told.as_array().and_then(|told| told.last()).expect("something");
                let last = last.as_str().expect("a text").trim_start_matches("0 failed: ");
                let refused = ["denied: ", "syntax: "].iter().any(|word| last.starts_with(word));
                assert!(refused, "{steps}: {told}");
            }
        }
    }
    let unharmed = |shop: &Shop| {
        assert_eq!(texts(shop, "volume"), json!(["own"]));
        let all = look(shop, "volume-pricing", "query SELECT * FROM volume_pricing_entry").ok();
        assert_eq!(all, json!(["mine,0,"]));
        let body = look(shop, "volume", "query SELECT body FROM volume_entry").ok();
        assert_eq!(body, json!([""]));
    };
    unharmed(&shop);
    host.restart();
    unharmed(&shop);
}

#[test]
fn one_text_from_two_plugins_is_two_statements() {
    let host = Host::start();
    let shop = two(&host);
    run(&shop, "volume-pricing", "write mine").ok();
    let same = "query SELECT text FROM volume_pricing_entry";
    for _ in 0..3 {
        let told = run(&shop, "volume", &format!("call volume-pricing, {same}, end, {same}")).ok();
        assert_eq!(told[0], "mine");
        assert!(told[1].as_str().is_some_and(|told| told.starts_with("denied")), "{told}");
    }
}

/// `second` cannot be installed beside `first` with any of these migrations; the refusals have these
/// words, and nothing has changed.
#[track_caller]
fn not_beside(first: &str, second: &str, migrations: &[&str], words: &[&str]) {
    let host = Host::start();
    let shop = shop(&host, "owners", &[(first, &[], "")]);
    run(&shop, first, "write mine").ok();
    let both = shop_file("owners", &[(first, &[], ""), (second, &[], "")]);
    for sql in migrations {
        let intruder = actor(second).migration("0002_more.sql", sql);
        host.file(&format!("{second}.wasm"), intruder.packed());
        let told = match host.try_apply(&both) {
            Err(told) => told,
            Ok(_) => panic!("installed with {sql}"),
        };
        for word in words {
            assert!(told.contains(word), "no {word:?} in: {told}");
        }
        assert_eq!(texts(&shop, first), json!(["mine"]));
        assert_eq!(shop.state()["plugins"].as_array().map(Vec::len), Some(1));
    }
    // Without such a migration it can.
    host.file(&format!("{second}.wasm"), actor(second).packed());
    host.apply(&both);
    assert_eq!((texts(&shop, first), texts(&shop, second)), (json!(["mine"]), json!([])));
}

#[test]
fn a_foreign_key_to_another_plugin_is_refused_at_the_install() {
    let sql = "CREATE TABLE b_ref (id TEXT PRIMARY KEY REFERENCES a_entry (text));";
    not_beside("a", "b", &[sql], &["migration 2", "a_entry"]);
}

#[test]
fn a_migration_that_touches_another_plugins_table_is_refused_at_the_install() {
    let migrations = [
        "DELETE FROM a_entry;",
        "INSERT INTO b_entry (text, amount, body) SELECT text, amount, body FROM a_entry;",
        "DROP TABLE a_entry;",
        "ALTER TABLE a_entry ADD COLUMN more TEXT;",
        "ALTER TABLE b_entry RENAME TO a_more;",
        "CREATE INDEX b_spy ON a_entry (text);",
    ];
    not_beside("a", "b", &migrations, &["migration 2", "a_"]);
}

#[test]
fn a_plugin_cannot_squat_the_tables_of_one_with_a_longer_name() {
    let sql = "CREATE TABLE volume_pricing_more (id TEXT PRIMARY KEY);";
    not_beside("volume-pricing", "volume", &[sql], &["migration 2", "volume_pricing_more"]);
}

#[test]
fn tables_that_were_there_first_are_nobody_elses_whatever_they_are_called() {
    let host = Host::start();
    // Nothing is called volume-pricing yet, so this is a table of `volume`.
    let first = actor("volume")
        .migration("0002_more.sql", "CREATE TABLE volume_pricing_entry (text TEXT PRIMARY KEY);");
    host.file("volume.wasm", first.packed());
    let shop = host.apply(&shop_file("owners", &[("volume", &[], "")]));
    run(&shop, "volume", "execute INSERT INTO volume_pricing_entry (text) VALUES ('mine')").ok();
    host.file("volume-pricing.wasm", actor("volume-pricing").packed());
    let both = shop_file("owners", &[("volume", &[], ""), ("volume-pricing", &[], "")]);
    let told = host.try_apply(&both).err().expect("the table is there already");
    for word in ["volume-pricing", "volume_pricing_entry"] {
        assert!(told.contains(word), "no {word:?} in: {told}");
    }
    let told = look(&shop, "volume", "query SELECT text FROM volume_pricing_entry").ok();
    assert_eq!(told, json!(["mine"]));
}
