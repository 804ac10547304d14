use quoin_core::sql::check_migration;

use crate::refused_migrations;

/// What SQLite is to run for a migration.
#[track_caller]
fn for_sqlite(sql: &str) -> Vec<String> {
    match check_migration(sql) {
        Ok(statements) => statements.iter().map(|s| s.for_sqlite()).collect(),
        Err(refusal) => panic!("{sql}\n{refusal}"),
    }
}

#[test]
fn tables_become_strict_with_the_types_that_strict_has_and_all_else_stays() {
    let sql = "-- Things.\nCREATE TABLE thing (\n    id BIGINT PRIMARY KEY, -- the key\n    \
        title text NOT NULL CHECK (length(title) BETWEEN 1 AND 9),\n    \
        weight DOUBLE\n    PRECISION DEFAULT -1.5,\n    picture BYTEA, raw blob,\n    \
        n INTEGER NOT NULL DEFAULT 0, m INT,\n    UNIQUE (title, n)\n) ;\n\nDELETE FROM thing;\n";
    let expected = "CREATE TABLE thing (\n    id INT PRIMARY KEY, -- the key\n    \
        title TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 9),\n    \
        weight REAL\n     DEFAULT -1.5,\n    picture BLOB, raw BLOB,\n    \
        n INT NOT NULL DEFAULT 0, m INT,\n    UNIQUE (title, n)\n) STRICT";
    assert_eq!(for_sqlite(sql), [expected, "DELETE FROM thing"]);
    let statements = check_migration(sql).unwrap();
    assert_eq!((statements[0].line, statements[1].line), (2, 12));
    let lines = |text: &str| text.lines().count();
    assert_eq!(lines(expected), lines(statements[0].text));
}

#[test]
fn statements_without_columns_are_run_as_they_are_written() {
    for sql in [
        "CREATE UNIQUE INDEX IF NOT EXISTS thing_by_title ON thing (title, n DESC) WHERE n > 0",
        "CREATE INDEX thing_by_lower ON thing (lower(title), (n + 1))",
        "ALTER TABLE thing RENAME TO old_thing",
        "ALTER TABLE thing RENAME COLUMN title TO name",
        "ALTER TABLE thing RENAME title TO name",
        "ALTER TABLE thing DROP COLUMN title",
        "DROP TABLE IF EXISTS thing",
        "DROP INDEX thing_by_title",
        "INSERT INTO thing (id) VALUES ('a') ON CONFLICT (id) DO NOTHING",
        "UPDATE thing SET n = 0 WHERE n IS NULL",
        "WITH a AS (SELECT 1 AS n) DELETE FROM thing WHERE n IN (SELECT n FROM a)",
    ] {
        assert_eq!(for_sqlite(sql), [sql]);
    }
    assert_eq!(for_sqlite("-- nothing\n;;"), Vec::<String>::new());
}

#[test]
fn constraints_and_added_columns_are_accepted() {
    assert_eq!(
        for_sqlite("ALTER TABLE thing ADD COLUMN n BIGINT NOT NULL DEFAULT 0 CHECK (n >= 0);"),
        ["ALTER TABLE thing ADD COLUMN n INT NOT NULL DEFAULT 0 CHECK (n >= 0)"]
    );
    assert_eq!(
        for_sqlite("ALTER TABLE thing ADD kind TEXT DEFAULT 'x' REFERENCES kind (id)"),
        ["ALTER TABLE thing ADD kind TEXT DEFAULT 'x' REFERENCES kind (id)"]
    );
    assert_eq!(
        for_sqlite(
            "CREATE TABLE IF NOT EXISTS part (a TEXT CONSTRAINT a_known REFERENCES thing ON DELETE \
             CASCADE ON UPDATE NO ACTION, b TEXT UNIQUE DEFAULT NULL, CONSTRAINT pair PRIMARY KEY (a, \
             b), CHECK (a <> b), FOREIGN KEY (a, b) REFERENCES pair (a, b) ON DELETE SET NULL)"
        )
        .len(),
        1
    );
}

#[test]
fn what_a_migration_sorts_by_is_left_to_the_schema() {
    let statements = check_migration(
        "CREATE TABLE b (id TEXT);\nINSERT INTO b (id) SELECT id FROM a\nORDER BY id;",
    )
    .unwrap();
    let unstated = &statements[1].checked.unstated;
    assert_eq!(unstated.len(), 1);
    let order = &unstated[0];
    assert_eq!((order.tables.as_slice(), order.name.as_str()), (["a".to_owned()].as_slice(), "id"));
    assert_eq!((order.line, order.column), (3, 10));
    assert_eq!(statements[0].checked.unstated, []);
}

