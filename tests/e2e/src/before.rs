//! What a host was like before, to show that nothing has changed.

use std::collections::BTreeSet;
use std::path::Path;

use quoin_harness::{Host, Value};

/// All that a refused change must leave as it was.
#[derive(Debug, PartialEq)]
pub struct Before {
    tenants: Vec<Value>,
    databases: BTreeSet<String>,
}

/// What the host keeps of bundles.
#[derive(Debug, PartialEq)]
pub struct Bundles {
    known: Value,
    files: BTreeSet<String>,
}

impl Before {
    pub fn of(host: &Host) -> Before {
        let list = host.manage("GET", "/v1/tenants", Value::Null).ok();
        let names = list["tenants"].as_array().expect("tenants").iter();
        let tenants = names.map(|tenant| {
            let path = format!("/v1/tenants/{}", tenant["name"].as_str().expect("a name"));
            let get = |path: &str| host.manage("GET", path, Value::Null).ok();
            let mut state = get(&path);
            for plugin in state["plugins"].as_array_mut().expect("plugins") {
                plugin["stats"].take();
                plugin["database"].take();
            }
            // What drained in the meantime is no change.
            state["draining"].take();
            state["shop"] = get(&format!("{path}/shop"));
            state["revisions"] = get(&format!("{path}/revisions"));
            state
        });
        let mut databases = files(&host.data().join("tenants"));
        databases.retain(|file| file.ends_with(".db"));
        Before { tenants: tenants.collect(), databases }
    }

    #[track_caller]
    pub fn is_unchanged(&self, host: &Host) {
        assert_eq!(*self, Before::of(host));
    }
}

impl Bundles {
    pub fn of(host: &Host) -> Bundles {
        let mut all = BTreeSet::new();
        for folder in ["bundles", "cache", "incoming"] {
            all.extend(files(&host.data().join(folder)));
        }
        Bundles { known: host.manage("GET", "/v1/bundles", Value::Null).ok(), files: all }
    }

    #[track_caller]
    pub fn is_unchanged(&self, host: &Host) {
        assert_eq!(*self, Bundles::of(host));
    }
}

/// All files below a folder.
fn files(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in folder.read_dir().into_iter().flatten() {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.display().to_string());
        }
    }
    found
}
