//! Plugins in JavaScript and TypeScript: folders of `examples` with `package.json` and `plugin.toml`.
//! Their `npm run build` writes to `dist` only, and leaves `dist/component.wasm` there.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use quoin_core::Digest;

use super::rust::subfolders;
use super::{Compiled, Source};
use crate::place::Place;

/// The oldest Node.js that the component tools run on.
const NODE_MIN: u32 = 20;

/// Builds them all, or says why not.
pub(super) fn build(place: &Place) -> Result<Vec<Source>> {
    let has = |folder: &Path, file: &str| folder.join(file).is_file();
    let mut folders = subfolders(&place.root.join("examples"))?;
    folders.retain(|f| has(f, "package.json") && has(f, "plugin.toml"));
    if folders.is_empty() {
        return Ok(Vec::new());
    }
    let lacking = node_fault();
    let sources = folders.into_iter().map(|folder| {
        let compiled = match &lacking {
            Some(why) => Compiled::Skipped(why.clone()),
            None => component(place, &folder)
                .map_or_else(|e| Compiled::Failed(format!("{e:#}")), Compiled::Component),
        };
        Source { folder, compiled }
    });
    Ok(sources.collect())
}

/// Why JavaScript cannot be built here, if it cannot.
fn node_fault() -> Option<String> {
    let version = |program: &str| {
        let output = Command::new(program).arg("--version").output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        text.trim().trim_start_matches('v').split('.').next()?.parse::<u32>().ok()
    };
    match (version("node"), version("npm")) {
        (None, _) => Some(format!("it needs Node.js {NODE_MIN} or newer, and there is none")),
        (Some(node), _) if node < NODE_MIN => {
            Some(format!("it needs Node.js {NODE_MIN} or newer, and this is {node}"))
        }
        (_, None) => Some("it needs npm, and there is none".into()),
        _ => None,
    }
}

/// The component of a folder, built anew only if a source has changed since the last time. The
/// digests of what was built lie in `node_modules` and `dist`, and vanish with them.
fn component(place: &Place, folder: &Path) -> Result<PathBuf> {
    let component = folder.join("dist/component.wasm");
    let built_from = folder.join("dist/.built-from");
    let installed_from = folder.join("node_modules/.installed-from");
    let sources = digest_of_files(&[folder.to_path_buf(), place.root.join("wit")])?;
    if component.is_file() && is_noted(&built_from, &sources) {
        return Ok(component);
    }
    let lock = digest_of_files(&[folder.join("package-lock.json")])?;
    if !is_noted(&installed_from, &lock) {
        npm(place, folder, &["ci", "--no-audit", "--no-fund"])?;
        note(&installed_from, &lock)?;
    }
    npm(place, folder, &["run", "build"])?;
    ensure!(
        component.is_file(),
        "`npm run build` in {} left no dist/component.wasm: let its build script write one",
        place.shown(folder)
    );
    note(&built_from, &sources)?;
    Ok(component)
}

fn npm(place: &Place, folder: &Path, args: &[&str]) -> Result<()> {
    eprintln!("Running npm {} in {} …", args.join(" "), place.shown(folder));
    let status = Command::new("npm")
        .current_dir(folder)
        .args(args)
        .stdout(Stdio::from(std::io::stderr()))
        .status()
        .context("cannot run npm")?;
    ensure!(status.success(), "npm {} failed in {}", args.join(" "), place.shown(folder));
    Ok(())
}

fn is_noted(file: &Path, digest: &Digest) -> bool {
    std::fs::read_to_string(file).is_ok_and(|text| text == digest.as_str())
}

fn note(file: &Path, digest: &Digest) -> Result<()> {
    // npm makes no node_modules for a package without dependencies.
    let folder = file.parent().unwrap_or(file);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(file, digest.as_str()))
        .with_context(|| format!("cannot write {}", file.display()))
}

/// The digest of files, and of all files in folders less what builds leave there.
fn digest_of_files(roots: &[PathBuf]) -> Result<Digest> {
    let mut todo = roots.to_vec();
    let mut files = Vec::new();
    while let Some(path) = todo.pop() {
        if !path.is_dir() {
            files.push(path);
            continue;
        }
        for entry in path.read_dir().with_context(|| format!("cannot list {}", path.display()))? {
            let entry = entry.with_context(|| format!("cannot list {}", path.display()))?;
            if entry.file_name() != "node_modules" && entry.file_name() != "dist" {
                todo.push(entry.path());
            }
        }
    }
    files.sort();
    let mut lines = String::new();
    for file in files {
        let bytes =
            std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        lines.push_str(&format!("{} {}\n", Digest::of(&bytes), file.display()));
    }
    Ok(Digest::of(lines.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_follows_sources_and_not_what_is_built() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let file = folder.path().join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        };
        let digest = || digest_of_files(&[folder.path().to_path_buf()]).unwrap();
        write("src/plugin.ts", "1");
        let first = digest();
        write("dist/component.wasm", "built");
        write("node_modules/x/index.js", "fetched");
        assert_eq!(digest(), first);
        write("src/plugin.ts", "2");
        assert_ne!(digest(), first);
    }
}
