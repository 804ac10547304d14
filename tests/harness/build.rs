//! Builds the library that stands between a host's process and its syncs.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=src/sync.c");
    let out = std::env::var("OUT_DIR").expect("cargo tells where to build");
    let library = Path::new(&out).join("libsyncs.so");
    let mut compiler = cc::Build::new().opt_level(2).pic(true).get_compiler().to_command();
    compiler.args(["-shared", "-Wall", "-o"]).arg(&library).arg("src/sync.c").arg("-ldl");
    let status = compiler.status().expect("a C compiler: SQLite needs one, too");
    assert!(status.success(), "the C compiler failed: {status}");
    println!("cargo::rustc-env=QUOIN_SYNCS_LIBRARY={}", library.display());
}
