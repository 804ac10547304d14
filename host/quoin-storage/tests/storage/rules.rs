//! What a plugin's SQL may not do, one trick a test.

use quoin_storage::{SqlError, Value};

use crate::{Shelf, migration, one};

/// Refused in calls that read, in calls that write, and in migrations.
async fn is_refused_everywhere(sql: &str) {
    is_refused_in_calls(sql).await;
    is_refused_in_migrations(sql).await;
}

async fn is_refused_in_calls(sql: &str) {
    let shelf = Shelf::with_widgets().await;
    for mut tx in [shelf.read().await, shelf.write().await] {
        let queried = tx.query(sql, &[]);
        assert!(matches!(queried, Err(SqlError::Denied(_))), "{sql}: {queried:?}");
        let executed = tx.execute(sql, &[]);
        assert!(matches!(executed, Err(SqlError::Denied(_))), "{sql}: {executed:?}");
        assert!(tx.query("SELECT 1", &[]).is_ok(), "the transaction goes on");
    }
}

async fn is_refused_in_migrations(sql: &str) {
    let shelf = Shelf::empty();
    let first = migration(1, "CREATE TABLE widget (id BIGINT PRIMARY KEY, name TEXT)");
    let error = shelf.migrate(&[first, migration(2, sql)]).await.unwrap_err().to_string();
    assert!(error.contains("migration 2") && error.contains("not allowed"), "{sql}: {error}");
}

async fn is_allowed(sql: &str) {
    let shelf = Shelf::with_widgets().await;
    shelf.insert("a").await;
    shelf.write().await.query(sql, &[]).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

#[tokio::test]
async fn attach_and_detach_are_refused() {
    is_refused_everywhere("ATTACH '/tmp/other.db' AS other").await;
    is_refused_everywhere("ATTACH ':memory:' AS other").await;
    is_refused_everywhere("DETACH main").await;
}

#[tokio::test]
async fn pragmas_are_refused() {
    for sql in [
        "PRAGMA journal_mode = OFF",
        "PRAGMA writable_schema = ON",
        "PRAGMA table_info(widget)",
        "PRAGMA main.user_version",
        "PRAGMA max_page_count = 100000000",
    ] {
        is_refused_everywhere(sql).await;
    }
}

#[tokio::test]
async fn pragmas_disguised_as_tables_are_refused() {
    for sql in [
        "SELECT * FROM pragma_table_info('widget')",
        "SELECT count(*) FROM PRAGMA_table_list",
        "SELECT 1 FROM pragma_database_list",
        "SELECT (SELECT file FROM pragma_database_list) AS f",
        "WITH x AS (SELECT * FROM pragma_compile_options) SELECT count(*) FROM x",
    ] {
        is_refused_everywhere(sql).await;
    }
}

#[tokio::test]
async fn every_virtual_table_that_exists_by_itself_is_refused() {
    let sqlite = rusqlite::Connection::open_in_memory().unwrap();
    let modules: Vec<String> = sqlite
        .prepare("SELECT name FROM pragma_module_list")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let known = ["json_each", "json_tree", "jsonb_each", "jsonb_tree", "dbstat", "sqlite_stmt"];
    let shelf = Shelf::empty();
    let mut tx = shelf.read().await;
    for module in modules.iter().map(String::as_str).chain(known) {
        for select in
            [format!("SELECT * FROM {module}"), format!("SELECT count(*) FROM {module}('[]')")]
        {
            assert!(tx.query(&select, &[]).is_err(), "{select}");
        }
    }
}

#[tokio::test]
async fn vacuum_is_refused() {
    let shelf = Shelf::with_widgets().await;
    let target = shelf.folder.path().join("stolen.db");
    let mut tx = shelf.write().await;
    assert!(tx.execute("VACUUM", &[]).is_err());
    assert!(tx.execute(&format!("VACUUM INTO '{}'", target.display()), &[]).is_err());
    assert!(!target.exists());
    drop(tx);
    assert!(
        shelf.read().await.execute(&format!("VACUUM INTO '{}'", target.display()), &[]).is_err()
    );
    assert!(!target.exists());
    let into = format!("VACUUM INTO '{}'", target.display());
    assert!(Shelf::empty().migrate(&[migration(1, &into)]).await.is_err());
    assert!(!target.exists());
}

#[tokio::test]
async fn the_schema_table_cannot_be_read_in_calls() {
    for sql in [
        "SELECT * FROM sqlite_master",
        "SELECT sql FROM main.sqlite_schema",
        "SELECT count(*) FROM SQLITE_MASTER",
        "SELECT 1 FROM sqlite_temp_master",
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM sqlite_schema)",
    ] {
        is_refused_in_calls(sql).await;
    }
}

