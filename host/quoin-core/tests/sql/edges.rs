//! What is just within a limit is accepted, and what is just beyond it is not; and what only one of
//! two conditions tells apart.

use quoin_core::sql::{check_migration, check_statement};

use crate::{accepted, refused, refused_migrations};

/// `count` times `one`, with commas between.
fn list(one: impl Fn(usize) -> String, count: usize) -> String {
    (0..count).map(one).collect::<Vec<_>>().join(", ")
}

#[track_caller]
fn most(what: &str, count: usize, sql: impl Fn(usize) -> String) {
    if let Err(refusal) = check_statement(&sql(count)) {
        panic!("{count} {what}\n{refusal}");
    }
    let refusal = check_statement(&sql(count + 1)).unwrap_err();
    assert!(refusal.message.contains(what), "{refusal}");
}

#[test]
fn the_longest_names_and_the_most_parts_are_accepted() {
    most("at most 63 letters", 63, |letters| format!("SELECT {} FROM t", "n".repeat(letters)));
    most("parentheses, calls and subqueries", 47, |depth| {
        format!("SELECT {}1{}", "(".repeat(depth), ")".repeat(depth))
    });
    most("columns", 1_000, |count| format!("SELECT {} FROM t", list(|n| format!("c{n}"), count)));
    most("terms of ORDER BY", 64, |count| {
        format!("SELECT a FROM t ORDER BY {}", list(|n| format!("c{n}"), count))
    });
    most("terms of ORDER BY", 64, |count| {
        let terms = list(|_| "a NULLS LAST".into(), count);
        format!("SELECT a FROM t UNION SELECT a FROM u ORDER BY {terms}")
    });
    most("terms of GROUP BY", 64, |count| {
        format!("SELECT 1 FROM t GROUP BY {}", list(|n| format!("c{n}"), count))
    });
    most("names in WITH", 100, |count| {
        format!("WITH {} SELECT 1", list(|n| format!("w{n} AS (SELECT 1)"), count))
    });
    most("tables in one query", 64, |count| {
        format!("SELECT 1 FROM t{}", " CROSS JOIN t".repeat(count - 1))
    });
}

#[test]
fn a_statement_leaves_at_most_256_terms_to_the_schema() {
    let sorted = |terms: usize| {
        let terms = list(|n| format!("c{n}"), terms);
        format!("EXISTS (SELECT 1 FROM t ORDER BY {terms})")
    };
    let four = [sorted(64), sorted(64), sorted(64), sorted(64)].join(" AND ");
    let checked = check_statement(&format!("SELECT 1 FROM t WHERE {four}")).unwrap();
    assert_eq!(checked.unstated.len(), 256);
    let more = format!("SELECT 1 FROM t WHERE {four} AND {}", sorted(1));
    let refusal = check_statement(&more).unwrap_err();
    assert!(refusal.message.contains("NULLS FIRST or NULLS LAST"), "{refusal}");
}

#[test]
fn what_with_defines_ends_with_its_statement() {
    let sql = "WITH w AS (SELECT 1 AS id) DELETE FROM a WHERE b IN (SELECT id FROM w);
        INSERT INTO a (b) SELECT id FROM w ORDER BY id;";
    let statements = check_migration(sql).unwrap();
    assert_eq!(statements[1].checked.unstated[0].tables, ["w"]);
}

