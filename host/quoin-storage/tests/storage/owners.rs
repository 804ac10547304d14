//! A plugin reaches its own tables and no others, whatever it tries.

use quoin_storage::{Error, SqlError};

use crate::{Shelf, Tx, migration, note, notes, texts};

/// The one is named as the other begins.
const BOTH: [&str; 2] = ["volume", "volume-rules"];

async fn both() -> Shelf {
    let shelf = Shelf::with_plugins(&BOTH).await;
    for plugin in BOTH {
        let mut tx = shelf.write_as(plugin).await;
        note(&mut tx, plugin).unwrap();
        tx.commit().await.unwrap();
    }
    shelf
}

fn assert_denied<T: std::fmt::Debug>(sql: &str, result: Result<T, SqlError>) {
    match result {
        Err(SqlError::Denied(why)) => assert!(why.contains("volume"), "{sql}: {why}"),
        other => panic!("{sql}: {other:?}"),
    }
}

#[tokio::test]
async fn no_statement_reaches_a_table_of_another_plugin() {
    let shelf = both().await;
    for sql in [
        "SELECT note FROM volume_rules",
        "SELECT count(*) FROM volume_rules",
        "SELECT 1 FROM Volume_Rules",
        "SELECT 1 FROM main.volume_rules",
        "SELECT (SELECT note FROM volume_rules LIMIT 1) AS x",
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM volume_rules)",
        "SELECT id FROM volume WHERE id IN (SELECT id FROM volume_rules)",
        "SELECT v.id FROM volume v JOIN volume_rules p ON p.id = v.id",
        "SELECT v.id FROM volume v CROSS JOIN volume_rules p",
        "SELECT id FROM volume UNION ALL SELECT id FROM volume_rules",
        "WITH p AS (SELECT * FROM volume_rules) SELECT count(*) FROM p",
        "WITH volume AS (SELECT * FROM volume_rules) SELECT * FROM volume",
        "SELECT x FROM (SELECT note AS x FROM volume_rules)",
        "SELECT id FROM volume ORDER BY (SELECT max(id) FROM volume_rules)",
    ] {
        for mut tx in [shelf.read_as("volume").await, shelf.write_as("volume").await] {
            assert_denied(sql, tx.query(sql, &[]));
            assert_eq!(notes(&mut tx), ["volume"], "the transaction goes on");
        }
    }
    for sql in [
        "INSERT INTO volume_rules (note) VALUES ('x')",
        "INSERT INTO volume (note) SELECT note FROM volume_rules",
        "INSERT INTO volume (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET note = (SELECT note FROM volume_rules)",
        "INSERT INTO volume (note) VALUES ('x') RETURNING (SELECT note FROM volume_rules)",
        "INSERT INTO volume_rules (id) VALUES (1) ON CONFLICT DO NOTHING",
        "UPDATE volume_rules SET note = 'x'",
        "UPDATE volume SET note = p.note FROM volume_rules p WHERE p.id = volume.id",
        "UPDATE volume SET note = (SELECT note FROM volume_rules)",
        "DELETE FROM volume_rules",
        "DELETE FROM volume WHERE id IN (SELECT id FROM volume_rules)",
        "DELETE FROM volume_rules RETURNING note",
        "REPLACE INTO volume_rules (id) VALUES (1)",
        "WITH p AS (SELECT 9 AS id) INSERT INTO volume_rules (id) SELECT id FROM p",
    ] {
        let mut tx = shelf.write_as("volume").await;
        assert_denied(sql, tx.query(sql, &[]));
        assert_denied(sql, tx.execute(sql, &[]));
        note(&mut tx, "goes on").unwrap();
    }
    assert_eq!(shelf.notes("volume").await, ["volume"]);
    assert_eq!(shelf.notes("volume-rules").await, ["volume-rules"]);
}

