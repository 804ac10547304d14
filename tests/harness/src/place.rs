//! Where the things under test are.

use std::path::PathBuf;

/// The root of the repository: above the package that cargo runs, because no path of the clone is built
/// into a test that another clone with the same build folder may run.
pub fn repository() -> PathBuf {
    let run = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let here = run.unwrap_or_else(|| std::env::current_dir().expect("a current folder"));
    let root = here.ancestors().find(|folder| folder.join("xtask/Cargo.toml").is_file());
    root.expect("tests run inside the repository").into()
}

/// The folder that the build writes to: two above the test's own executable, `release/deps/x`.
fn release() -> PathBuf {
    let test = std::env::current_exe().expect("the test knows its executable");
    test.ancestors().nth(2).expect("tests run from a build folder").into()
}

/// The `quoin` executable: the one that `QUOIN_BIN` names, or the one built beside the test.
pub fn binary() -> PathBuf {
    let given = std::env::var_os("QUOIN_BIN").map(PathBuf::from);
    let binary = given.unwrap_or_else(|| release().join("quoin"));
    assert!(
        binary.is_file(),
        "there is no {}: run `cargo build --release -p quoin`, or name another in QUOIN_BIN",
        binary.display()
    );
    binary
}

/// The `quoin-psp` executable, beside the `quoin` one.
pub fn psp() -> PathBuf {
    let psp = binary().with_file_name("quoin-psp");
    assert!(
        psp.is_file(),
        "there is no {}: run `cargo build --release --workspace`",
        psp.display()
    );
    psp
}

/// The folder of the built bundles: `plugins` beside the folder of the `quoin` executable.
pub fn bundles() -> PathBuf {
    let binary = binary();
    binary.ancestors().nth(2).expect("the executable is in a build folder").join("plugins")
}

/// A built bundle by its plugin's name.
pub fn bundle(name: &str) -> Vec<u8> {
    let file = bundles().join(format!("{name}.wasm"));
    std::fs::read(&file)
        .unwrap_or_else(|e| panic!("{}: {e}: run `cargo xtask plugins`", file.display()))
}
