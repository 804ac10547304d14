//! `docs/sql.md` says what is true.

use std::path::Path;

use quoin_core::limits::{
    MIGRATION_BYTES_MAX, SQL_BYTES_MAX, SQL_PARAMS_MAX, SQL_RESULT_BYTES_MAX, SQL_ROWS_MAX,
};
use quoin_core::sql::{check_migration, check_statement, functions};

fn page() -> String {
    // Cargo runs tests in the folder of their package.
    let path = Path::new("../../docs/sql.md");
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The blocks of code that are marked so.
fn blocks(page: &str, mark: &str) -> Vec<String> {
    let fence = format!("\n```{mark}\n");
    let blocks = page.split(&fence).skip(1);
    blocks.map(|rest| rest.split("\n```").next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn every_statement_of_the_page_is_accepted() {
    let blocks = blocks(&page(), "sql");
    assert!(blocks.len() >= 5, "{} blocks", blocks.len());
    for statement in blocks.iter().flat_map(|block| block.split("\n\n")) {
        let refusal = check_statement(statement).err().map(|refusal| refusal.to_string());
        assert_eq!(refusal, None, "{statement}");
    }
}

#[test]
fn every_migration_of_the_page_is_accepted() {
    let blocks = blocks(&page(), "sql migration");
    assert!(blocks.len() >= 2, "{} blocks", blocks.len());
    for migration in blocks {
        let refusal = check_migration(&migration).err().map(|refusal| refusal.to_string());
        assert_eq!(refusal, None, "{migration}");
    }
}

#[test]
fn every_line_that_the_page_calls_refused_is_refused() {
    let page = page();
    let (statements, migrations) =
        (blocks(&page, "sql refused"), blocks(&page, "sql migration refused"));
    let lines = |blocks: &[String]| -> Vec<String> {
        blocks.iter().flat_map(|block| block.lines().map(str::to_owned)).collect()
    };
    assert!(lines(&statements).len() > 20 && lines(&migrations).len() > 10);
    for line in lines(&statements) {
        assert!(check_statement(&line).is_err(), "{line}");
        assert!(line.contains("; -- "), "{line} has no advice");
    }
    for line in lines(&migrations) {
        assert!(check_migration(&line).is_err(), "{line}");
        assert!(line.contains("; -- "), "{line} has no advice");
    }
}

#[test]
fn the_page_lists_the_functions_that_there_are() {
    let listed = blocks(&page(), "text functions").join(" ");
    let mut listed: Vec<_> = listed.split_whitespace().collect();
    listed.sort_unstable();
    assert_eq!(listed, functions().collect::<Vec<_>>());
}

#[test]
fn the_page_states_the_limits_that_there_are() {
    let page = page();
    for (name, limit) in [
        ("bytes of a statement", format!("{} KiB", SQL_BYTES_MAX >> 10)),
        ("parameters of a statement", format!("{SQL_PARAMS_MAX}")),
        ("rows of a result", format!("{SQL_ROWS_MAX}")),
        ("bytes of a result", format!("{} MiB", SQL_RESULT_BYTES_MAX >> 20)),
        ("bytes of a migration", format!("{} KiB", MIGRATION_BYTES_MAX >> 10)),
    ] {
        assert!(page.contains(&format!("| {name} | {limit} |")), "{name}: {limit}");
    }
}
