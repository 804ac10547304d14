use crate::refused;

#[test]
fn other_statements_are_refused() {
    refused(&[
        ("", "", "SELECT, INSERT, UPDATE or DELETE"),
        (";", ";", "SELECT, INSERT, UPDATE or DELETE"),
        ("PRAGMA user_version", "PRAGMA", "SELECT, INSERT, UPDATE or DELETE"),
        ("BEGIN", "BEGIN", "SELECT"),
        ("SAVEPOINT a", "SAVEPOINT", "SELECT"),
        ("ATTACH 'x' AS y", "ATTACH", "SELECT"),
        ("EXPLAIN SELECT 1", "EXPLAIN", "SELECT"),
        ("CREATE TABLE a (id TEXT)", "CREATE", "SELECT"),
        ("SELECT 1; SELECT 2", "SELECT 2", "the end of the statement"),
        ("SELECT 1 2", "2", "the end of the statement"),
        ("REPLACE INTO a VALUES (1)", "REPLACE", "ON CONFLICT (…) DO UPDATE"),
        ("INSERT OR REPLACE INTO a VALUES (1)", "OR", "ON CONFLICT (…) DO UPDATE"),
        ("INSERT OR ROLLBACK INTO a VALUES (1)", "OR", "ON CONFLICT"),
        ("UPDATE OR IGNORE a SET b = 1", "OR", "ON CONFLICT"),
        ("WITH a AS (DELETE FROM b RETURNING c) SELECT c FROM a", "DELETE", "queries only"),
    ]);
}

#[test]
fn tokens_of_one_engine_are_refused() {
    refused(&[
        ("SELECT a == 1", "==", "write ="),
        ("SELECT a::text", "::", "CAST(… AS …)"),
        ("SELECT a ->> 'b'", "->", "JSON operators"),
        ("SELECT a & b", "&", "arithmetic"),
        ("SELECT a << 1", "<<", "arithmetic"),
        ("SELECT ~a", "~", "LIKE"),
        ("SELECT \"a\" FROM b", "\"a\"", "not quoted"),
        ("SELECT `a` FROM b", "`a`", "not quoted"),
        ("SELECT [a] FROM b", "[a]", "not quoted"),
        ("SELECT x'00'", "x'", "pass bytes as a parameter"),
        ("SELECT E'a'", "E'", "parameter"),
        ("SELECT 0x10", "0x", "decimal digits"),
        ("SELECT 1_000", "1_000", "decimal digits"),
        ("SELECT 9223372036854775808", "9223", "at most 9223372036854775807"),
        ("SELECT 1e", "1e", "exponent"),
        ("SELECT größe FROM a", "größe", "letters a to z"),
        ("SELECT a$b FROM c", "a$b", "letters a to z"),
        ("SELECT 'a", "'a", "close it with '"),
        ("SELECT 1 /* a", "/* a", "close it with */"),
        ("SELECT 1 /* a /* b */ */", "/* a", "no other one"),
        ("SELECT 'a\nb', \"c\"", "\"c\"", "not quoted"),
        ("SELECT a FROM b WHERE c = 'x\0y'", "\0y", "NUL"),
        ("SELECT 'a' ¬", "¬", "means nothing"),
    ]);
}

#[test]
fn parameters_that_are_not_numbered_are_refused() {
    refused(&[
        ("SELECT ?", "?", "?1, ?2"),
        ("SELECT :a", ":a", "?1, ?2"),
        ("SELECT @a", "@a", "?1, ?2"),
        ("SELECT $1", "$1", "?1, ?2"),
        ("SELECT ?0", "?0", "?1 to ?10000"),
        ("SELECT ?01", "?01", "?1 to ?10000"),
        ("SELECT ?10001", "?10001", "?1 to ?10000"),
        ("SELECT ?99999999999999999999999", "?999", "?1 to ?10000"),
        ("SELECT ?1, ?3", "SELECT", "?2 is not used"),
    ]);
}

