//! What SQLite says about how it would run a statement.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::Connection;

/// Tables that do not grow with the shop, with what bounds them.
const SMALL: [(&str, &str); 10] = [
    ("catalog_category", "2,000 categories, all of which are shown together"),
    ("pricing_price_list", "200 lists, all of which are looked at for a quote"),
    ("inventory_location", "50 locations"),
    ("notify_template", "100 templates"),
    ("webhooks_endpoint", "50 endpoints"),
    ("webhooks_kept", "one row"),
    ("catalog_import", "the last 20, and those that go on"),
    ("pricing_import", "the last 20, and those that go on"),
    ("inventory_import", "the last 20, and those that go on"),
    ("order_counter", "a row for each counter of the plugin"),
];
/// What looks like a scan and is none: the table, how the statement begins, and why.
const NONE: [(&str, &str, &str); 1] = [(
    "inventory_allocated",
    "INSERT INTO inventory_level",
    "looked for rows that lack this one only while some do, which the statements before do not leave",
)];
/// Rows of a table whose name is not below.
const ROWS: u64 = 1_000_000;
/// Rows that a large shop has.
const LARGE: [(&str, u64); 9] = [
    ("catalog_product", 100_000),
    ("catalog_variant", 136_000),
    ("catalog_category", 1_818),
    ("catalog_product_category", 330_000),
    ("catalog_product_facet", 200_000),
    ("catalog_word", 2_000_000),
    ("pricing_price_list", 3),
    ("inventory_location", 2),
    ("inventory_level", 136_000),
];

/// What is wrong with these statements in this database, as it is or with the statistics of a large one.
pub fn faults(file: &Path, statements: &BTreeSet<String>, large: bool) -> Vec<String> {
    let sqlite = Connection::open(file).expect("a database");
    sqlite.execute_batch("ANALYZE").expect("a table for statistics");
    let sizes = if large { statistics(&sqlite) } else { Vec::new() };
    sqlite.execute_batch("DELETE FROM sqlite_stat1").expect("no statistics");
    for (table, index, sizes) in sizes {
        let row = "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?1, ?2, ?3)";
        sqlite.execute(row, (table, index, sizes)).expect("a row");
    }
    drop(sqlite);
    // Statistics are read when a database is opened.
    let sqlite = Connection::open(file).expect("a database");
    statements.iter().flat_map(|statement| judged(&sqlite, statement)).collect()
}

/// For each index of a large shop: all rows, and how many have the same first columns of its key.
fn statistics(sqlite: &Connection) -> Vec<(String, String, String)> {
    let indexes = "SELECT list.tbl_name, list.name, count(info.cid), max(part.\"unique\")
        FROM sqlite_schema AS list JOIN pragma_index_info(list.name) AS info
        JOIN pragma_index_list(list.tbl_name) AS part ON part.name = list.name
        WHERE list.type = 'index' GROUP BY list.name";
    let mut statement = sqlite.prepare(indexes).expect("a statement");
    let read = |row: &rusqlite::Row<'_>| {
        let (table, index): (String, String) = (row.get(0)?, row.get(1)?);
        let (columns, unique): (u32, bool) = (row.get(2)?, row.get(3)?);
        let rows = LARGE.iter().find(|(name, _)| *name == table).map_or(ROWS, |(_, rows)| *rows);
        // The more columns, the fewer rows have the same, in equal steps.
        let same = |column: u32| {
            let left = f64::from(columns - column) / f64::from(columns);
            let least = if unique { 1.0 } else { 10.0 };
            ((rows as f64).powf(left)).max(least) as u64
        };
        let mut sizes = rows.to_string();
        (1..=columns).for_each(|column| sizes += &format!(" {}", same(column)));
        Ok((table, index, sizes))
    };
    let found = statement.query_map([], read).expect("rows");
    found.collect::<Result<_, _>>().expect("indexes")
}

/// What is wrong with a statement.
pub fn judged(sqlite: &Connection, sql: &str) -> Vec<String> {
    let mut explain = match sqlite.prepare(&format!("EXPLAIN QUERY PLAN {sql}")) {
        Ok(explain) => explain,
        Err(error) => return vec![format!("{error} in {sql}")],
    };
    for parameter in 1..=explain.parameter_count() {
        explain.raw_bind_parameter(parameter, rusqlite::types::Null).expect("a parameter");
    }
    let mut steps = Vec::new();
    let mut rows = explain.raw_query();
    while let Some(row) = rows.next().expect("a plan") {
        steps.push(row.get::<_, String>("detail").expect("a step"));
    }
    let plan = steps.join("; ");
    let scans = steps.iter().filter_map(|step| step.strip_prefix("SCAN ")).filter(|scan| {
        let name = scan.split(' ').next().unwrap_or_default();
        let is_small = |table: &str| SMALL.iter().any(|(small, _)| *small == table);
        let is_none =
            |table: &str| NONE.iter().any(|(of, start, _)| *of == table && sql.starts_with(start));
        table_of(sqlite, sql, name).is_some_and(|table| !is_small(&table) && !is_none(&table))
            && !is_walked(sql, scan, &plan)
    });
    scans.map(|scan| format!("SCAN {scan} of {sql}\n    {plan}")).collect()
}

/// Whether it goes along an index and stops after so many rows as it is to find, which it finds at once.
fn is_walked(sql: &str, scan: &str, plan: &str) -> bool {
    let words = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    let all = !words.contains(" WHERE ") || words.contains("LIMIT 1 OFFSET");
    scan.contains("USING")
        && scan.contains("INDEX")
        && words.contains(" LIMIT ")
        && all
        && !plan.contains("TEMP B-TREE FOR ORDER BY")
}

/// The table that a plan calls so, if it is one and not a part of the statement.
fn table_of(sqlite: &Connection, sql: &str, name: &str) -> Option<String> {
    let words: Vec<&str> =
        sql.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|w| !w.is_empty()).collect();
    let renamed = words.windows(3).find(|w| w[1].eq_ignore_ascii_case("AS") && w[2] == name);
    let names = [renamed.map(|words| words[0]), Some(name)];
    let there = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = ?1";
    let mut tables = names.into_iter().flatten();
    tables.find_map(|name| sqlite.query_row(there, [name], |row| row.get(0)).ok())
}