#[test]
fn tables_that_one_engine_alone_understands_are_refused() {
    refused_migrations(&[
        ("CREATE TABLE a (b TEXT) STRICT", "STRICT", "leave it out"),
        ("CREATE TABLE a (b TEXT PRIMARY KEY) WITHOUT ROWID", "WITHOUT", "leave it out"),
        ("CREATE TABLE a (b BIGINT PRIMARY KEY AUTOINCREMENT)", "AUTOINCREMENT", "leave this out"),
        ("CREATE TABLE a (rowid BIGINT)", "rowid", "a key of its own"),
        ("CREATE TABLE a (b)", ")", "a type"),
        ("CREATE TABLE a (b REAL)", "REAL", "DOUBLE PRECISION"),
        ("CREATE TABLE a (b BOOLEAN)", "BOOLEAN", "CHECK (… IN (0, 1))"),
        ("CREATE TABLE a (b varchar(9))", "varchar", "TEXT"),
        ("CREATE TABLE a (b TEXT(9))", "(9)", "CHECK"),
        ("CREATE TABLE a (b NUMERIC)", "NUMERIC", "smallest unit"),
        ("CREATE TABLE a (b TIMESTAMP)", "TIMESTAMP", "milliseconds"),
        ("CREATE TABLE a (b ANY)", "ANY", "say which"),
        ("CREATE TABLE a (b money)", "money", "a type"),
        ("CREATE TABLE a (b TEXT COLLATE nocase)", "COLLATE", "by its bytes"),
        ("CREATE TABLE a (b TEXT NULL)", "NULL", "leave it out"),
        ("CREATE TABLE a (b TEXT DEFAULT CURRENT_TIMESTAMP)", "CURRENT", "a number, a text"),
        ("CREATE TABLE a (b BIGINT DEFAULT TRUE)", "TRUE", "1 and 0"),
        ("CREATE TABLE a (b BIGINT DEFAULT (1 + 1))", "(1", "a number"),
        ("CREATE TABLE a (b BIGINT GENERATED ALWAYS AS (1))", "GENERATED", "write its value"),
        ("CREATE TABLE a (b BIGINT AS (1))", "AS", "write its value"),
        ("CREATE TABLE a (b TEXT UNIQUE ON CONFLICT IGNORE)", "ON CONFLICT", "in INSERT"),
        ("CREATE TABLE a (b TEXT, UNIQUE (b) ON CONFLICT IGNORE)", "ON CONFLICT", "in INSERT"),
        ("CREATE TABLE a (b TEXT, UNIQUE (b), c TEXT)", "c TEXT", "columns stand before"),
        ("CREATE TABLE a (b BIGINT CHECK (b))", "b)", "compare it"),
        ("CREATE TABLE a (b TEXT CHECK (b GLOB 'x'))", "GLOB", "LIKE"),
        ("CREATE TABLE a (b BIGINT CHECK (b > (SELECT 1)))", "SELECT", "no subqueries"),
        ("CREATE TABLE a (b BIGINT CHECK (max(b) > 1))", "max", "HAVING"),
        ("CREATE TABLE a (b TEXT REFERENCES c MATCH FULL)", "MATCH", "leave it out"),
        (
            "CREATE TABLE a (b TEXT REFERENCES c DEFERRABLE INITIALLY DEFERRED)",
            "DEFERRABLE",
            "checked with its statement",
        ),
        ("CREATE TABLE a AS SELECT 1 AS b", "AS", "INSERT … SELECT"),
        ("CREATE TABLE main.a (b TEXT)", ".a", "the name alone"),
        ("CREATE TABLE sqlite_a (b TEXT)", "sqlite_a", "use another one"),
    ]);
}

#[test]
fn other_changes_of_the_schema_are_refused() {
    refused_migrations(&[
        ("CREATE TEMP TABLE a (b TEXT)", "TEMP", "WITH"),
        ("CREATE VIEW a AS SELECT 1", "VIEW", "no views"),
        ("CREATE TRIGGER a AFTER INSERT ON b BEGIN DELETE FROM c; END", "TRIGGER", "no triggers"),
        ("CREATE VIRTUAL TABLE a USING fts5(b)", "VIRTUAL", "use a table"),
        ("CREATE SEQUENCE a", "SEQUENCE", "TABLE or INDEX"),
        ("CREATE INDEX a ON b USING hash (c)", "USING", "leave USING out"),
        ("CREATE INDEX a ON b (c + 1)", "c + 1", "((…))"),
        ("CREATE INDEX a ON b (c NULLS FIRST)", "NULLS", "leave it out"),
        ("CREATE INDEX a ON b (c) INCLUDE (d)", "INCLUDE", "the end of the statement"),
        ("ALTER TABLE a ADD COLUMN b TEXT UNIQUE", "UNIQUE", "CREATE UNIQUE INDEX"),
        ("ALTER TABLE a ADD CONSTRAINT b CHECK (c > 1)", "CONSTRAINT", "copy the rows"),
        ("ALTER TABLE a ALTER COLUMN b TYPE TEXT", "ALTER COLUMN", "copy the values"),
        ("ALTER TABLE a ADD b TEXT, ADD c TEXT", ", ADD", "another one"),
        ("ALTER TABLE a RENAME TO pg_b", "pg_b", "use another one"),
        ("DROP TABLE a CASCADE", "CASCADE", "write it alone"),
        ("DROP TABLE a, b", ", b", "write it alone"),
        ("DROP VIEW a", "VIEW", "TABLE or INDEX"),
        ("PRAGMA foreign_keys = off", "PRAGMA", "CREATE, ALTER, DROP"),
        ("VACUUM", "VACUUM", "CREATE, ALTER, DROP"),
        ("COMMIT", "COMMIT", "CREATE, ALTER, DROP"),
        ("DELETE FROM a WHERE b = ?1", "?1", "write the value"),
        ("DELETE FROM a DELETE FROM b", "DELETE FROM b", "the end of the statement"),
        ("DELETE FROM a;\nDROP TABLE b;\nREINDEX", "REINDEX", "CREATE, ALTER, DROP"),
    ]);
}