#[test]
fn names_that_an_engine_keeps_for_itself_are_refused() {
    refused(&[
        ("SELECT rowid FROM a", "rowid", "a key of its own"),
        ("SELECT b.OID FROM a AS b", "OID", "a key of its own"),
        ("DELETE FROM a WHERE _rowid_ = 1", "_rowid_", "a key of its own"),
        ("SELECT ctid FROM a", "ctid", "a key of its own"),
        ("SELECT user FROM a", "user", "choose another one"),
        ("SELECT 1 AS end", "end", "choose another one"),
        ("SELECT 1 FROM sqlite_schema", "sqlite_schema", "names that begin with sqlite_"),
        ("SELECT 1 FROM pg_class", "pg_class", "names that begin with pg_"),
        ("SELECT 1 FROM _QUOIN_migration", "_QUOIN", "names that begin with _quoin_"),
        ("SELECT 1 FROM main.a", ".a", "the name alone"),
        ("SELECT main.a.b FROM a", ".b", "table.column"),
        ("SELECT 1 FROM json_each('[]')", "(", "no tables"),
        (
            "SELECT a2345678901234567890123456789012345678901234567890123456789012345 FROM b",
            "a23",
            "at most 63",
        ),
    ]);
}

#[test]
fn a_value_is_no_condition_and_a_condition_no_value() {
    refused(&[
        ("SELECT a = 1 FROM b", "a = 1", "CASE WHEN"),
        ("SELECT TRUE", "TRUE", "1 and 0"),
        ("SELECT a FROM b WHERE a = TRUE", "TRUE", "1 and 0"),
        ("INSERT INTO a (b) VALUES (FALSE)", "FALSE", "1 and 0"),
        ("SELECT sum(a = 1) FROM b", "a = 1", "CASE WHEN"),
        ("SELECT 1 + (a = 1) FROM b", "(a = 1)", "CASE WHEN"),
        ("SELECT -(a = 1) FROM b", "-(a = 1)", "CASE WHEN"),
        ("SELECT a FROM b WHERE (a = 1) IS NULL", "(a = 1)", "CASE WHEN"),
        ("SELECT a FROM b WHERE c", "c", "compare it"),
        ("SELECT a FROM b WHERE c AND d = 1", "c AND", "compare it"),
        ("SELECT a FROM b WHERE NOT c", "NOT c", "compare it"),
        ("SELECT a FROM b WHERE 1", "1", "compare it"),
        ("SELECT CASE WHEN a THEN 1 END FROM b", "a THEN", "compare it"),
        ("SELECT (a, b) FROM c", "(a, b)", "not several"),
        ("SELECT a FROM b WHERE (a, c) = 1", "1", "as many values"),
        ("SELECT a FROM b WHERE (a, c) < (1, 2, 3)", "(1, 2, 3)", "as many values"),
        ("SELECT a FROM b WHERE (a, c) IS NULL", "(a, c)", "not several"),
        ("SELECT a FROM b WHERE (a, c) LIKE 'x'", "(a, c)", "not several"),
        ("SELECT a FROM b WHERE (a, c) IN ((1, 2))", "(1, 2)", "IN (VALUES"),
    ]);
}

