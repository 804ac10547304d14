//! Which SQL is shared: what is accepted, what is refused and with what advice, and that no text does
//! harm.

mod accepted;
mod documented;
mod edges;
mod grouped;
mod harmless;
mod migrations;
mod refused;
mod sorted;

use quoin_core::sql::{check_migration, check_statement};

/// That each statement is accepted.
#[track_caller]
fn accepted(statements: &[&str]) {
    for sql in statements {
        if let Err(refusal) = check_statement(sql) {
            panic!("{sql}\n{refusal}");
        }
    }
}

/// That each statement is refused at the place that starts with the second text, with a message that
/// has the third.
#[track_caller]
fn refused(statements: &[(&str, &str, &str)]) {
    for (sql, place, advice) in statements {
        let Err(refusal) = check_statement(sql) else { panic!("accepted: {sql}") };
        assert!(refusal.message.contains(advice), "{sql}\n{refusal}\nlacks {advice:?}");
        assert_at(sql, refusal.line, refusal.column, place);
    }
}

/// The same for migrations.
#[track_caller]
fn refused_migrations(migrations: &[(&str, &str, &str)]) {
    for (sql, place, advice) in migrations {
        let Err(refusal) = check_migration(sql) else { panic!("accepted: {sql}") };
        assert!(refusal.message.contains(advice), "{sql}\n{refusal}\nlacks {advice:?}");
        assert_at(sql, refusal.line, refusal.column, place);
    }
}

#[track_caller]
fn assert_at(sql: &str, line: usize, column: usize, place: &str) {
    let rest: String = sql.lines().nth(line - 1).unwrap_or("").chars().skip(column - 1).collect();
    assert!(rest.starts_with(place), "{sql}\nline {line}, column {column} is {rest:?}");
    assert!(!place.is_empty() || rest.is_empty(), "{sql}: expected the end, found {rest:?}");
}