#[tokio::test]
async fn no_migration_reaches_a_table_of_another_plugin() {
    let shelf = both().await;
    for sql in [
        "DROP TABLE volume_rules",
        "DROP TABLE IF EXISTS volume_rules",
        "ALTER TABLE volume_rules ADD COLUMN x TEXT",
        "ALTER TABLE volume_rules RENAME TO volume_mine",
        "ALTER TABLE volume_rules RENAME COLUMN note TO x",
        "ALTER TABLE volume_rules DROP COLUMN note",
        "ALTER TABLE volume RENAME TO volume_rules_entry",
        "CREATE INDEX volume_index ON volume_rules (note)",
        "CREATE UNIQUE INDEX volume_rules_index ON volume (note)",
        "CREATE TABLE volume_rules_entry (id BIGINT)",
        "CREATE TABLE \"Volume_Rules_Rule\" (id BIGINT)",
        "CREATE TABLE volume_copy AS SELECT * FROM volume_rules",
        "CREATE TABLE other (id BIGINT)",
        "CREATE TABLE volumes (id BIGINT)",
        "ALTER TABLE volume RENAME TO other",
        "ALTER TABLE volume RENAME TO volumes",
        "CREATE INDEX other ON volume (note)",
        "UPDATE volume_rules SET note = 'x'",
        "INSERT INTO volume SELECT * FROM volume_rules",
        "DELETE FROM volume_rules",
        "CREATE TABLE volume_x (id BIGINT REFERENCES _quoin_owner)",
    ] {
        let first = migration(1, "CREATE TABLE volume (id BIGINT PRIMARY KEY, note TEXT)");
        let result = shelf.migrate_all(&[("volume", vec![first, migration(2, sql)])]).await;
        let error = result.unwrap_err().to_string();
        let told = error.contains("migration 2") && error.contains("not allowed");
        assert!(told, "{sql}: {error}");
    }
    assert_eq!(shelf.notes("volume").await, ["volume"]);
    assert_eq!(shelf.notes("volume-rules").await, ["volume-rules"]);
}

#[tokio::test]
async fn a_plugin_that_comes_later_cannot_be_squatted_on_by_one_that_comes_with_it() {
    let shelf = Shelf::empty();
    let squat = migration(1, "CREATE TABLE volume_rules_entry (id BIGINT)");
    let rule = migration(1, "CREATE TABLE volume_rules_entry (id BIGINT PRIMARY KEY)");
    let both = [("volume", vec![squat]), ("volume-rules", vec![rule])];
    assert!(shelf.migrate_all(&both).await.unwrap_err().to_string().contains("not allowed"));
    let [squat, rule] = both;
    shelf.migrate_all(&[rule]).await.unwrap();
    assert!(shelf.migrate_all(&[squat]).await.is_err());
}

#[tokio::test]
async fn migrations_do_not_read_or_write_what_sqlite_keeps_for_all() {
    let shelf = Shelf::empty();
    shelf.create_tables(&BOTH).await;
    let first = migration(1, "CREATE TABLE volume (id BIGINT PRIMARY KEY, note TEXT)");
    for sql in [
        "CREATE TABLE volume_x AS SELECT * FROM sqlite_schema",
        "CREATE TABLE volume_x AS SELECT sql FROM sqlite_master",
        "CREATE TABLE volume_x AS SELECT count(*) FROM sqlite_master",
        "CREATE TABLE volume_x AS SELECT * FROM pragma_quick_check",
        "INSERT INTO volume (id, note) SELECT 1, sql FROM sqlite_schema",
        "INSERT INTO volume (id, note) SELECT count(*), 'x' FROM sqlite_master",
        "UPDATE volume SET note = (SELECT name FROM sqlite_schema LIMIT 1)",
        "DELETE FROM volume WHERE id IN (SELECT rootpage FROM sqlite_schema)",
        "INSERT INTO sqlite_sequence (name, seq) VALUES ('volume_rules', 99)",
        "UPDATE sqlite_sequence SET seq = 99",
        "UPDATE sqlite_sequence SET seq = 99 WHERE name = 'volume_rules'",
        "DELETE FROM sqlite_sequence",
        "SELECT * FROM sqlite_sequence",
    ] {
        let steps = vec![first.clone(), migration(2, sql)];
        let error = shelf.migrate_all(&[("volume", steps)]).await.unwrap_err().to_string();
        assert!(error.contains("not allowed"), "{sql}: {error}");
    }
}

