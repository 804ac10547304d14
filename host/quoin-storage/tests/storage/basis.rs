//! What a reading transaction read holds until somebody commits a change of one of those tables.

use quoin_storage::{Basis, Error};

use super::{MINUTE, Shelf, Tx, lose, migration, note, steps, write};

/// Reads with this statement of the plugin `widget`.
async fn read(shelf: &Shelf, sql: &str) -> Basis {
    read_as(shelf, "widget", sql).await
}

async fn read_as(shelf: &Shelf, plugin: &str, sql: &str) -> Basis {
    let mut tx = shelf.read_as(plugin).await;
    tx.query(sql, &[]).unwrap();
    tx.inner.basis().unwrap()
}

async fn change(shelf: &Shelf, sql: &str) {
    let mut tx = shelf.write().await;
    tx.execute(sql, &[]).unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn it_holds_until_a_table_is_changed_that_any_part_of_a_statement_names() {
    let shelf = Shelf::with_widgets().await;
    change(&shelf, "INSERT INTO widget (id, name, size) VALUES (1, 'a', 1)").await;
    for sql in [
        "SELECT name FROM widget",
        "SELECT count(*) AS n FROM widget",
        "SELECT 1 AS n WHERE EXISTS (SELECT 1 FROM widget)",
        "WITH w (n) AS (SELECT size FROM widget) SELECT n FROM w",
        "SELECT p.id FROM widget_part p JOIN widget w ON w.id = p.widget",
        "SELECT id FROM widget_part UNION ALL SELECT id FROM widget",
        "SELECT id FROM widget_part WHERE widget IN (SELECT id FROM WIDGET)",
    ] {
        let basis = read(&shelf, sql).await;
        assert!(basis.holds(), "{sql}");
        change(&shelf, "UPDATE widget SET size = size + 1").await;
        assert!(!basis.holds(), "{sql}");
    }
    let basis = read(&shelf, "SELECT id FROM widget_part").await;
    change(&shelf, "UPDATE widget SET size = size + 1").await;
    assert!(basis.holds());
}

#[tokio::test]
async fn a_statement_that_was_compiled_before_tells_its_tables_too() {
    let shelf = Shelf::with_widgets().await;
    let sql = "SELECT name FROM widget ORDER BY id";
    for round in 0..3 {
        // The schema changes, so that all statements are looked at again.
        let table = format!("CREATE TABLE widget_{round} (id BIGINT PRIMARY KEY)");
        let schema = "
            CREATE TABLE widget (id BIGINT PRIMARY KEY, name TEXT NOT NULL UNIQUE, size BIGINT CHECK (size > 0));
            CREATE TABLE widget_part (id BIGINT PRIMARY KEY, widget BIGINT NOT NULL REFERENCES widget ON DELETE CASCADE);";
        let mut all = vec![migration(1, schema)];
        all.extend(
            (0..=round).map(|n| {
                migration(n + 2, &table.replace(&format!("_{round} "), &format!("_{n} ")))
            }),
        );
        shelf.migrate(&all).await.unwrap();
        let basis = read(&shelf, sql).await;
        shelf.insert(&format!("w{round}")).await;
        assert!(!basis.holds());
    }
}

#[tokio::test]
async fn a_change_that_a_foreign_key_makes_counts() {
    let shelf = Shelf::with_widgets().await;
    change(&shelf, "INSERT INTO widget (id, name, size) VALUES (1, 'a', 1)").await;
    change(&shelf, "INSERT INTO widget_part (id, widget) VALUES (7, 1)").await;
    let basis = read(&shelf, "SELECT id FROM widget_part").await;
    change(&shelf, "DELETE FROM widget WHERE id = 1").await;
    assert!(!basis.holds());
}

#[tokio::test]
async fn what_is_not_committed_changes_nothing() {
    let shelf = Shelf::with_widgets().await;
    let basis = read(&shelf, "SELECT id FROM widget").await;
    let mut tx = shelf.write().await;
    super::insert(&mut tx, "a").unwrap();
    assert!(basis.holds());
    drop(tx);
    let mut tx = shelf.write().await;
    super::insert(&mut tx, "a").unwrap();
    tx.inner.undo().await.unwrap();
    // Another transaction commits, which did not write this.
    change(&shelf, "DELETE FROM widget_part").await;
    assert!(basis.holds());
}

#[tokio::test]
async fn a_transaction_that_was_lost_changes_nothing_and_the_next_one_does() {
    let shelf = Shelf::with_plugins(&["widget", "other"]).await;
    let basis = read_as(&shelf, "widget", "SELECT id FROM widget").await;
    let mut tx = shelf.write().await;
    note(&mut tx, "a").unwrap();
    lose(&mut tx);
    assert!(tx.commit().await.is_err());
    assert!(basis.holds());
    let mut tx = shelf.write_as("other").await;
    note(&mut tx, "b").unwrap();
    note(tx.at("widget", 1), "c").unwrap();
    tx.end_call(1, true);
    tx.commit().await.unwrap();
    assert!(!basis.holds());
}

#[tokio::test]
async fn requests_that_share_a_commit_change_what_each_of_them_wrote() {
    let shelf = Shelf::with_plugins(&["one", "two"]).await;
    for _ in 0..8 {
        let mut tx = write(&shelf.database, "two", "change", false).await.unwrap();
        note(&mut tx, "x").unwrap();
        tx.commit().await.unwrap();
    }
    let one = read_as(&shelf, "one", "SELECT id FROM one").await;
    let two = read_as(&shelf, "two", "SELECT id FROM two").await;
    let mut first = shelf.write_as("one").await;
    note(&mut first, "a").unwrap();
    let database = shelf.database.clone();
    let second = tokio::spawn(async move {
        let mut second: Tx = write(&database, "two", "change", false).await?;
        note(&mut second, "b").unwrap();
        second.commit().await
    });
    tokio::task::yield_now().await;
    first.commit().await.unwrap();
    second.await.unwrap().unwrap();
    assert!(!one.holds() && !two.holds());
}

#[tokio::test]
async fn a_migration_may_change_any_table() -> Result<(), Error> {
    let shelf = Shelf::with_widgets().await;
    let basis = read(&shelf, "SELECT id FROM widget").await;
    let other = [("other", vec![migration(1, "CREATE TABLE other (id BIGINT PRIMARY KEY)")])];
    let migrated = shelf.database.migrate(&steps(&other), MINUTE).await?;
    assert!(basis.holds());
    migrated.commit().await?;
    assert!(!basis.holds());
    Ok(())
}

#[tokio::test]
async fn a_transaction_that_may_write_has_none() {
    let shelf = Shelf::with_widgets().await;
    assert!(shelf.write().await.inner.basis().is_none());
}
