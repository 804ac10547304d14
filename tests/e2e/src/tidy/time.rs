//! The host asks the system for the time in one place.

use quoin_harness::repository;

use super::sources::{files, read};
use super::tokens::{Token, code};

/// Where the time may be asked for.
const CLOCK: &str = "quoin-core/src/clock.rs";

fn asks_the_system(text: &str) -> bool {
    let asks = |tokens: &[Token]| match tokens {
        [Token::Word(clock), Token::Colons, Token::Word(now)] => {
            matches!(clock.as_str(), "SystemTime" | "Instant") && now == "now"
        }
        _ => false,
    };
    code(text).windows(3).any(asks)
}

#[test]
fn the_system_is_asked_for_the_time_in_one_place() {
    let (host, mut faults) = (repository().join("host"), Vec::new());
    for path in files(&host, &["rs"]) {
        let name = path.strip_prefix(&host).expect("inside").display().to_string();
        if name.contains("/src/") && name != CLOCK && asks_the_system(&read(&path)) {
            faults.push(name);
        }
    }
    assert!(faults.is_empty(), "take a quoin_core::Clock instead:\n{}", faults.join("\n"));
    assert!(asks_the_system(&read(&host.join(CLOCK))), "{CLOCK} does not ask");
}

#[test]
fn asking_for_the_time_is_found_in_code_alone() {
    for asks in ["Instant::now()", "std::time::SystemTime::now ()", "map_or_else(Instant::now)"] {
        assert!(asks_the_system(asks), "{asks}");
    }
    for other in [
        "// Instant::now()",
        "\"Instant::now()\"",
        "#[cfg(test)] mod tests { fn f() { Instant::now() } }",
        "tokio::time::sleep(Instant::nowhere())",
    ] {
        assert!(!asks_the_system(other), "{other}");
    }
}
