//! Where things lie.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// The repository and the folder that builds write to.
pub(crate) struct Place {
    /// The root of the repository.
    pub root: PathBuf,
    /// `CARGO_TARGET_DIR`, or `target` in the root.
    pub target: PathBuf,
}

impl Place {
    /// Found by what cargo tells a program that it runs, so that no path is built into this one.
    pub fn find() -> Result<Place> {
        let here = match std::env::var_os("CARGO_MANIFEST_DIR") {
            Some(package) => PathBuf::from(package).join(".."),
            None => std::env::current_dir().context("no current folder")?,
        };
        let root = here.canonicalize().with_context(|| format!("no folder {}", here.display()))?;
        ensure!(
            root.join("xtask/Cargo.toml").is_file(),
            "{} is not the repository: run this as `cargo xtask` inside it",
            root.display()
        );
        let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
        Ok(Place { target: root.join(target), root })
    }

    /// Where bundles go.
    pub fn bundles(&self) -> PathBuf {
        self.target.join("plugins")
    }

    /// A path as people read it: relative to the repository where it is inside.
    pub fn shown<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }
}