#[tokio::test]
async fn the_same_text_of_two_plugins_is_two_statements() {
    let sql = "SELECT count(*) AS n FROM volume_rules";
    let change = "INSERT INTO volume_rules (id, note) SELECT count(*) + 1, 'x' FROM volume_rules";
    let all = |plugin: &'static str, tx: &mut Tx| {
        let tx = tx.at(plugin, 0);
        (tx.query(sql, &[]).is_ok(), tx.execute(change, &[]).is_ok())
    };
    for order in [BOTH, [BOTH[1], BOTH[0]]] {
        let shelf = both().await;
        // On one connection, again and again.
        let mut tx = shelf.write_as("volume").await;
        for plugin in order.into_iter().cycle().take(6) {
            let own = plugin == "volume-rules";
            assert_eq!(all(plugin, &mut tx), (own, own), "{plugin}");
        }
        drop(tx);
        let mut tx = shelf.read_as("volume").await;
        for plugin in order.into_iter().cycle().take(6) {
            assert_eq!(tx.at(plugin, 0).query(sql, &[]).is_ok(), plugin == "volume-rules");
        }
    }
}

#[tokio::test]
async fn a_comment_in_a_statement_makes_nobody_another_plugin() {
    let shelf = both().await;
    let mut tx = shelf.write_as("volume-rules").await;
    tx.query("SELECT note FROM volume_rules", &[]).unwrap();
    for sql in [
        "/*volume-rules*/SELECT note FROM volume_rules",
        "*//*volume-rules*/SELECT note FROM volume_rules",
        "/*!*/SELECT note FROM volume_rules",
        "/*!*/BEGIN",
        "/*!*/COMMIT",
        "/*!*/ROLLBACK",
        "/*!*/PRAGMA page_count",
    ] {
        assert!(tx.at("volume", 0).query(sql, &[]).is_err(), "{sql}");
    }
    assert!(!tx.inner.is_lost());
}

#[tokio::test]
async fn a_function_that_reads_cannot_run_what_its_plugin_has_compiled_as_a_writer() {
    let shelf = Shelf::with_plugins(&["volume"]).await;
    let mut tx = shelf.write_as("volume").await;
    let sql = "INSERT INTO volume (id, note) SELECT count(*), 'x' FROM volume";
    for round in 0..3 {
        tx.writes = true;
        assert_eq!(tx.execute(sql, &[]), Ok(1));
        tx.writes = false;
        assert!(matches!(tx.execute(sql, &[]), Err(SqlError::Denied(_))), "{round}");
        assert!(matches!(tx.query(sql, &[]), Err(SqlError::Denied(_))), "{round}");
    }
    assert_eq!(notes(&mut tx).len(), 3);
    // Refused first, it is allowed to the writer all the same.
    let sql = "INSERT INTO volume (id, note) VALUES (9, 'y')";
    assert!(matches!(tx.execute(sql, &[]), Err(SqlError::Denied(_))));
    tx.writes = true;
    assert_eq!(tx.execute(sql, &[]), Ok(1));
}

