//! From a compiled plugin to its bundle.

use std::path::Path;

use anyhow::{Context, Result, bail};
use quoin_core::{Digest, Manifest};
use wit_component::ComponentEncoder;

use super::outcome::{Outcome, State};
use super::{Compiled, Source};
use crate::place::Place;

/// The plugin's name: the manifest's, or the folder's where the manifest cannot be read, which
/// packing will tell.
pub(super) fn name(folder: &Path) -> String {
    let text = std::fs::read_to_string(folder.join("plugin.toml")).unwrap_or_default();
    match Manifest::parse(&text) {
        Ok(manifest) => manifest.name.to_string(),
        Err(_) => folder.file_name().unwrap_or_default().to_string_lossy().into_owned(),
    }
}

/// Packs a plugin and writes its bundle if that changes it.
pub(super) fn pack(place: &Place, source: &Source) -> Outcome {
    let name = name(&source.folder);
    let file = place.bundles().join(format!("{name}.wasm"));
    let state = match bundle(source) {
        Ok(Ok(bytes)) => write(&file, &bytes),
        Ok(Err(skipped)) => Ok(State::Skipped(skipped)),
        Err(e) => Err(e),
    };
    let folder = place.shown(&source.folder).to_string();
    let state = state.unwrap_or_else(|e| State::Failed(format!("{folder}: {e:#}")));
    Outcome { name, file: Some(file), state }
}

/// Removes the bundles of plugins that an earlier build knew and this one does not: their tests would
/// go on with what nobody builds. What others put into the folder stays.
pub(super) fn remove_gone(folder: &Path, plugins: &[Outcome]) -> Result<Vec<Outcome>> {
    let list = folder.join("built.txt");
    let before = std::fs::read_to_string(&list).unwrap_or_default();
    let mut removed = Vec::new();
    for name in before.lines().filter(|name| plugins.iter().all(|p| p.name != *name)) {
        let file = folder.join(format!("{name}.wasm"));
        if file.exists() {
            let failed = || format!("cannot remove {}", file.display());
            std::fs::remove_file(&file).with_context(failed)?;
            removed.push(Outcome { name: name.into(), file: Some(file), state: State::Removed });
        }
    }
    let mut names: Vec<_> = plugins.iter().map(|p| format!("{}\n", p.name)).collect();
    names.sort();
    if names.concat() != before {
        std::fs::write(&list, names.concat())
            .with_context(|| format!("cannot write {}", list.display()))?;
    }
    Ok(removed)
}

/// The bundle's bytes, or why there are none.
fn bundle(source: &Source) -> Result<Result<Vec<u8>, String>> {
    let component = match &source.compiled {
        Compiled::Skipped(why) => return Ok(Err(why.clone())),
        Compiled::Failed(why) => bail!("{why}"),
        Compiled::Component(file) => read(file)?,
        Compiled::Module(file) => componentise(&read(file)?)?,
    };
    let manifest = std::fs::read_to_string(source.folder.join("plugin.toml"))
        .context("cannot read plugin.toml")?;
    let migrations = migrations(&source.folder.join("migrations"))?;
    Ok(Ok(quoin_registry::pack(&component, &manifest, &migrations)?))
}

/// Turns a core module into a component by the types that its bindings left in custom sections.
fn componentise(module: &[u8]) -> Result<Vec<u8>> {
    (ComponentEncoder::default().module(module))
        .and_then(|encoder| encoder.validate(true).encode())
        .context("the module makes no component: does it export a world through wit-bindgen?")
}

/// The names and texts of the SQL files in a folder, if there is one.
fn migrations(folder: &Path) -> Result<Vec<(String, String)>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in folder.read_dir().context("cannot list migrations")? {
        let path = entry.context("cannot list migrations")?.path();
        if path.extension().is_some_and(|e| e == "sql") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let sql = std::fs::read_to_string(&path);
            found.push((name, sql.with_context(|| format!("cannot read {}", path.display()))?));
        }
    }
    Ok(found)
}

/// Replaces the bundle as a whole, so that nobody reads half of one, and only if it differs.
fn write(file: &Path, bytes: &[u8]) -> Result<State> {
    let size = bytes.len();
    let digest = Digest::of(bytes);
    if std::fs::read(file).is_ok_and(|there| there == bytes) {
        return Ok(State::Unchanged { size, digest });
    }
    let part = file.with_extension("part");
    std::fs::write(&part, bytes)
        .and_then(|()| std::fs::rename(&part, file))
        .with_context(|| format!("cannot write {}", file.display()))?;
    Ok(State::Built { size, digest })
}

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_bytes_are_not_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("p.wasm");
        assert!(matches!(write(&file, b"1").unwrap(), State::Built { size: 1, .. }));
        assert!(matches!(write(&file, b"1").unwrap(), State::Unchanged { .. }));
        assert!(matches!(write(&file, b"2").unwrap(), State::Built { .. }));
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    }

    #[test]
    fn a_bundle_whose_plugin_is_gone_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(format!("{name}.wasm"));
        for name in ["a", "b", "theirs"] {
            std::fs::write(file(name), "").unwrap();
        }
        let plugin = |name: &str| Outcome {
            name: name.into(),
            file: Some(file(name)),
            state: State::Skipped("no Node.js".into()),
        };
        let both = [plugin("b"), plugin("a")];
        assert!(remove_gone(folder.path(), &both).unwrap().is_empty());
        for gone in [&["b"][..], &[]] {
            let removed = remove_gone(folder.path(), &both[1..]).unwrap();
            assert_eq!(removed.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(), gone);
        }
        assert!(file("a").exists() && !file("b").exists() && file("theirs").exists());
    }

    #[test]
    fn migrations_are_the_sql_files() {
        let folder = tempfile::tempdir().unwrap();
        assert!(migrations(&folder.path().join("none")).unwrap().is_empty());
        std::fs::write(folder.path().join("0001_a.sql"), "select 1").unwrap();
        std::fs::write(folder.path().join("notes.md"), "").unwrap();
        assert_eq!(
            migrations(folder.path()).unwrap(),
            [("0001_a.sql".to_string(), "select 1".to_string())]
        );
    }
}
