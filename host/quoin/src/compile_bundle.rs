//! `quoin compile-bundle`: the child in which the host compiles a bundle, within limits of the
//! operating system, because compile time and memory follow from what was uploaded.

use std::path::Path;

use quoin_core::limits::BUNDLE_BYTES_MAX;
use rustix::process::{Resource, Rlimit, setrlimit};
use serde_json::json;

use crate::failed::Failed;
use crate::file;
use crate::output::print_json;

/// Address space. A JavaScript component of 1.6 MB takes less than 400 MiB of it; a Python component
/// is ten times that size, and each compiling thread reserves more than it uses.
const ADDRESS_SPACE_MAX: u64 = 4 << 30;
/// Seconds of CPU time. A Python component of 18 MiB takes 16.
const CPU_SECONDS_MAX: u64 = 120;
/// Bytes of machine code: some ten times the largest bundle.
const FILE_BYTES_MAX: u64 = 512 << 20;

/// Writes `<digest>-<engine>.cwasm` and `<digest>.json` into `folder`, and says on standard output
/// which, or why not.
pub fn run(bundle: &Path, folder: &Path) -> Result<(), Failed> {
    match compile(bundle, folder) {
        Ok(told) => print_json(&told),
        Err(refusal) => {
            print_json(&json!({ "error": refusal }))?;
            Err(Failed::refused(refusal))
        }
    }
}

fn compile(bundle: &Path, folder: &Path) -> Result<serde_json::Value, String> {
    limit()?;
    let bytes = file::read(bundle, BUNDLE_BYTES_MAX).map_err(|e| format!("the bundle: {e}"))?;
    let description = quoin_registry::describe(&bytes).map_err(|e| e.to_string())?;
    let (code, engine) = quoin_runtime::compile(&bytes).map_err(|e| e.to_string())?;
    let digest = &description.digest;
    let write = |name: &str, bytes: &[u8]| {
        file::write(&folder.join(name), bytes, 0o600).map_err(|e| format!("{name}: {e}"))
    };
    let name = format!("{digest}-{engine}.cwasm");
    write(&name, &code)?;
    let json = serde_json::to_vec(&description).map_err(|e| e.to_string())?;
    write(&format!("{digest}.json"), &json)?;
    Ok(json!({ "digest": digest, "engine": engine, "bytes": code.len() }))
}

fn limit() -> Result<(), String> {
    for (resource, most) in [
        (Resource::As, ADDRESS_SPACE_MAX),
        (Resource::Cpu, CPU_SECONDS_MAX),
        (Resource::Fsize, FILE_BYTES_MAX),
        (Resource::Core, 0),
    ] {
        // What is limited further already stays so.
        let most = rustix::process::getrlimit(resource).maximum.map_or(most, |now| now.min(most));
        let limit = Rlimit { current: Some(most), maximum: Some(most) };
        setrlimit(resource, limit).map_err(|e| format!("no limit can be set: {e}"))?;
    }
    Ok(())
}
