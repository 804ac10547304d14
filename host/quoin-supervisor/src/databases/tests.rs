use tempfile::TempDir;

use super::*;

struct Room {
    data: TempDir,
    databases: Databases,
}

fn room() -> Room {
    Room { data: tempfile::tempdir().unwrap(), databases: Databases::new(Clock::system()) }
}

impl Room {
    fn open(
        &self,
        known: &[&str],
        created: Option<&mut Created>,
    ) -> Result<Option<Arc<Database>>, Error> {
        let known = known.iter().map(|name| name.parse().unwrap()).collect();
        self.databases.open(self.data.path(), &"shop".parse().unwrap(), &known, created)
    }

    /// Makes the database, which stays.
    fn made(&self) -> Arc<Database> {
        let mut created = Created::default();
        let database = self.open(&[], Some(&mut created)).unwrap().unwrap();
        created.keep();
        database
    }

    /// The files in the shop's folder; none if it is not there.
    fn files(&self) -> Option<Vec<String>> {
        let folder = std::fs::read_dir(self.data.path().join("tenants/shop")).ok()?;
        let name = |entry: std::io::Result<std::fs::DirEntry>| {
            entry.unwrap().file_name().into_string().unwrap()
        };
        Some(folder.map(name).collect())
    }
}

#[test]
fn a_file_is_open_once_however_many_use_it() {
    let room = room();
    let first = room.made();
    let second = room.open(&[], None).unwrap().unwrap();
    assert!(Arc::ptr_eq(&first, &second));
    let known = room.open(&["p"], Some(&mut Created::default())).unwrap().unwrap();
    assert!(Arc::ptr_eq(&first, &known));
    drop((first, second, known));
    assert!(room.open(&[], None).unwrap().is_some(), "it is opened again");
}

#[test]
fn a_file_that_is_slow_to_open_keeps_nobody_from_another_one() {
    let room = room();
    let file = room.databases.file(&data::database(room.data.path(), &"slow".parse().unwrap()));
    let _slow = lock(&file);
    assert!(room.made().path().exists());
}

#[test]
fn a_database_that_there_is_not_is_made_only_for_a_change() {
    let room = room();
    assert!(room.open(&[], None).unwrap().is_none());
    assert_eq!(room.files(), None);
    drop(room.made());
    assert_eq!(room.files().unwrap(), ["shop.db"]);
}

#[test]
fn a_change_that_fails_takes_away_what_it_made_and_nothing_else() {
    let room = room();
    let mut created = Created::default();
    let database = room.open(&[], Some(&mut created)).unwrap();
    assert!(database.is_some());
    drop(database);
    drop(created);
    assert_eq!(room.files(), None);
    // Somebody else's file stays, and so does the folder.
    let mut created = Created::default();
    drop(room.open(&[], Some(&mut created)).unwrap());
    std::fs::write(room.data.path().join("tenants/shop/note"), "x").unwrap();
    drop(created);
    assert_eq!(room.files().unwrap(), ["note"]);
    // A database that was there before is not the change's.
    drop(room.made());
    let mut created = Created::default();
    drop(room.open(&[], Some(&mut created)).unwrap());
    drop(created);
    assert!(room.files().unwrap().contains(&"shop.db".to_owned()));
}

#[test]
fn a_database_with_data_that_is_missing_is_not_made_anew_by_itself() {
    let room = room();
    let mut created = Created::default();
    let missing = room.open(&["one", "two"], Some(&mut created)).err().unwrap();
    assert_eq!((missing.code(), missing.status()), ("database-missing", 500));
    let told = missing.to_string();
    assert!(told.contains("tenants/shop/shop.db, with the data of one, two"), "{told}");
    drop(created);
    assert_eq!(room.files(), None);
    // The operator's empty file is one to start with.
    std::fs::create_dir_all(room.data.path().join("tenants/shop")).unwrap();
    std::fs::write(room.data.path().join("tenants/shop/shop.db"), "").unwrap();
    assert!(room.open(&["one"], None).unwrap().is_some());
}

#[test]
fn a_file_that_is_taken_away_while_it_is_used_is_not_made_anew_before_its_last_user_has_gone() {
    let room = room();
    let used = room.made();
    std::fs::remove_file(used.path()).unwrap();
    for created in [None, Some(&mut Created::default())] {
        let taken = room.open(&[], created).err().unwrap();
        assert!(matches!(&taken, Error::Taken(path) if path == used.path()), "{taken}");
        assert_eq!(taken.code(), "database-missing");
    }
    drop(used);
    assert!(room.open(&[], None).unwrap().is_none());
    drop(room.made());
}

#[test]
fn a_file_that_is_no_database_is_left_as_it_is() {
    let room = room();
    let path = room.data.path().join("tenants/shop/shop.db");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let text = "this is a letter and no database".repeat(200);
    std::fs::write(&path, &text).unwrap();
    let mut created = Created::default();
    let refused = room.open(&[], Some(&mut created)).err().unwrap();
    assert!(matches!(refused, Error::Database(quoin_storage::Error::Corrupt { .. })), "{refused}");
    drop(created);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn the_migrations_that_a_database_lacks_are_the_last_ones() {
    let migration =
        |number: u32| Migration { number, name: format!("000{number}.sql"), sql: String::new() };
    let all: Vec<_> = (1..=3).map(migration).collect();
    assert_eq!(last(&all, 2), ["0002.sql", "0003.sql"]);
    assert!(last(&all, 0).is_empty());
    assert_eq!(last(&all, 9).len(), 3);
}