#[test]
fn comparisons_of_one_engine_are_refused() {
    refused(&[
        ("SELECT a FROM b WHERE a GLOB '*'", "GLOB", "LIKE"),
        ("SELECT a FROM b WHERE a NOT GLOB '*'", "NOT GLOB", "LIKE"),
        ("SELECT a FROM b WHERE a MATCH 'x'", "MATCH", "LIKE"),
        ("SELECT a FROM b WHERE a REGEXP 'x'", "REGEXP", "LIKE"),
        ("SELECT a FROM b WHERE a ILIKE 'x'", "ILIKE", "lower(…)"),
        ("SELECT a FROM b WHERE a ISNULL", "ISNULL", "IS NULL"),
        ("SELECT a FROM b WHERE a NOTNULL", "NOTNULL", "IS NOT NULL"),
        ("SELECT a FROM b WHERE a IS 1", "1", "IS NOT DISTINCT FROM"),
        ("SELECT a FROM b WHERE a IS NOT ?1", "?1", "IS NOT DISTINCT FROM"),
        ("SELECT a FROM b WHERE a IN ()", ")", "leave the condition out"),
        ("SELECT a FROM b WHERE a IN c", "c", "IN (SELECT"),
        ("SELECT a FROM b WHERE a LIKE ?1", "?1", "ESCAPE"),
        ("SELECT a FROM b WHERE a LIKE '\\%'", "'\\%'", "ESCAPE"),
        ("SELECT a FROM b WHERE a LIKE 'x' ESCAPE 'xy'", "'xy'", "one character"),
        ("SELECT a FROM b WHERE a = b = c", "= c", "parentheses"),
        ("SELECT a FROM b WHERE a = b IN (1)", "IN (1)", "parentheses"),
        ("SELECT a FROM b WHERE a = b IS NULL", "IS NULL", "parentheses"),
        ("SELECT a || b + c FROM d", "+ c", "parentheses"),
        ("SELECT a * b || c FROM d", "|| c", "parentheses"),
        ("SELECT a COLLATE nocase FROM b", "COLLATE", "by its bytes"),
        ("SELECT a FROM b WHERE a = ANY (SELECT 1)", "ANY", "keyword"),
    ]);
}

#[test]
fn functions_of_one_engine_are_refused() {
    refused(&[
        ("SELECT max(a, b) FROM c", "max", "CASE WHEN a > b"),
        ("SELECT MIN(a, b, c) FROM d", "MIN", "CASE WHEN a > b"),
        ("SELECT round(a, 2) FROM b", "round", "multiply"),
        ("SELECT ifnull(a, 1) FROM b", "ifnull", "coalesce"),
        ("SELECT group_concat(a) FROM b", "group_concat", "string_agg"),
        ("SELECT random()", "random", "parameter"),
        ("SELECT strftime('%s')", "strftime", "milliseconds"),
        ("SELECT CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP", "parameter"),
        ("SELECT load_extension('x')", "load_extension", "docs/sql.md"),
        ("SELECT length()", "length", "does not take 0"),
        ("SELECT row_number() FROM a", "row_number", "OVER"),
        ("SELECT lower(a) OVER () FROM b", "lower", "not over a window"),
        ("SELECT sum(a) OVER w FROM b", "w", "OVER (…)"),
        ("SELECT 1 FROM a WINDOW w AS ()", "WINDOW", "OVER (…)"),
        ("SELECT sum(max(a)) FROM b", "sum", "subquery"),
        ("SELECT max(sum(a) OVER ()) FROM b", "max", "subquery"),
        ("SELECT a FROM b WHERE count(*) > 1", "count", "HAVING"),
        ("SELECT a FROM b WHERE rank() OVER (ORDER BY c) = 1", "rank", "subquery"),
        ("UPDATE a SET b = rank() OVER (ORDER BY c)", "", "subquery"),
        ("DELETE FROM a RETURNING rank() OVER (ORDER BY c)", "", "subquery"),
        ("SELECT count(DISTINCT a, b) FROM c", ")", "one argument"),
        ("SELECT CAST(a AS INTEGER) FROM b", "INTEGER", "BIGINT"),
        ("SELECT CAST(a AS BLOB) FROM b", "BLOB", "BIGINT"),
    ]);
}

