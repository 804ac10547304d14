use quoin_core::Description;
use quoin_core::limits::MIGRATION_BYTES_MAX;
use quoin_registry::BundleError as E;
use quoin_registry::{describe, pack};

use crate::given::{assert_fault, manifest, shed, shed_with};

const SQL: (&str, &str) = ("quoin:host/sql@0.1.0", r#"(export "run" (func))"#);

fn with_migrations(names: &[&str]) -> Result<Description, E> {
    let manifest = manifest("host = [\"log\"]", "host = [\"log\", \"sql\"]");
    let migrations: Vec<_> = names.iter().map(|n| (n.to_string(), format!("-- {n}"))).collect();
    describe(&pack(&shed_with(&[SQL], &[]), &manifest, &migrations)?)
}

#[test]
fn migrations_come_back_in_order() {
    let shuffled = ["0002_add_note.sql", "0001_create_thing.sql", "0003_x.sql"];
    let description = with_migrations(&shuffled).unwrap();
    let names: Vec<_> = description.migrations.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ["0001_create_thing.sql", "0002_add_note.sql", "0003_x.sql"]);
    assert_eq!(description.migrations[1].number, 2);
    assert_eq!(description.migrations[1].sql, "-- 0002_add_note.sql");
}

#[test]
fn a_gap_is_refused() {
    let fault = with_migrations(&["0001_a.sql", "0003_c.sql"]).unwrap_err();
    assert_fault!(fault, E::MigrationNumber { .. }, "0003_c.sql", "number 2");
    let fault = with_migrations(&["0000_a.sql"]).unwrap_err();
    assert_fault!(fault, E::MigrationNumber { .. }, "number 1");
}

#[test]
fn a_number_that_occurs_twice_is_refused() {
    let fault = with_migrations(&["0001_a.sql", "0001_b.sql"]).unwrap_err();
    assert_fault!(fault, E::MigrationNumber { .. }, "0001_b.sql");
    let fault = with_migrations(&["0001_a.sql", "0001_a.sql"]).unwrap_err();
    assert_fault!(fault, E::MigrationNumber { .. }, "0001_a.sql");
}

#[test]
fn a_name_that_breaks_the_rule_is_refused() {
    for name in [
        "1_a.sql",
        "0001-a.sql",
        "0001_a",
        "0001_.sql",
        "0001_A.sql",
        "0001_../a.sql",
        "+001_a.sql",
    ] {
        assert_fault!(
            with_migrations(&[name]).unwrap_err(),
            E::MigrationName(_),
            "0001_create_thing.sql"
        );
    }
}

#[test]
fn sql_that_one_engine_alone_understands_is_refused_with_its_place() {
    let manifest = manifest("host = [\"log\"]", "host = [\"log\", \"sql\"]");
    let sql =
        "CREATE TABLE thing (id TEXT PRIMARY KEY);\n\nINSERT OR IGNORE INTO thing VALUES ('a');";
    let migrations = [("0001_a.sql".into(), String::new()), ("0002_b.sql".into(), sql.into())];
    let fault = pack(&shed_with(&[SQL], &[]), &manifest, &migrations).unwrap_err();
    assert_fault!(
        fault,
        E::MigrationSql { .. },
        "0002_b.sql",
        "line 3, column 8",
        "ON CONFLICT DO NOTHING"
    );
}

#[test]
fn too_long_a_migration_is_refused() {
    let manifest = manifest("host = [\"log\"]", "host = [\"log\", \"sql\"]");
    let long = [("0001_a.sql".into(), " ".repeat(MIGRATION_BYTES_MAX + 1))];
    let fault = pack(&shed_with(&[SQL], &[]), &manifest, &long).unwrap_err();
    assert_fault!(fault, E::MigrationTooLarge(_), "0001_a.sql", "split");
}

#[test]
fn too_many_migrations_are_refused() {
    let names: Vec<_> = (1..=501).map(|n| format!("{n:04}_a.sql")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    assert_fault!(with_migrations(&names).unwrap_err(), E::TooManyMigrations(501), "501");
}

#[test]
fn migrations_without_sql_are_refused() {
    let migrations = [("0001_a.sql".into(), "-- nothing".into())];
    let fault = pack(&shed(), crate::given::MANIFEST, &migrations).unwrap_err();
    assert_fault!(fault, E::MigrationsWithoutSql, "\"sql\"");
}