#[tokio::test]
async fn foreign_keys_between_plugins_are_refused_in_every_direction() {
    let shelf = both().await;
    let own = "CREATE TABLE volume (id BIGINT PRIMARY KEY, note TEXT)";
    for sql in [
        "CREATE TABLE volume_x (id BIGINT REFERENCES volume_rules)",
        "CREATE TABLE volume_x (id BIGINT REFERENCES Volume_Rules ON DELETE CASCADE)",
        "CREATE TABLE volume_x (id BIGINT, FOREIGN KEY (id) REFERENCES volume_rules (id))",
        "ALTER TABLE volume ADD COLUMN x BIGINT REFERENCES volume_rules",
        "CREATE TABLE volume_x (id BIGINT REFERENCES volume_rules_entry)",
        "CREATE TABLE volume_x (id BIGINT REFERENCES nowhere)",
        "CREATE TABLE volume_y (id BIGINT PRIMARY KEY);
         CREATE TABLE volume_x (id BIGINT REFERENCES volume_y); DROP TABLE volume_y",
    ] {
        let steps = vec![migration(1, own), migration(2, sql)];
        let error = shelf.migrate_all(&[("volume", steps)]).await.unwrap_err().to_string();
        assert!(error.contains("foreign key of volume"), "{sql}: {error}");
    }
    // The other way round: what is referred to is there only later.
    let steps = vec![
        migration(1, "CREATE TABLE volume_rules (id BIGINT PRIMARY KEY, note TEXT)"),
        migration(2, "CREATE TABLE volume_rules_x (id BIGINT REFERENCES volume)"),
    ];
    let error = shelf.migrate_all(&[("volume-rules", steps)]).await.unwrap_err().to_string();
    assert!(error.contains("foreign key of volume_rules_x"), "{error}");
}

#[tokio::test]
async fn a_foreign_key_that_is_refused_has_removed_nothing() {
    let shelf = both().await;
    let steps = vec![
        migration(1, "CREATE TABLE volume (id BIGINT PRIMARY KEY, note TEXT)"),
        migration(
            2,
            "CREATE TABLE volume_x (id BIGINT PRIMARY KEY REFERENCES volume_rules ON DELETE CASCADE);
             INSERT INTO volume_x VALUES (1); DELETE FROM volume; DROP TABLE volume_x;
             CREATE TABLE volume_x (id BIGINT PRIMARY KEY REFERENCES volume_rules)",
        ),
    ];
    assert!(shelf.migrate_all(&[("volume", steps)]).await.is_err());
    assert_eq!(shelf.notes("volume").await, ["volume"]);
    assert_eq!(shelf.notes("volume-rules").await, ["volume-rules"]);
}

#[tokio::test]
async fn owners_follow_what_is_made_renamed_and_dropped() {
    let shelf = Shelf::with_plugins(&BOTH).await;
    let volume = [
        "CREATE TABLE volume (id BIGINT PRIMARY KEY, note TEXT)",
        "ALTER TABLE volume RENAME TO volume_new; CREATE TABLE volume_more (id BIGINT)",
        "DROP TABLE volume_more",
    ];
    let volume: Vec<_> = (1..).zip(volume).map(|(number, sql)| migration(number, sql)).collect();
    for count in 2..=3 {
        shelf.migrate_all(&[("volume", volume[..count].to_vec())]).await.unwrap();
        let mut tx = shelf.read_as("volume").await;
        assert!(tx.query("SELECT * FROM volume_new", &[]).is_ok());
        assert_eq!(tx.query("SELECT * FROM volume_more", &[]).is_ok(), count == 2);
        assert!(tx.query("SELECT * FROM volume", &[]).is_err());
        let tx = tx.at("volume-rules", 0);
        assert_denied("select", tx.query("SELECT * FROM volume_new", &[]));
        assert_denied("count", tx.query("SELECT count(*) FROM volume_new", &[]));
    }
    let recorded = || {
        let sqlite = rusqlite::Connection::open(shelf.database.path()).unwrap();
        let mut select =
            sqlite.prepare("SELECT name || ' ' || plugin FROM _quoin_table ORDER BY name").unwrap();
        let rows = select.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<Vec<String>, _>>().unwrap()
    };
    assert_eq!(recorded(), ["volume_new volume", "volume_rules volume-rules"]);
    let shelf = shelf.reopened();
    let mut tx = shelf.read_as("volume").await;
    assert!(tx.query("SELECT * FROM volume_new", &[]).is_ok());
    assert_denied("select", tx.query("SELECT count(*) FROM volume_rules", &[]));
    assert_denied("select", tx.at("volume-rules", 0).query("SELECT * FROM volume_new", &[]));
}

