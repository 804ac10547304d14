use crate::{accepted, refused};

#[test]
fn what_is_grouped_by_and_aggregates_may_be_shown() {
    accepted(&[
        "SELECT kind, count(*) FROM a GROUP BY kind HAVING kind <> ?1 AND max(n) > 2 ORDER BY kind",
        "SELECT x.kind, kind, sum(n) + 1 FROM a AS x GROUP BY x.kind",
        "SELECT lower(title), count(*) FROM a GROUP BY lower(title)",
        "SELECT lower(title) AS t FROM a GROUP BY t",
        "SELECT kind || title, count(*) FROM a GROUP BY 1",
        "SELECT kind || title FROM a GROUP BY kind, title",
        "SELECT kind, count(*) AS n FROM a GROUP BY kind ORDER BY n DESC NULLS LAST",
        "SELECT 1, ?1, max(n) FROM a",
        "SELECT kind, (SELECT max(b.n) FROM b WHERE b.kind = a.kind) FROM a GROUP BY kind",
        "SELECT kind, rank() OVER (ORDER BY sum(n) DESC NULLS LAST) FROM a GROUP BY kind",
        "SELECT n, sum(n) OVER (PARTITION BY kind) FROM a",
    ]);
}

#[test]
fn a_bare_column_beside_an_aggregate_is_refused() {
    refused(&[
        ("SELECT kind, max(n) FROM a", "kind", "add it to GROUP BY"),
        ("SELECT kind, title FROM a GROUP BY kind", "title", "min(title)"),
        ("SELECT x.n, count(*) FROM a AS x GROUP BY y.n", "x.n", "GROUP BY"),
        ("SELECT * FROM a GROUP BY kind", "*", "in place of *"),
        ("SELECT kind FROM a GROUP BY kind HAVING n > 1", "n > 1", "GROUP BY"),
        ("SELECT kind FROM a GROUP BY kind ORDER BY n NULLS LAST", "n NULLS", "GROUP BY"),
        ("SELECT n FROM a ORDER BY count(*) NULLS LAST", "count", "GROUP BY"),
        ("SELECT kind + n FROM a GROUP BY kind", "n FROM", "GROUP BY"),
        ("SELECT kind FROM a GROUP BY kind, max(n)", "max", "by an aggregate"),
        ("SELECT 1 FROM a GROUP BY 'x'", "'x'", "group by a column"),
        ("SELECT 1 UNION SELECT n + max(m) FROM a", "n + max", "GROUP BY"),
        ("SELECT n + max(m) FROM a UNION SELECT 1", "n + max", "GROUP BY"),
        ("SELECT (SELECT n + max(m) FROM b) FROM a", "n + max", "GROUP BY"),
        ("SELECT title, sum(n) OVER (), max(n) FROM a GROUP BY title", "n) OVER", "GROUP BY"),
    ]);
}
