//! What must be true of the sources themselves.

mod circles;
mod doors;
mod room;
mod sources;
mod time;
mod tokens;
mod trade;

use quoin_harness::repository;

use sources::{files, read};

#[test]
fn every_limit_states_its_reason() {
    let path = repository().join("host/quoin-core/src/limits.rs");
    let text = read(&path);
    let lines: Vec<_> = text.lines().collect();
    for (number, line) in lines.iter().enumerate() {
        if line.trim_start().starts_with("pub const ") {
            let above = number.checked_sub(1).and_then(|n| lines.get(n)).map(|l| l.trim_start());
            let told = above.is_some_and(|l| l.starts_with("///"));
            assert!(told, "{}:{}: {line} has no reason", path.display(), number + 1);
        }
    }
}

#[test]
fn no_file_of_the_host_is_too_long() {
    for path in files(&repository().join("host"), &["rs"]) {
        let lines = read(&path).lines().count();
        assert!(lines <= 1_000, "{} has {lines} lines: divide it", path.display());
    }
}

#[test]
fn unsafe_code_is_in_the_runtime_alone_and_says_why() {
    for path in files(&repository().join("host"), &["rs"]) {
        let text = read(&path);
        let lines: Vec<_> = text.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if !code.contains("unsafe {") && !code.contains("unsafe fn") {
                continue;
            }
            let at = format!("{}:{}", path.display(), number + 1);
            assert!(path.components().any(|c| c.as_os_str() == "quoin-runtime"), "{at}");
            let above = &lines[number.saturating_sub(8)..number];
            let told = ["SAFETY", "reason = "].iter().any(|w| above.iter().any(|l| l.contains(w)));
            assert!(told, "{at} gives no reason");
        }
    }
}