#[tokio::test]
async fn a_table_keeps_its_owner_for_a_reader_that_still_has_it() {
    let shelf = both().await;
    let mut old = shelf.read_as("volume-rules").await;
    assert_eq!(notes(&mut old).len(), 1);
    let steps = vec![
        migration(1, "CREATE TABLE volume_rules (id BIGINT PRIMARY KEY, note TEXT)"),
        migration(2, "DROP TABLE volume_rules"),
    ];
    shelf.migrate_all(&[("volume-rules", steps)]).await.unwrap();
    assert_eq!(notes(&mut old).len(), 1);
    assert_denied("old", old.at("volume", 0).query("SELECT count(*) FROM volume_rules", &[]));
}

#[tokio::test]
async fn a_name_that_is_free_again_is_whose_it_is_made_by() {
    let shelf = Shelf::empty();
    let first = "CREATE TABLE volume_rules (id BIGINT PRIMARY KEY, note TEXT)";
    shelf.migrate_all(&[("volume", vec![migration(1, first)])]).await.unwrap();
    let gone = vec![migration(1, first), migration(2, "DROP TABLE volume_rules")];
    shelf.migrate_all(&[("volume", gone)]).await.unwrap();
    shelf.create_tables(&["volume-rules"]).await;
    let mut tx = shelf.write_as("volume-rules").await;
    note(&mut tx, "mine").unwrap();
    assert_denied("old", tx.at("volume", 0).query("SELECT * FROM volume_rules", &[]));
    tx.commit().await.unwrap();
    let shelf = shelf.reopened();
    assert_eq!(shelf.notes("volume-rules").await, ["mine"]);
}

#[tokio::test]
async fn tables_of_a_migration_that_is_not_kept_are_nobodys() {
    let shelf = both().await;
    let plugins = [("other", vec![migration(1, "CREATE TABLE other (id BIGINT)")])];
    let migrated = shelf.database.migrate(&crate::steps(&plugins), crate::MINUTE).await.unwrap();
    drop(migrated);
    for plugin in ["other", "volume"] {
        let result = shelf.read_as(plugin).await.query("SELECT * FROM other", &[]);
        assert!(matches!(result, Err(SqlError::Syntax(_))), "{result:?}");
    }
}

#[tokio::test]
async fn plugins_migrate_together_or_not_at_all() {
    let shelf = Shelf::empty();
    let good = ("a", vec![migration(1, "CREATE TABLE a (id BIGINT PRIMARY KEY, note TEXT)")]);
    let bad = ("b", vec![migration(1, "CREATE TABLE b (id BIGINT); SELECT nonsense")]);
    match shelf.migrate_all(&[good.clone(), bad]).await {
        Err(Error::Migration { plugin, number, name, .. }) => {
            assert_eq!((plugin.as_str(), number, name.as_str()), ("b", 1, "0001_step.sql"));
        }
        other => panic!("{other:?}"),
    }
    assert!(shelf.read_as("a").await.query("SELECT * FROM a", &[]).is_err());
    let better = ("b", vec![migration(1, "CREATE TABLE b (id BIGINT PRIMARY KEY, note TEXT)")]);
    assert_eq!(shelf.migrate_all(&[good, better]).await.unwrap(), 2);
    assert!(shelf.notes("a").await.is_empty() && shelf.notes("b").await.is_empty());
}

#[tokio::test]
async fn a_cascade_stays_with_its_plugin() {
    let shelf = both().await;
    let steps = vec![
        migration(1, "CREATE TABLE volume (id BIGINT PRIMARY KEY, note TEXT)"),
        migration(2, "CREATE TABLE volume_part (of BIGINT REFERENCES volume ON DELETE CASCADE)"),
    ];
    shelf.migrate_all(&[("volume", steps)]).await.unwrap();
    let mut tx = shelf.write_as("volume").await;
    tx.execute("INSERT INTO volume_part VALUES (1), (1)", &[]).unwrap();
    tx.execute("DELETE FROM volume", &[]).unwrap();
    assert!(texts(&tx.query("SELECT of FROM volume_part", &[]).unwrap()).is_empty());
    tx.commit().await.unwrap();
    assert_eq!(shelf.notes("volume-rules").await, ["volume-rules"]);
}