#[tokio::test]
async fn the_schema_table_cannot_be_written() {
    let shelf = Shelf::with_widgets().await;
    let mut tx = shelf.write().await;
    assert!(tx.execute("DELETE FROM sqlite_master", &[]).is_err());
    assert!(tx.execute("UPDATE sqlite_schema SET sql = ''", &[]).is_err());
    drop(tx);
    for sql in ["DELETE FROM sqlite_master", "UPDATE sqlite_schema SET sql = ''"] {
        assert!(Shelf::empty().migrate(&[migration(1, sql)]).await.is_err(), "{sql}");
    }
}

#[tokio::test]
async fn the_hosts_own_tables_are_out_of_reach() {
    for sql in [
        "SELECT * FROM _quoin_migration",
        "SELECT count(*) FROM _Quoin_Migration",
        "DELETE FROM _quoin_migration",
        "INSERT INTO _quoin_migration VALUES ('widget', 9, '', '', 0)",
        "UPDATE _quoin_migration SET digest = ''",
        "SELECT (SELECT count(*) FROM _quoin_migration)",
        "SELECT plugin FROM _quoin_table",
        "SELECT count(*) FROM _quoin_table",
        "UPDATE _quoin_table SET plugin = 'widget'",
        "INSERT INTO _quoin_table VALUES ('other', 'widget')",
        "UPDATE _quoin_owner SET pages = 0",
        "DELETE FROM _quoin_owner WHERE plugin = 'other'",
        "INSERT INTO widget (id, name) SELECT 1, name FROM _quoin_migration",
    ] {
        is_refused_everywhere(sql).await;
    }
    for sql in [
        "DROP TABLE _quoin_migration",
        "ALTER TABLE _quoin_migration ADD COLUMN x",
        "ALTER TABLE _quoin_migration RENAME TO widget_mine",
        "CREATE TABLE _quoin_call (id BIGINT)",
        "ALTER TABLE widget RENAME TO _quoin_call",
        "CREATE INDEX widget_mine ON _quoin_migration (name)",
    ] {
        is_refused_in_migrations(sql).await;
    }
}

#[tokio::test]
async fn the_schema_changes_in_migrations_only() {
    for sql in [
        "CREATE TABLE widget_extra (id BIGINT)",
        "CREATE TABLE widget_extra AS SELECT * FROM widget",
        "CREATE INDEX widget_size ON widget (size)",
        "ALTER TABLE widget ADD COLUMN colour TEXT",
        "ALTER TABLE widget RENAME TO widget_new",
        "DROP TABLE widget",
        "REINDEX",
        "ANALYZE",
    ] {
        is_refused_in_calls(sql).await;
    }
}

#[tokio::test]
async fn triggers_views_virtual_and_temporary_tables_are_refused() {
    for sql in [
        "CREATE TEMP TABLE t (x)",
        "CREATE TEMPORARY VIEW v AS SELECT 1",
        "CREATE TABLE temp.t (x)",
        "CREATE TEMP TRIGGER r AFTER INSERT ON widget BEGIN SELECT 1; END",
        "CREATE TRIGGER r AFTER INSERT ON widget BEGIN SELECT 1; END",
        "CREATE VIEW v AS SELECT 1",
        "CREATE VIRTUAL TABLE f USING fts5(x)",
        "CREATE VIRTUAL TABLE r USING rtree(id, a, b)",
        "CREATE VIRTUAL TABLE temp.b USING dbstat(main)",
    ] {
        is_refused_everywhere(sql).await;
    }
}

