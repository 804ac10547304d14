//! Bundle files: finding, reading and uploading them.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use quoin_core::limits::BUNDLE_BYTES_MAX;
use quoin_core::{Description, Digest};
use quoin_registry::BundleError;

use crate::client::Client;
use crate::failed::Failed;
use crate::file;
use crate::output::{items, member};

/// A bundle in a file, read and found sound.
pub struct BundleFile {
    bytes: Vec<u8>,
    pub description: Description,
}

impl BundleFile {
    pub fn read(path: &Path) -> Result<BundleFile, Failed> {
        let bytes =
            file::read(path, BUNDLE_BYTES_MAX).map_err(|e| Failed::file("read", path, e))?;
        let description = quoin_registry::describe(&bytes).map_err(|e| unsound(path, &e))?;
        Ok(BundleFile { bytes, description })
    }

    pub fn digest(&self) -> &Digest {
        &self.description.digest
    }
}

/// A file that is no bundle; if only its manifest is missing, with the command that adds one.
fn unsound(path: &Path, error: &BundleError) -> Failed {
    let file = path.display();
    let failed = Failed::refused(format!("{file}: {error}"));
    match error {
        BundleError::NoManifest => failed.advise(format!(
            "Make a bundle of it: quoin plugin bundle {file} --manifest plugin.toml \
             --output {} (and --migrations DIR, if it has some).",
            path.with_extension("bundle.wasm").display()
        )),
        _ => failed,
    }
}

/// The file of a bundle that a shop file names: relative to the shop file's folder, or in the first
/// of the other folders that has it.
pub fn find(name: &str, beside: &Path, folders: &[PathBuf]) -> Result<PathBuf, Failed> {
    let places = std::iter::once(beside).chain(folders.iter().map(PathBuf::as_path));
    let tried: Vec<PathBuf> = places.map(|place| place.join(name)).collect();
    if let Some(found) = tried.iter().find(|path| path.is_file()) {
        return Ok(found.clone());
    }
    let tried: Vec<_> = tried.iter().map(|path| path.display().to_string()).collect();
    let message = format!("there is no bundle {name}; looked for {}", tried.join(", "));
    Err(Failed::refused(message)
        .advise("Build it, correct its path in the shop file, or name its folder with --bundles."))
}

/// The folders of the command line, then those of the environment.
pub fn folders(given: &[PathBuf]) -> Vec<PathBuf> {
    let environment = std::env::var_os("QUOIN_BUNDLES").unwrap_or_default();
    let more = std::env::split_paths(&environment).filter(|path| !path.as_os_str().is_empty());
    given.iter().cloned().chain(more).collect()
}

/// Uploads those of the bundles that the host does not have.
pub fn upload(client: &Client, files: &[&BundleFile], quiet: bool) -> Result<(), Failed> {
    let bundles = client.get("/v1/bundles")?;
    let known: BTreeSet<&str> =
        items(&bundles, "bundles").iter().map(|b| member(b, "digest")).collect();
    let mut done = BTreeSet::new();
    for file in files {
        if !known.contains(file.digest().as_str()) && done.insert(file.digest()) {
            upload_one(client, file, quiet)?;
        }
    }
    Ok(())
}

fn upload_one(client: &Client, file: &BundleFile, quiet: bool) -> Result<(), Failed> {
    let size = file.bytes.len();
    let bar = ProgressBar::with_draw_target(u64::try_from(size).ok(), target(quiet));
    let style = "{msg:<24} {bar:24} {bytes}/{total_bytes} {spinner}";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    let name = &file.description.manifest.name;
    bar.set_message(format!("{name}: uploading"));
    let mut body = UploadBody { rest: &file.bytes, bar: &bar, then: format!("{name}: compiling") };
    let path = format!("/v1/bundles/{}", file.digest());
    let outcome = client.upload(&path, size, &mut body);
    bar.finish_and_clear();
    outcome.map(drop)
}

/// Standard error, where nothing is drawn unless it is a terminal.
fn target(quiet: bool) -> ProgressDrawTarget {
    if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() }
}

/// A body that tells how much of it has been taken.
struct UploadBody<'a> {
    rest: &'a [u8],
    bar: &'a ProgressBar,
    /// What is done once all of it has been taken.
    then: String,
}

impl Read for UploadBody<'_> {
    fn read(&mut self, space: &mut [u8]) -> std::io::Result<usize> {
        let count = self.rest.read(space)?;
        self.bar.inc(u64::try_from(count).unwrap_or_default());
        if self.rest.is_empty() {
            self.bar.set_message(self.then.clone());
            self.bar.enable_steady_tick(Duration::from_millis(100));
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_next_to_the_shop_file_comes_before_one_elsewhere() {
        let (beside, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let folders = [PathBuf::from("/nowhere"), other.path().to_path_buf()];
        std::fs::write(other.path().join("a.wasm"), "").unwrap();
        let found = || find("a.wasm", beside.path(), &folders).unwrap();
        assert_eq!(found(), other.path().join("a.wasm"));
        std::fs::write(beside.path().join("a.wasm"), "").unwrap();
        assert_eq!(found(), beside.path().join("a.wasm"));
    }

    #[test]
    fn a_bundle_may_be_named_by_a_path() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("sub")).unwrap();
        std::fs::write(dir.path().join("sub/a.wasm"), "").unwrap();
        assert!(find("sub/a.wasm", dir.path(), &[]).is_ok());
        assert!(find("../sub/a.wasm", &dir.path().join("sub"), &[]).is_ok());
        let absolute = dir.path().join("sub/a.wasm");
        assert_eq!(find(absolute.to_str().unwrap(), Path::new("x"), &[]).unwrap(), absolute);
    }

    #[test]
    fn a_bundle_that_is_nowhere_is_told_with_the_places() {
        let told = format!("{:?}", find("a.wasm", Path::new("shop"), &["more".into()]));
        assert!(told.contains("shop/a.wasm") && told.contains("more/a.wasm"), "{told}");
    }

    #[test]
    fn a_file_that_is_no_bundle_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.wasm");
        std::fs::write(&path, "hello").unwrap();
        let Err(failed) = BundleFile::read(&path) else { panic!("read") };
        assert!(format!("{failed:?}").contains("a.wasm"));
    }
}
