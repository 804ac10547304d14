//! What each room may name: libraries, and other rooms.

use std::collections::{BTreeMap, BTreeSet};

use quoin_harness::repository;

use super::sources::{files, read};

/// A library, and the one room of the host that may name it.
const DOORS: &[(&str, &str)] = &[
    ("wasmtime", "quoin-runtime"),
    ("wasmtime-wasi", "quoin-runtime"),
    ("hyper", "quoin-gateway"),
    ("hyper-util", "quoin-gateway"),
    ("rusqlite", "quoin-storage"),
];

/// The dependencies of each room, tests' own left out.
fn rooms() -> BTreeMap<String, BTreeSet<String>> {
    let mut rooms = BTreeMap::new();
    for folder in repository().join("host").read_dir().expect("host").flatten() {
        let manifest = folder.path().join("Cargo.toml");
        if !manifest.is_file() {
            continue;
        }
        let (mut depends, mut section) = (BTreeSet::new(), String::new());
        for line in read(&manifest).lines() {
            let line = line.trim();
            if let Some(name) = line.strip_prefix('[') {
                section = name.trim_end_matches(']').into();
            } else if section == "dependencies"
                && let Some((name, _)) = line.split_once(['=', '.'])
                && !line.starts_with('#')
            {
                depends.insert(name.trim().to_owned());
            }
        }
        rooms.insert(folder.file_name().to_string_lossy().into_owned(), depends);
    }
    rooms
}

#[test]
fn each_world_has_one_door() {
    let rooms = rooms();
    for (library, door) in DOORS {
        let named: Vec<_> = rooms
            .iter()
            .filter(|(_, depends)| depends.contains(*library))
            .map(|(r, _)| r)
            .collect();
        assert_eq!(named, [door], "{library}");
        let word = format!("{}::", library.replace('-', "_"));
        for path in files(&repository().join("host"), &["rs"]) {
            let inside = path.components().any(|c| c.as_os_str() == *door);
            let code = read(&path);
            let code = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            let names = |line: &str| {
                line.match_indices(&word)
                    .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
            };
            assert!(inside || !code.into_iter().any(names), "{} names {library}", path.display());
        }
    }
}

#[test]
fn rooms_depend_on_rooms_below_them() {
    const FLOORS: &[&[&str]] = &[
        &["quoin-core"],
        &["quoin-storage", "quoin-registry"],
        &["quoin-runtime"],
        &["quoin-supervisor"],
        &["quoin-gateway"],
        &["quoin-console"],
        &["quoin"],
    ];
    let floor = |room: &str| FLOORS.iter().position(|rooms| rooms.contains(&room));
    for (room, depends) in rooms() {
        let own = floor(&room).unwrap_or_else(|| panic!("{room} has no floor"));
        for other in depends {
            if let Some(other_floor) = floor(&other) {
                assert!(other_floor < own, "{room} depends on {other}, which is not below it");
            }
        }
    }
}