#[tokio::test]
async fn randomness_is_refused() {
    is_refused_everywhere("SELECT random()").await;
    is_refused_everywhere("SELECT randomblob(8)").await;
    is_refused_everywhere("SELECT name FROM widget ORDER BY RANDOM()").await;
    is_refused_in_migrations("CREATE TABLE widget_t (x DEFAULT (random()))").await;
    is_refused_in_migrations("ALTER TABLE widget ADD COLUMN x DEFAULT (random())").await;
    is_refused_in_migrations("CREATE TABLE widget_t (x CHECK (x > random()))").await;
}

#[tokio::test]
async fn clocks_are_refused() {
    for sql in [
        "SELECT datetime('now')",
        "SELECT date()",
        "SELECT CURRENT_TIMESTAMP",
        "SELECT current_date",
        "SELECT unixepoch()",
        "SELECT strftime('%s')",
        "SELECT julianday('now')",
    ] {
        is_refused_everywhere(sql).await;
    }
    is_refused_in_migrations("CREATE TABLE widget_t (at TEXT DEFAULT CURRENT_TIMESTAMP)").await;
    is_refused_in_migrations("CREATE TABLE widget_t (at TEXT DEFAULT (datetime('now')))").await;
}

#[tokio::test]
async fn functions_that_are_not_on_the_list_are_refused() {
    for sql in [
        "SELECT load_extension('/tmp/x.so')",
        "SELECT zeroblob(1000000)",
        "SELECT printf('%1000000d', 1)",
        "SELECT format('%d', 1)",
        "SELECT json('{}')",
        "SELECT '{}' -> 'a'",
        "SELECT name FROM widget WHERE name GLOB 'a*'",
        "SELECT sqlite_version()",
        "SELECT sqlite_compileoption_get(1)",
        "SELECT last_insert_rowid()",
        "SELECT changes()",
        "SELECT hex(name) FROM widget",
    ] {
        is_refused_everywhere(sql).await;
    }
    is_refused_in_migrations("CREATE TABLE widget_t (x CHECK (x GLOB 'a*'))").await;
}

#[tokio::test]
async fn functions_of_the_engine_itself_cannot_be_called() {
    for sql in [
        "SELECT sqlite_rename_column('', '', '', '', '', 0, '', 0, 0)",
        "SELECT sqlite_fail('x', 1)",
    ] {
        let shelf = Shelf::with_widgets().await;
        assert!(shelf.write().await.query(sql, &[]).is_err(), "{sql}");
        assert!(Shelf::empty().migrate(&[migration(1, sql)]).await.is_err(), "{sql}");
    }
}

#[tokio::test]
async fn a_call_cannot_end_its_transaction() {
    for sql in [
        "BEGIN",
        "BEGIN IMMEDIATE",
        "COMMIT",
        "END",
        "ROLLBACK",
        "SAVEPOINT a",
        "RELEASE a",
        "ROLLBACK TO a",
    ] {
        is_refused_everywhere(sql).await;
    }
}

#[tokio::test]
async fn explain_is_refused() {
    is_refused_everywhere("EXPLAIN SELECT 1").await;
    is_refused_everywhere("EXPLAIN QUERY PLAN SELECT 1").await;
}

#[tokio::test]
async fn a_second_statement_is_refused_and_the_first_is_not_run() {
    let shelf = Shelf::with_widgets().await;
    let mut tx = shelf.write().await;
    for sql in [
        "INSERT INTO widget (id, name) VALUES (1, 'a'); DROP TABLE widget",
        "INSERT INTO widget (id, name) VALUES (1, 'a'); INSERT INTO widget (id, name) VALUES (2, 'b')",
        "SELECT 1; SELECT 2",
        "SELECT 1; nonsense",
        "SELECT 1\0; SELECT 2",
    ] {
        assert!(tx.query(sql, &[]).is_err(), "{sql}");
    }
    assert_eq!(one(tx.query("SELECT count(*) FROM widget", &[]).unwrap()), Value::Integer(0));
    assert!(tx.query("SELECT 1;  -- done", &[]).is_ok());
}

#[tokio::test]
async fn thousands_of_statements_in_one_do_not_exhaust_the_stack() {
    let shelf = Shelf::empty();
    let sql = "SELECT 1;".repeat(7_000);
    assert!(matches!(shelf.read().await.query(&sql, &[]), Err(SqlError::TooLarge(_))));
}

