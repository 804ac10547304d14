//! The compilation target of plugins, which a fresh toolchain does not have.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The target: WebAssembly without any system interface.
pub(super) const TARGET: &str = "wasm32-unknown-unknown";

/// Makes sure that the target can be compiled for, with the help of rustup if need be.
pub(super) fn ensure() -> Result<()> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    if std::env::var_os("CARGO_UNSTABLE_BUILD_STD").is_some() {
        return Ok(());
    }
    // What rustup has chosen here need not be what it chooses in the shell of the reader.
    let toolchain = std::env::var("RUSTUP_TOOLCHAIN").ok();
    add(&rustc, "rustup".as_ref(), toolchain.as_deref())
}

/// Adds the target to the toolchain of `rustc` unless it is there.
fn add(rustc: &OsStr, rustup: &OsStr, toolchain: Option<&str>) -> Result<()> {
    if is_there(rustc)? {
        return Ok(());
    }
    eprintln!("Adding the target {TARGET} to the Rust toolchain, once, through rustup …");
    let mut command = Command::new(rustup);
    command.args(["target", "add", TARGET]);
    command.args(toolchain.iter().flat_map(|name| ["--toolchain", name]));
    let why = match command.status() {
        Ok(status) if status.success() && is_there(rustc)? => return Ok(()),
        Ok(status) if status.success() => format!(
            "rustup has the target now, but {} is not of the toolchain that rustup added it to: \
             `rustup which rustc` names that one.",
            rustc.display()
        ),
        Ok(_) => "rustup could not add the target, see above. It downloads the target once from \
             static.rust-lang.org; RUSTUP_DIST_SERVER names a mirror."
            .into(),
        Err(error) => format!("There is no rustup to add the target with ({error})."),
    };
    bail!("{why}\n\n{}", by_hand(toolchain))
}

/// What to do where this program could not.
fn by_hand(toolchain: Option<&str>) -> String {
    let toolchain = toolchain.map(|name| format!(" --toolchain {name}")).unwrap_or_default();
    format!(
        "\
Plugins are compiled for {TARGET}, and this Rust toolchain lacks its standard library.
Install it in one of these ways, then run the command again:

  rustup       rustup target add {TARGET}{toolchain}
  Fedora       dnf install rust-std-static-{TARGET}
  Arch Linux   pacman -S rust-wasm
  Debian       apt install rustc-web cargo-web rust-web-src, put their rustc and cargo first in PATH,
               and let cargo build the library from source:
                 export RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_BUILD_STD=std,panic_abort"
    )
}

fn is_there(rustc: &OsStr) -> Result<bool> {
    let output = (Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]))
        .output()
        .with_context(|| format!("cannot run {}: is Rust in PATH?", rustc.display()))?;
    let libraries = String::from_utf8_lossy(&output.stdout);
    let mut files = match Path::new(libraries.trim()).read_dir() {
        Ok(files) if output.status.success() => files,
        _ => return Ok(false),
    };
    Ok(files.any(|f| f.is_ok_and(|f| f.file_name().to_string_lossy().starts_with("libcore-"))))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use super::*;

    /// A folder with a rustc that looks for the target's libraries in its `lib`.
    struct Given(tempfile::TempDir);

    impl Given {
        fn new() -> Given {
            let given = Given(tempfile::tempdir().unwrap());
            std::fs::create_dir(given.0.path().join("lib")).unwrap();
            given.program("rustc", &format!("echo {}/lib", given.0.path().display()));
            given
        }

        fn program(&self, name: &str, does: &str) -> PathBuf {
            let path = self.0.path().join(name);
            std::fs::write(&path, format!("#!/bin/sh\n{does}\n")).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
            path
        }

        fn add(&self) -> Result<()> {
            let of = |name: &str| self.0.path().join(name);
            add(of("rustc").as_os_str(), of("rustup").as_os_str(), Some("1.95"))
        }

        fn fault(&self) -> String {
            self.add().unwrap_err().to_string()
        }
    }

    #[test]
    fn a_target_that_is_there_needs_no_rustup() {
        let given = Given::new();
        std::fs::write(given.0.path().join("lib/libcore-1.rlib"), "").unwrap();
        given.add().unwrap();
    }

    #[test]
    fn a_target_that_lacks_is_added_to_the_toolchain_that_is_used() {
        let given = Given::new();
        let library = given.0.path().join("lib/libcore-1.rlib");
        let wanted = format!("target add {TARGET} --toolchain 1.95");
        given.program(
            "rustup",
            &format!("[ \"$*\" = \"{wanted}\" ] && touch {}", library.display()),
        );
        given.add().unwrap();
    }

    #[test]
    fn where_it_cannot_be_added_the_message_says_why_and_what_to_do() {
        let given = Given::new();
        let missing = given.fault();
        assert!(missing.contains("There is no rustup"), "{missing}");
        given.program("rustup", "exit 1");
        let failed = given.fault();
        assert!(failed.contains("static.rust-lang.org"), "{failed}");
        given.program("rustup", "exit 0");
        let other = given.fault();
        assert!(other.contains("is not of the toolchain"), "{other}");
        for message in [missing, failed, other] {
            let command = format!("rustup target add {TARGET} --toolchain 1.95\n");
            assert!(message.contains(&command) && message.contains("rustc-web"), "{message}");
        }
    }
}
