//! What each room may name: libraries, and other rooms.

use std::collections::{BTreeMap, BTreeSet};

use quoin_harness::repository;

use super::sources::{files, read};

/// A library, and the rooms of the host that may name it.
const DOORS: &[(&str, &[&str])] = &[
    ("wasmtime", &["quoin-runtime"]),
    ("wasmtime-wasi", &["quoin-runtime"]),
    ("hyper", &["quoin-egress", "quoin-gateway"]),
    ("hyper-util", &["quoin-egress", "quoin-gateway"]),
    ("tokio-rustls", &["quoin-egress"]),
    ("rustls-native-certs", &["quoin-egress"]),
    ("lettre", &["quoin-egress"]),
    ("ring", &["quoin-egress"]),
    ("rusqlite", &["quoin-storage"]),
];

/// The two halves of a library, and the one room that each is for.
const HALVES: &[(&str, &str)] =
    &[("hyper::server", "quoin-gateway"), ("hyper::client", "quoin-egress")];

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
        assert_eq!(named, *door, "{library}");
        let word = format!("{}::", library.replace('-', "_"));
        for path in files(&repository().join("host"), &["rs"]) {
            let inside = path.components().any(|c| door.iter().any(|door| c.as_os_str() == *door));
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
fn the_http_server_and_the_http_client_have_a_room_each() {
    for (half, door) in HALVES {
        let host = repository().join("host");
        let files = files(&host, &["rs"]);
        let named = files.iter().filter(|path| read(path).contains(half));
        let room = |path: &std::path::PathBuf| {
            let inside = path.strip_prefix(&host).expect("inside");
            inside.iter().next().expect("a room").to_string_lossy().into_owned()
        };
        let rooms: BTreeSet<_> = named.map(room).collect();
        assert_eq!(rooms, BTreeSet::from([(*door).to_owned()]), "{half}");
    }
}

#[test]
fn rooms_depend_on_rooms_below_them() {
    const FLOORS: &[&[&str]] = &[
        &["quoin-core"],
        &["quoin-egress", "quoin-storage", "quoin-registry"],
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