#[test]
fn groups_and_sorting_are_told_apart_by_what_they_are_and_not_by_how_they_are_written() {
    accepted(&[
        "SELECT lower(Title) FROM a GROUP BY LOWER(title)",
        "SELECT kind || title FROM a GROUP BY kind || title",
        "SELECT kind FROM a GROUP BY kind ORDER BY count(*) NULLS LAST",
        "SELECT max(n) FROM a ORDER BY max(n) NULLS LAST",
        "SELECT DISTINCT * FROM a ORDER BY id NULLS LAST",
        "SELECT a FROM b UNION SELECT a FROM c ORDER BY 1 NULLS LAST",
        "SELECT ?2, ?1",
        "SELECT max(a), sum(b) FROM t WHERE FALSE",
        "SELECT sum(a) OVER (ORDER BY b ROWS BETWEEN 1 PRECEDING AND UNBOUNDED FOLLOWING) FROM t",
        "INSERT INTO a (b) SELECT c FROM d ORDER BY c NULLS LAST ON CONFLICT DO NOTHING",
        "INSERT INTO a (b) SELECT c FROM d LIMIT 1 ON CONFLICT DO NOTHING",
        "INSERT INTO a (b) SELECT c FROM d GROUP BY c ON CONFLICT DO NOTHING",
    ]);
    refused(&[
        ("SELECT lower(title) FROM a GROUP BY upper(title)", "title", "GROUP BY"),
        ("SELECT kind || title FROM a GROUP BY title || kind", "kind", "GROUP BY"),
        ("SELECT kind, max(n) AS n FROM a GROUP BY kind ORDER BY a.n NULLS LAST", "a.n", "GROUP"),
        ("SELECT a FROM b ORDER BY +1 NULLS LAST", "+1", "same for all rows"),
        ("SELECT a FROM b ORDER BY NULL NULLS LAST", "NULL NULLS", "same for all rows"),
        ("SELECT a FROM b ORDER BY 1.5 NULLS LAST", "1.5", "same for all rows"),
        ("SELECT a FROM b LEFT", "", "JOIN"),
        ("SELECT count(DISTINCT a ORDER BY a) FROM b", "ORDER", ")"),
        ("SELECT lower(a ORDER BY a) FROM b", "ORDER", ")"),
        ("SELECT lower(a) FILTER (WHERE a = 'x') FROM b", "FILTER", "AS"),
        ("SELECT lag(a) FILTER (WHERE a = 'x') OVER (ORDER BY a) FROM b", "lag", "over a window"),
        ("SELECT a FROM b CROSS", "", "JOIN"),
        ("SELECT ärmel FROM a", "ärmel", "letters a to z"),
        ("SELECT 1é FROM a", "1é", "decimal digits"),
    ]);
}

#[test]
fn a_term_of_order_by_is_told_where_it_stands_and_not_where_its_column_does() {
    let checked = check_statement("SELECT note AS id FROM thing ORDER BY id").unwrap();
    let order = &checked.unstated[0];
    assert_eq!((order.name.as_str(), order.line, order.column), ("note", 1, 39));
}

#[test]
fn each_word_of_a_definition_that_is_refused_has_its_advice() {
    accepted_migration("CREATE INDEX i ON t (a ASC, b DESC)");
    accepted_migration("CREATE TABLE a (b TEXT UNIQUE, c BIGINT NOT NULL UNIQUE DEFAULT 0)");
    refused_migrations(&[
        ("CREATE TABLE a (b TEXT PRIMARY KEY ASC)", "ASC", "leave this out"),
        ("CREATE TABLE a (b TEXT PRIMARY KEY DESC)", "DESC", "leave this out"),
        ("CREATE TABLE a (b TEXT odd)", "odd", "a constraint or a comma"),
        ("ALTER TABLE a ADD b TEXT PRIMARY KEY", "PRIMARY", "CREATE UNIQUE INDEX"),
        ("CREATE TABLE a (b TEXT DEFAULT -'x')", "'x'", "a default is"),
        ("CREATE TABLE a (b BIGINT DEFAULT -NULL)", "NULL", "a default is"),
        ("CREATE TABLE a (b TEXT REFERENCES c NOT DEFERRABLE)", "NOT", "with its statement"),
        ("CREATE TABLE a (b TEXT REFERENCES c INITIALLY DEFERRED)", "INITIALLY", "its statement"),
        ("CREATE TABLE a (b TEXT REFERENCES c ON CONFLICT FAIL)", "ON CONFLICT", "in INSERT"),
        ("CREATE TABLE a (b TEXT REFERENCES c ON INSERT CASCADE)", "INSERT", "DELETE or UPDATE"),
        ("CREATE TABLE a (b TEXT REFERENCES c ON DELETE FAIL)", "FAIL", "CASCADE, RESTRICT"),
        ("DROP TABLE a RESTRICT", "RESTRICT", "write it alone"),
        ("DROP INDEX a, b", ", b", "write it alone"),
        ("CREATE INDEX a ON b (max(c))", "", "no aggregates"),
    ]);
}

#[track_caller]
fn accepted_migration(sql: &str) {
    if let Err(refusal) = check_migration(sql) {
        panic!("{sql}\n{refusal}");
    }
}
