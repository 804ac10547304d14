use crate::accepted;

#[test]
fn queries_with_joins_subqueries_and_set_operations_are_accepted() {
    accepted(&[
        "SELECT 1",
        "select A.id, b.title as Title from thing as a join note b on b.thing = a.id;",
        "SELECT * FROM thing",
        "SELECT a.*, b.size FROM thing AS a LEFT JOIN note AS b ON b.thing = a.id AND b.size > 3",
        "SELECT a FROM thing INNER JOIN note USING (id, kind) CROSS JOIN place",
        "SELECT a FROM thing LEFT OUTER JOIN note USING (id)",
        "SELECT DISTINCT kind FROM thing WHERE id IN (SELECT thing FROM note WHERE size = ?1)",
        "SELECT (SELECT max(size) FROM note WHERE note.thing = thing.id) AS size FROM thing",
        "SELECT id FROM thing WHERE (a, b) IN (VALUES (?1, ?2), (?3, ?4))",
        "SELECT id FROM thing WHERE (title, id) > (?1, ?2) LIMIT ?3 OFFSET ?4",
        "SELECT id FROM thing WHERE NOT EXISTS (SELECT 1 FROM note WHERE thing = thing.id)",
        "SELECT id FROM thing UNION SELECT id FROM note UNION ALL SELECT id FROM place",
        "SELECT id FROM thing EXCEPT SELECT id FROM note ORDER BY id NULLS FIRST LIMIT 5",
        "SELECT id FROM thing INTERSECT SELECT id FROM note",
        "WITH wanted (id, size) AS (VALUES (?1, ?2)) SELECT size FROM wanted JOIN thing USING (id)",
        "WITH RECURSIVE below (id) AS (SELECT id FROM kind WHERE id = ?1 UNION \
         SELECT kind.id FROM below JOIN kind ON kind.parent = below.id) SELECT id FROM below",
        "WITH a AS MATERIALIZED (SELECT 1 AS n), b AS NOT MATERIALIZED (SELECT n FROM a) \
         SELECT n FROM b",
        "SELECT n FROM (SELECT 1 AS n) AS one",
        "VALUES (1, 'a'), (2, 'b')",
        "SELECT ((SELECT 1))",
    ]);
}

#[test]
fn values_and_conditions_are_accepted_where_they_belong() {
    accepted(&[
        "SELECT -a + 2 * (b - 1) / 3 % 4, 'it''s' || title || ?1, NULL, 1.5, 2e3 FROM thing",
        "SELECT id FROM thing WHERE a = 1 AND NOT b <> 2 OR (c >= 3 AND c != 4) AND TRUE",
        "SELECT id FROM thing WHERE a IS NULL AND b IS NOT NULL AND c IS NOT DISTINCT FROM ?1",
        "SELECT id FROM thing WHERE a BETWEEN 1 AND 2 AND b NOT BETWEEN ?1 AND ?2 + 1",
        "SELECT id FROM thing WHERE a NOT IN (1, 2) AND b LIKE 'x%' AND c NOT LIKE ?1 ESCAPE '\\'",
        "SELECT CASE WHEN a = 1 THEN 'one' WHEN a > 1 THEN 'more' END, CASE a WHEN 1 THEN 2 ELSE 3 \
         END FROM thing",
        "SELECT CAST(a AS TEXT), CAST(?1 AS BIGINT), CAST(b AS DOUBLE PRECISION) FROM thing",
        "SELECT coalesce(a, b, 0), nullif(a, ''), lower(trim(title)), substr(title, 1, 3) FROM thing",
        "SELECT id -- a comment\nFROM /* another; one */ thing WHERE a = '; -- text'",
    ]);
}

#[test]
fn aggregates_and_windows_are_accepted() {
    accepted(&[
        "SELECT count(*), count(DISTINCT kind), CAST(sum(size) AS BIGINT), max(size) FROM note",
        "SELECT kind, string_agg(title, ',' ORDER BY title) FROM note GROUP BY kind",
        "SELECT count(*) FILTER (WHERE size > 3) FROM note HAVING count(*) > 1",
        "SELECT row_number() OVER (PARTITION BY kind ORDER BY size DESC NULLS LAST, id) FROM note",
        "SELECT sum(size) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW), \
         lag(size, 1, 0) OVER (ORDER BY id ROWS 2 PRECEDING) FROM note",
    ]);
}

#[test]
fn writing_statements_are_accepted() {
    accepted(&[
        "INSERT INTO thing (id, title) VALUES (?1, ?2), (?3, 'x') RETURNING id, title AS t",
        "INSERT INTO thing DEFAULT VALUES RETURNING *",
        "INSERT INTO thing (id) SELECT id FROM note WHERE size > 1 ON CONFLICT DO NOTHING",
        "INSERT INTO thing (id) SELECT id FROM note WHERE TRUE ON CONFLICT (id) DO NOTHING",
        "INSERT INTO thing (id) WITH a AS (SELECT 1 AS n) SELECT n FROM a",
        "INSERT INTO thing AS t (id, n) VALUES (?1, 1) ON CONFLICT (id) WHERE n > 0 \
         DO UPDATE SET n = t.n + excluded.n, (a, b) = (1, 2) WHERE t.n < 9",
        "UPDATE thing SET title = ?2, n = n + 1 WHERE id = ?1 AND n = ?3 RETURNING n",
        "UPDATE thing AS t SET (a, b) = (SELECT 1, 2) WHERE t.id = ?1",
        "UPDATE thing SET n = thing.n - a.n FROM note AS a JOIN place AS p ON p.id = a.place \
         WHERE a.thing = thing.id",
        "WITH gone AS (SELECT id FROM thing WHERE n = 0 LIMIT ?1) DELETE FROM thing WHERE id IN \
         (SELECT id FROM gone)",
        "DELETE FROM thing AS t WHERE t.id = ?1 RETURNING id",
        "DELETE FROM thing",
    ]);
}

#[test]
fn every_function_of_the_list_can_be_called() {
    for function in quoin_core::sql::functions() {
        let calls: Vec<String> = ["", "a", "a, a", "a, a, a"]
            .iter()
            .flat_map(|args| {
                ["", " OVER (ORDER BY a)"]
                    .map(|over| format!("SELECT {function}({args}){over} FROM thing"))
            })
            .collect();
        let can = calls.iter().any(|sql| quoin_core::sql::check_statement(sql).is_ok());
        assert!(can, "{function}");
    }
}
