//! Which later calls a plugin hears of, as its manifest asks and as a shop grants.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::name::is_interface_path;
use super::parsed::parsed_string;

/// The interface of plugins that hear of later calls, without version.
pub const FEED: &str = "quoin:plugin/feed";
/// The same with the version that this host calls.
pub const FEED_VERSIONED: &str = "quoin:plugin/feed@0.1.0";
/// Its function.
pub const FEED_FUNCTION: &str = "hear";

/// A kind of later calls: those of an interface (`acme:parcel/events`), or of one function of it
/// (`acme:parcel/events#packed`), in whatever version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Kind {
    interface: String,
    function: Option<String>,
}
parsed_string!(Kind);

impl Kind {
    fn parse(text: &str) -> Result<Kind, String> {
        let (interface, function) = match text.split_once('#') {
            Some((interface, function)) => (interface, Some(function)),
            None => (text, None),
        };
        let word = |word: &str| {
            (1..=120).contains(&word.len())
                && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        if !is_interface_path(interface) || !function.is_none_or(word) {
            return Err(format!(
                "\"{text}\" is no kind of later calls; write an interface without version, like \
                 acme:parcel/events, or one function of it, like acme:parcel/events#packed"
            ));
        }
        if interface.starts_with("quoin:plugin/") {
            return Err(format!(
                "\"{text}\" is how the host calls a plugin: nobody hears of what others hear"
            ));
        }
        Ok(Kind { interface: interface.into(), function: function.map(str::to_owned) })
    }

    /// The interface, without version.
    pub fn interface(&self) -> &str {
        &self.interface
    }

    /// The one function, where it is not all of them.
    pub fn function(&self) -> Option<&str> {
        self.function.as_deref()
    }

    /// Whether a call of this function of an interface, named with or without version, is of this kind.
    pub fn covers(&self, interface: &str, function: &str) -> bool {
        let path = interface.split('@').next().unwrap_or(interface);
        path == self.interface && self.function().is_none_or(|only| only == function)
    }

    /// Whether every call of that kind is of this one.
    pub fn contains(&self, other: &Kind) -> bool {
        self.interface == other.interface
            && (self.function.is_none() || self.function == other.function)
    }

    /// What it lets a plugin do, in plain words.
    pub fn meaning(&self) -> String {
        format!("hear every {self} that is called later, with all that it says")
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.interface)?;
        self.function().map_or(Ok(()), |function| write!(f, "#{function}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Kind {
        text.parse().unwrap()
    }

    #[test]
    fn a_kind_is_an_interface_or_a_function_of_it_in_any_version() {
        let all = kind("acme:parcel/events");
        assert!(all.covers("acme:parcel/events@1.2.0", "packed"));
        assert!(!all.covers("acme:parcel/events-too@1.2.0", "packed"));
        let one = kind("acme:parcel/events#packed");
        assert!(one.covers("acme:parcel/events", "packed"));
        assert!(!one.covers("acme:parcel/events", "sent"));
        assert!(all.contains(&one) && all.contains(&all) && !one.contains(&all));
        assert_eq!(one.to_string(), "acme:parcel/events#packed");
    }

    #[test]
    fn what_is_no_kind_or_is_heard_by_others_is_refused() {
        for bad in [
            "",
            "*",
            "acme:parcel",
            "acme:parcel/*",
            "acme:parcel/events@1.0.0",
            "acme:parcel/events#",
            "acme:parcel/events#a b",
            "quoin:plugin/feed",
            "quoin:plugin/feed#hear",
        ] {
            assert!(bad.parse::<Kind>().is_err(), "{bad}");
        }
    }
}
