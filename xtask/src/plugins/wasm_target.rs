//! The compilation target of plugins, which a fresh toolchain does not have.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The target: WebAssembly without any system interface.
pub(super) const TARGET: &str = "wasm32-unknown-unknown";

const BY_HAND: &str = "\
Plugins are compiled for wasm32-unknown-unknown, and this Rust toolchain lacks its standard library.
Install it in one of these ways, then run the command again:

  rustup       rustup target add wasm32-unknown-unknown
  Fedora       dnf install rust-std-static-wasm32-unknown-unknown
  Arch Linux   pacman -S rust-wasm
  Debian       apt install rustc-web cargo-web rust-web-src, put their rustc and cargo first in PATH,
               and let cargo build the library from source:
                 export RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_BUILD_STD=std,panic_abort";

/// Makes sure that the target can be compiled for, with the help of rustup if need be.
pub(super) fn ensure() -> Result<()> {
    if is_there()? || std::env::var_os("CARGO_UNSTABLE_BUILD_STD").is_some() {
        return Ok(());
    }
    eprintln!("Adding the target {TARGET} to the Rust toolchain, once, through rustup …");
    match Command::new("rustup").args(["target", "add", TARGET]).status() {
        Ok(status) if status.success() && is_there()? => Ok(()),
        Ok(_) => bail!("rustup could not add the target.\n\n{BY_HAND}"),
        Err(_) => bail!("There is no rustup to add the target with.\n\n{BY_HAND}"),
    }
}

fn is_there() -> Result<bool> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = (Command::new(&rustc).args(["--print", "target-libdir", "--target", TARGET]))
        .output()
        .with_context(|| format!("cannot run {}: is Rust in PATH?", rustc.display()))?;
    let libraries = String::from_utf8_lossy(&output.stdout);
    let mut files = match Path::new(libraries.trim()).read_dir() {
        Ok(files) if output.status.success() => files,
        _ => return Ok(false),
    };
    Ok(files.any(|f| f.is_ok_and(|f| f.file_name().to_string_lossy().starts_with("libcore-"))))
}
