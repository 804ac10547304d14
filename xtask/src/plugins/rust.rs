//! Plugins in Rust: cargo workspaces of their own, because they are compiled for another target.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

use super::wasm_target::TARGET;
use super::{Compiled, Source};
use crate::place::Place;

/// Each of these is a workspace, or a folder of workspaces.
const FOLDERS: [&str; 3] = ["plugins", "examples", "tests/guests"];

/// The heap that an instance starts with. Most calls need less, and then never ask the host to grow
/// their memory; what they do not touch costs nothing.
const HEAP_BYTES: u32 = 256 << 10;

/// The folders of all workspaces, in a fixed order.
pub(super) fn workspaces(place: &Place) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in FOLDERS.map(|f| place.root.join(f)) {
        if is_workspace(&folder) {
            found.push(folder);
        } else {
            found.extend(subfolders(&folder)?.into_iter().filter(|f| is_workspace(f)));
        }
    }
    Ok(found)
}

fn is_workspace(folder: &Path) -> bool {
    folder.join("Cargo.toml").is_file()
}

/// The folders in a folder, sorted; none if there is no such folder.
pub(super) fn subfolders(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let unreadable = || format!("cannot list {}", folder.display());
    let mut found = Vec::new();
    for entry in folder.read_dir().with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Compiles a workspace and returns its plugins that compile, and whether everything did. Plugins are
/// the crates that make a `cdylib` and have a `plugin.toml`. Cargo's own progress goes to stderr.
pub(super) fn build(place: &Place, workspace: &Path) -> Result<(Vec<Source>, bool)> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .current_dir(workspace)
        .args(["build", "--release", "--keep-going", "--target", TARGET])
        .args(["--message-format", "json-render-diagnostics", "--target-dir"])
        .arg(build_folder(place, workspace))
        .args(["--config", &compiler_flags(place)])
        .stderr(Stdio::inherit());
    let output = command.output().context("cannot run cargo: is Rust in PATH?")?;
    let messages = String::from_utf8_lossy(&output.stdout);
    let mut sources: Vec<_> = messages.lines().filter_map(plugin).collect();
    sources.sort_by(|a, b| a.folder.cmp(&b.folder));
    Ok((sources, output.status.success()))
}

/// The plugin of one of cargo's messages, if the message says that one was built.
fn plugin(message: &str) -> Option<Source> {
    let message: Value = serde_json::from_str(message).ok()?;
    let is_cdylib = message["target"]["kind"].as_array()?.iter().any(|kind| kind == "cdylib");
    if message["reason"] != "compiler-artifact" || !is_cdylib {
        return None;
    }
    let mut files = message["filenames"].as_array()?.iter().filter_map(Value::as_str);
    let module = files.find(|f| f.ends_with(".wasm"))?;
    let folder = Path::new(message["manifest_path"].as_str()?).parent()?;
    let is_plugin = folder.join("plugin.toml").is_file();
    is_plugin.then(|| Source { folder: folder.into(), compiled: Compiled::Module(module.into()) })
}

/// Where cargo builds a workspace.
pub(super) fn build_folder(place: &Place, workspace: &Path) -> PathBuf {
    place.target.join("wasm").join(flat_name(place, workspace))
}

/// The workspace's path in the repository as one word.
fn flat_name(place: &Place, workspace: &Path) -> OsString {
    let path = workspace.strip_prefix(&place.root).unwrap_or(workspace);
    let parts: Vec<_> = path.iter().collect();
    parts.join("-".as_ref())
}

/// A cargo setting that keeps this machine's paths out of panic messages, and lets instances start with
/// a heap.
fn compiler_flags(place: &Place) -> String {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let paths = [Some((place.root.clone(), "/quoin")), home.map(|home| (home, "/cargo"))];
    let flags: Vec<_> = (paths.into_iter().flatten())
        .map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()))
        .chain([format!("-Clink-arg=--initial-heap={HEAP_BYTES}")])
        .collect();
    format!("target.{TARGET}.rustflags={}", serde_json::json!(flags))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What cargo prints for a finished `kind` of crate in `folder`.
    fn message(kind: &str, folder: &Path) -> String {
        serde_json::json!({
            "reason": "compiler-artifact",
            "target": { "kind": [kind] },
            "manifest_path": folder.join("Cargo.toml"),
            "filenames": ["/t/plugin.d", "/t/plugin.wasm"],
        })
        .to_string()
    }

    #[test]
    fn a_plugin_is_a_cdylib_beside_a_manifest() {
        let folder = tempfile::tempdir().unwrap();
        assert!(plugin(&message("cdylib", folder.path())).is_none());
        std::fs::write(folder.path().join("plugin.toml"), "").unwrap();
        assert_eq!(plugin(&message("cdylib", folder.path())).unwrap().folder, folder.path());
        assert!(plugin(&message("lib", folder.path())).is_none());
        assert!(plugin("not of cargo").is_none());
    }

    #[test]
    fn a_folder_of_workspaces_is_searched_and_a_workspace_is_one() {
        let root = tempfile::tempdir().unwrap();
        let place = Place { root: root.path().into(), target: root.path().join("target") };
        for workspace in ["plugins", "plugins/a", "examples/x", "examples/y"] {
            std::fs::create_dir_all(root.path().join(workspace)).unwrap();
            std::fs::write(root.path().join(workspace).join("Cargo.toml"), "").unwrap();
        }
        std::fs::create_dir_all(root.path().join("examples/data")).unwrap();
        let found = workspaces(&place).unwrap();
        assert_eq!(found, ["plugins", "examples/x", "examples/y"].map(|w| root.path().join(w)));
        let names: Vec<_> = found.iter().map(|w| flat_name(&place, w)).collect();
        assert_eq!(names, ["plugins", "examples-x", "examples-y"]);
    }
}