#[test]
fn clauses_of_one_engine_are_refused() {
    refused(&[
        ("SELECT a FROM b LIMIT 1, 2", ", 2", "OFFSET"),
        ("SELECT a FROM b OFFSET 2", "OFFSET", "LIMIT … OFFSET"),
        ("SELECT a FROM b FETCH FIRST 1 ROW ONLY", "FETCH", "LIMIT"),
        ("SELECT a FROM b FOR UPDATE", "FOR", "leave FOR UPDATE out"),
        ("SELECT a FROM b INDEXED BY c", "INDEXED", "leave it out"),
        ("SELECT a FROM b NOT INDEXED", "NOT", "leave it out"),
        ("DELETE FROM b INDEXED BY c", "INDEXED", "leave it out"),
        ("SELECT a FROM b, c", ", c", "CROSS JOIN"),
        ("SELECT a FROM b NATURAL JOIN c", "NATURAL", "JOIN"),
        ("SELECT a FROM b RIGHT JOIN c ON b.a = c.a", "RIGHT", "LEFT JOIN"),
        ("SELECT a FROM b JOIN c", "", "CROSS JOIN"),
        ("SELECT a FROM (SELECT 1 AS a)", "", "a name for the subquery"),
        ("SELECT a FROM (SELECT 1) AS b (a)", "(a)", "inside the subquery"),
        ("SELECT a b FROM c", "b", "AS"),
        ("SELECT DISTINCT ON (a) b FROM c", "ON", "GROUP BY"),
        ("SELECT 1 INTERSECT ALL SELECT 2", "ALL", "INTERSECT"),
        ("SELECT 1 UNION SELECT 2 INTERSECT SELECT 3", "INTERSECT", "subquery"),
        ("WITH a AS (SELECT 1 UNION SELECT n FROM a) SELECT n FROM a", "a)", "WITH RECURSIVE"),
        ("DELETE FROM a USING b WHERE a.c = b.c", "USING", "WHERE … IN"),
        ("DELETE FROM a ORDER BY b LIMIT 1", "ORDER", "WHERE … IN"),
        ("UPDATE a SET b = 1 LIMIT 1", "LIMIT", "WHERE … IN"),
        ("UPDATE a SET a.b = 1", ".b", "leave its name out"),
        ("UPDATE a SET b = max(c)", "", "subquery"),
        ("INSERT INTO a (b) VALUES (DEFAULT)", "DEFAULT", "leave the column out"),
        ("INSERT INTO a (b) SELECT c FROM d ON CONFLICT DO NOTHING", "ON", "WHERE TRUE"),
        (
            "INSERT INTO a (b) SELECT 1 UNION SELECT c FROM d ON CONFLICT DO NOTHING",
            "ON",
            "WHERE TRUE",
        ),
        ("INSERT INTO a (b) VALUES (1) ON CONFLICT DO UPDATE SET b = 2", "UPDATE", "has columns"),
        (
            "INSERT INTO a (b) VALUES (1) ON CONFLICT ON CONSTRAINT c DO NOTHING",
            "ON CON",
            "name the",
        ),
        (
            "INSERT INTO a (b) VALUES (1) ON CONFLICT (b) DO UPDATE SET b = b + 1",
            "b + 1",
            "table.b",
        ),
        (
            "INSERT INTO a (b) VALUES (1) ON CONFLICT (b) DO NOTHING ON CONFLICT (c) DO NOTHING",
            "ON CONFLICT (c)",
            "one ON CONFLICT",
        ),
        ("DELETE FROM a RETURNING a.*", "a.*", "leave the table's name"),
        ("UPDATE a SET b = 1 RETURNING count(*)", "", "subquery"),
    ]);
}

#[test]
fn the_place_of_a_refusal_counts_lines_and_characters() {
    refused(&[("SELECT 'ü',\n  'ö' == a", "== a", "write =")]);
    let refusal = quoin_core::sql::check_statement("SELECT 'ü',\n  'ö' == a").unwrap_err();
    assert_eq!((refusal.line, refusal.column), (2, 7));
    assert!(refusal.to_string().starts_with("line 2, column 7: "), "{refusal}");
}