#[tokio::test]
async fn a_call_that_reads_cannot_write() {
    let shelf = Shelf::with_widgets().await;
    let mut tx = shelf.read().await;
    for sql in [
        "INSERT INTO widget (id, name) VALUES (1, 'a')",
        "UPDATE widget SET size = 1",
        "DELETE FROM widget",
        "DELETE FROM widget RETURNING id",
        "WITH w AS (SELECT 1 AS x) INSERT INTO widget (id, name) SELECT x, 'a' FROM w",
    ] {
        assert!(matches!(tx.query(sql, &[]), Err(SqlError::Denied(_))), "{sql}");
    }
}

#[tokio::test]
async fn no_name_reaches_another_database() {
    for sql in [
        "SELECT * FROM temp.widget",
        "SELECT * FROM other.widget",
        "SELECT * FROM \"../x.db\".widget",
    ] {
        let shelf = Shelf::with_widgets().await;
        assert!(shelf.read().await.query(sql, &[]).is_err(), "{sql}");
    }
}

#[tokio::test]
async fn a_word_in_double_quotes_is_never_text() {
    let shelf = Shelf::with_widgets().await;
    let result = shelf.read().await.query("SELECT \"colour\" FROM widget", &[]);
    assert!(matches!(result, Err(SqlError::Syntax(_))), "{result:?}");
}

#[tokio::test]
async fn ordinary_sql_is_allowed() {
    for sql in [
        "SELECT count(*), sum(size), min(size), max(size), avg(size) FROM widget GROUP BY name HAVING count(*) > 0",
        "SELECT coalesce(nullif(lower(name), upper(name)), '') || '!' FROM widget WHERE name LIKE 'a%' ESCAPE '\\'",
        "SELECT substr(trim(name), 1, 2), length(name), replace(name, 'a', 'b'), abs(round(1.5)) FROM widget",
        "SELECT row_number() OVER (ORDER BY id), lag(size, 1, 0) OVER (PARTITION BY name ORDER BY size NULLS LAST) FROM widget",
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT sum(i) FROM n",
        "WITH w AS (SELECT id FROM widget) SELECT count(*) FROM w",
        "SELECT CAST(size AS TEXT), CASE WHEN size > 1 THEN 'big' ELSE 'small' END FROM widget",
        "SELECT w.name FROM widget w LEFT JOIN widget_part p ON p.widget = w.id WHERE p.id IS NULL AND w.id IN (1, 2)",
        "INSERT INTO widget (id, name, size) VALUES (2, 'a', 2) ON CONFLICT (name) DO UPDATE SET size = excluded.size RETURNING id, size",
        "INSERT INTO widget (id, name, size) VALUES (2, 'a', 2) ON CONFLICT DO NOTHING",
        "UPDATE widget SET size = size + 1 WHERE id = 1 AND size >= 1 RETURNING size",
        "DELETE FROM widget WHERE id = 1 RETURNING *",
        "SELECT name FROM widget UNION ALL SELECT 'x' ORDER BY 1 NULLS LAST LIMIT 3 OFFSET 0",
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM widget) AND 1 IS NOT DISTINCT FROM 1",
    ] {
        is_allowed(sql).await;
    }
}

#[tokio::test]
async fn a_deleted_row_takes_its_dependents_along() {
    let shelf = Shelf::with_widgets().await;
    shelf.insert("a").await;
    let mut tx = shelf.write().await;
    tx.execute("INSERT INTO widget_part (id, widget) VALUES (1, 1), (2, 1)", &[]).unwrap();
    tx.execute("DELETE FROM widget", &[]).unwrap();
    assert_eq!(one(tx.query("SELECT count(*) FROM widget_part", &[]).unwrap()), Value::Integer(0));
}

#[tokio::test]
async fn like_tells_upper_from_lower_case() {
    let shelf = Shelf::empty();
    let answer = shelf
        .read()
        .await
        .query("SELECT CASE WHEN 'Abc' LIKE 'a%' THEN 1 ELSE 0 END AS x", &[])
        .unwrap();
    assert_eq!(one(answer), Value::Integer(0));
}
