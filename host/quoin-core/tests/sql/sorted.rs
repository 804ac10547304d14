use quoin_core::sql::check_statement;

use crate::{accepted, refused};

/// The schema of these tests: only `note` may be NULL.
fn nullable(table: &str, column: &str) -> Option<bool> {
    match (table, column) {
        ("thing" | "place", "id") | ("thing", "title") => Some(false),
        ("thing", "note") => Some(true),
        _ => None,
    }
}

#[track_caller]
fn judged(sql: &str) -> Result<(), String> {
    let checked = check_statement(sql).unwrap_or_else(|refusal| panic!("{sql}\n{refusal}"));
    checked.judge(nullable).map_err(|refusal| refusal.to_string())
}

#[test]
fn columns_that_are_never_null_are_sorted_by_without_a_word() {
    for sql in [
        "SELECT id, title FROM thing ORDER BY title, id DESC",
        "SELECT a.id FROM thing AS a JOIN place AS b ON a.id = b.id ORDER BY b.id, a.title",
        "SELECT id FROM thing JOIN place USING (id) ORDER BY id",
        "SELECT title AS name FROM thing ORDER BY name",
        "SELECT title FROM thing ORDER BY 1",
        "SELECT thing.id FROM thing LEFT JOIN place ON place.id = thing.id ORDER BY thing.id",
        "SELECT row_number() OVER (ORDER BY id) FROM thing",
        "SELECT id FROM thing WHERE id IN (SELECT id FROM thing ORDER BY title LIMIT 3)",
        "SELECT note FROM thing ORDER BY note NULLS FIRST",
    ] {
        assert_eq!(judged(sql), Ok(()), "{sql}");
    }
}

#[test]
fn columns_that_may_be_null_or_are_unknown_must_say_where_nulls_go() {
    for sql in [
        "SELECT id FROM thing ORDER BY note",
        "SELECT note AS id FROM thing ORDER BY id",
        "SELECT id, note FROM thing ORDER BY 2",
        "SELECT id FROM thing ORDER BY unknown",
        "SELECT string_agg(title, ',' ORDER BY note) FROM thing",
        "SELECT row_number() OVER (ORDER BY a.note) FROM thing AS a",
        "SELECT id FROM place WHERE id IN (SELECT id FROM thing ORDER BY note LIMIT 3)",
    ] {
        let told = judged(sql).unwrap_err();
        assert!(told.contains("NULLS FIRST or NULLS LAST"), "{sql}: {told}");
    }
    let told = judged("SELECT id\nFROM thing ORDER BY note").unwrap_err();
    assert!(told.starts_with("line 2, column 21: note may be NULL"), "{told}");
}

#[test]
fn what_no_schema_tells_must_say_where_nulls_go() {
    const SAY: &str = "NULLS FIRST or NULLS LAST";
    refused(&[
        ("SELECT id FROM thing ORDER BY lower(title)", "lower", SAY),
        ("SELECT max(n) AS m FROM thing GROUP BY id ORDER BY m", "m", SAY),
        ("SELECT id FROM (SELECT id FROM thing) AS t ORDER BY id", "id", SAY),
        ("WITH w AS (SELECT id FROM thing) SELECT id FROM w ORDER BY w.id", "w.id", SAY),
        ("SELECT b.id FROM a LEFT JOIN b ON a.id = b.id ORDER BY b.id", "b.id", SAY),
        ("SELECT id FROM a LEFT JOIN b ON a.id = b.id ORDER BY id", "id", SAY),
        ("SELECT id FROM a UNION SELECT id FROM b ORDER BY id", "id", SAY),
        ("SELECT row_number() OVER (ORDER BY n + 1) FROM a", "n + 1", SAY),
        ("SELECT id FROM a WHERE EXISTS (SELECT 1 FROM b ORDER BY a.id)", "a.id", SAY),
    ]);
}

#[test]
fn sorting_that_one_engine_alone_understands_is_refused() {
    accepted(&["SELECT DISTINCT title, lower(id) FROM thing ORDER BY title, lower(id) NULLS LAST"]);
    refused(&[
        ("VALUES (2), (1) ORDER BY 1 NULLS LAST", "ORDER", "FROM (VALUES"),
        ("VALUES (2), (1) LIMIT 1", "LIMIT", "FROM (VALUES"),
        ("SELECT a FROM b ORDER BY -1 NULLS LAST", "-1", "same for all rows"),
        ("SELECT a FROM b ORDER BY 'a' NULLS LAST", "'a'", "same for all rows"),
        ("SELECT DISTINCT title FROM thing ORDER BY id", "id", "add it to the columns"),
        ("SELECT a FROM b UNION SELECT a FROM c ORDER BY a + 1 NULLS LAST", "a + 1", "names"),
        ("SELECT a FROM b UNION SELECT a FROM c ORDER BY b.a NULLS LAST", "b.a", "names"),
    ]);
}
