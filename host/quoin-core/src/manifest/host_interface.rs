//! The interfaces of the host that a plugin may ask for.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A host interface of `quoin:host`, by its short name, or what else a plugin may do with the host only
/// once it is granted. A grant is one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HostInterface {
    /// The installation's own database.
    Sql,
    /// Lines in the shop's log.
    Log,
    /// The installation's configuration.
    Config,
    /// The time of day.
    Clock,
    /// Random bytes.
    Random,
    /// Who calls, for which shop, with how much time left.
    Call,
    /// The header `set-cookie` in the responses of its `web` export. There is nothing to import for it.
    Cookies,
    /// When later calls run.
    Later,
    /// Requests to other systems.
    Http,
    /// The shop's files.
    Files,
    /// Mail.
    Mail,
}

impl HostInterface {
    /// All of them.
    pub const ALL: [HostInterface; 11] = [
        HostInterface::Sql,
        HostInterface::Log,
        HostInterface::Config,
        HostInterface::Clock,
        HostInterface::Random,
        HostInterface::Call,
        HostInterface::Cookies,
        HostInterface::Later,
        HostInterface::Http,
        HostInterface::Files,
        HostInterface::Mail,
    ];

    /// The short name, as manifests and shops write it.
    pub fn as_str(self) -> &'static str {
        match self {
            HostInterface::Sql => "sql",
            HostInterface::Log => "log",
            HostInterface::Config => "config",
            HostInterface::Clock => "clock",
            HostInterface::Random => "random",
            HostInterface::Call => "call",
            HostInterface::Cookies => "cookies",
            HostInterface::Later => "later",
            HostInterface::Http => "http",
            HostInterface::Files => "files",
            HostInterface::Mail => "mail",
        }
    }

    /// What it lets a plugin do, in plain words.
    pub fn meaning(self) -> &'static str {
        match self {
            HostInterface::Sql => {
                "keep data in a database of its own, which no other plugin can see"
            }
            HostInterface::Log => "write lines to the shop's log",
            HostInterface::Config => "read the configuration that the shop gives it",
            HostInterface::Clock => "read the time of day",
            HostInterface::Random => "get random numbers",
            HostInterface::Call => "see which shop and which kind of caller a call is for",
            HostInterface::Cookies => {
                "set and replace cookies of the shop in its visitors' browsers, also those of other \
                 plugins"
            }
            HostInterface::Later => "choose when its later calls run, and take them back",
            HostInterface::Http => "send requests to the systems that the shop names",
            HostInterface::Files => {
                "read the files that are uploaded to the shop, keep them, and show them to anybody"
            }
            HostInterface::Mail => "send mail through the relay that the shop names",
        }
    }

    /// The interface behind an import such as `quoin:host/sql@0.1.0` or `wasi:clocks/wall-clock@0.2.6`,
    /// if the import needs a grant.
    pub fn of_import(import: &str) -> Option<HostInterface> {
        let name = import.split('@').next().unwrap_or(import);
        if name.starts_with("wasi:clocks/") {
            return Some(HostInterface::Clock);
        }
        if name.starts_with("wasi:random/") {
            return Some(HostInterface::Random);
        }
        let short = name.strip_prefix("quoin:host/")?;
        let mut imported = HostInterface::ALL.into_iter().filter(|h| *h != HostInterface::Cookies);
        imported.find(|h| h.as_str() == short)
    }
}

impl fmt::Display for HostInterface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wasi_clocks_need_the_clock_grant() {
        assert_eq!(
            HostInterface::of_import("wasi:clocks/wall-clock@0.2.6"),
            Some(HostInterface::Clock)
        );
        assert_eq!(HostInterface::of_import("quoin:host/sql@0.1.0"), Some(HostInterface::Sql));
        assert_eq!(HostInterface::of_import("quoin:host/nothing@0.1.0"), None);
        assert_eq!(HostInterface::of_import("quoin:host/cookies@0.1.0"), None);
    }
}
