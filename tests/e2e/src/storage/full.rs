//! No room left: on a real disk, a small one of the test's own in memory, and in what a plugin may take.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use quoin_harness::{Host, json, skipped};
use tempfile::TempDir;

use super::{SHOP, texts, write};

/// Room for the host's own files, the machine code of a small plugin among them.
const BYTES: u64 = 64 << 20;
/// Texts that are written before it is clear that the disk is not full.
const WRITES_MAX: usize = 2_000;

/// A disk in memory, gone when dropped.
struct Disk(TempDir);

impl Disk {
    /// Nothing where this process may not mount, with the reason.
    fn mount() -> Result<Disk, String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let options = format!("size={BYTES},mode=0700");
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "quoin-test"])
            .arg(folder.path())
            .output()
            .map_err(|error| error.to_string())?;
        match mount.status.success() {
            true => Ok(Disk(folder)),
            false => Err(String::from_utf8_lossy(&mount.stderr).trim().to_owned()),
        }
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Fills it to the last byte with a file, which is to be removed again.
    fn fill(&self) -> PathBuf {
        let path = self.path().join("ballast");
        let mut file = File::create(&path).expect("a file");
        let block = [7; 4096];
        while file.write_all(&block).is_ok() {}
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.path()).status();
    }
}

#[test]
fn a_full_disk_refuses_what_writes_goes_on_reading_and_heals() {
    let disk = match Disk::mount() {
        Ok(disk) => disk,
        Err(why) => return skipped(&format!("no disk can be mounted here: {why}")),
    };
    let mut host = Host::start_in(&disk.path().join("data"));
    let shop = host.apply(SHOP);
    write(&shop, "first", "well").expect(201);
    let ballast = disk.fill();
    // What the files have already may still take some.
    let mut expected = vec![json!("first")];
    let long = "x".repeat(10_000);
    let refused = loop {
        let text = format!("{} {long}", expected.len());
        let reply = write(&shop, &text, "well");
        match reply.status {
            201 => expected.push(text.into()),
            _ => break reply,
        }
        assert!(expected.len() < WRITES_MAX, "the disk is never full");
    };
    refused.refused(507, "storage-full");
    for _ in 0..3 {
        write(&shop, &format!("again {long}"), "well").refused(507, "storage-full");
        assert_eq!(texts(&shop), json!(expected));
    }
    std::fs::remove_file(ballast).expect("the ballast can be removed");
    write(&shop, "after", "well").expect(201);
    expected.push("after".into());
    assert_eq!(texts(&shop), json!(expected));
    host.restart();
    assert_eq!(texts(&shop), json!(expected));
    host.kill();
}

#[test]
fn a_plugin_that_has_taken_all_that_it_may_is_full_and_not_broken() {
    let host = Host::start();
    let shop = host.apply(
        r#"
        name = "small"
        [plugins.notes]
        bundle = "notes.wasm"
        grants = ["sql", "log"]
        limits = { database-mib = 1 }
        "#,
    );
    let note = |text: &str| shop.post("/notes", json!({ "text": text }));
    note("first").expect(201);
    // The plugin does nothing about it: its SDK traps.
    let long = "x".repeat(100_000);
    let refused = (0..12).map(|_| note(&long)).find(|reply| reply.status != 201);
    refused.expect("a mebibyte is never full").refused(507, "storage-full");
    let told = shop.log().iter().any(|line| line.to_string().contains("Full in INSERT"));
    assert!(told, "{:?}", shop.log());
    let notes = shop.get("/notes").ok();
    note(&long).refused(507, "storage-full");
    assert_eq!(shop.get("/notes").ok(), notes);
}
