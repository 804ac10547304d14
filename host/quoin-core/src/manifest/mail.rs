//! The relay that a shop sends its mail through, as its file names it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Domain, Name};

/// A mail server that takes the mail of a plugin and passes it on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Relay {
    /// Its host name, by which it proves itself, or its IPv4 address.
    pub server: Domain,
    /// Its port; the usual one of how it is spoken to, unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// How the connection is encrypted.
    #[serde(default)]
    pub tls: RelayTls,
    /// Who logs in, if it wants that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The shop's secret that is his password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Name>,
}

/// How a connection to a relay is encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RelayTls {
    /// It begins without, and goes on only encrypted.
    #[default]
    Starttls,
    /// From its first byte on.
    Implicit,
    /// Not at all.
    None,
}

/// Bytes of a user's name. Those of providers are mail addresses or keys.
const USER_BYTES_MAX: usize = 320;

impl Relay {
    /// Its port.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            RelayTls::Starttls => 587,
            RelayTls::Implicit => 465,
            RelayTls::None => 25,
        })
    }

    /// What it lets a plugin do, in plain words.
    pub fn meaning(&self) -> String {
        let encrypted = if self.tls == RelayTls::None { ", not encrypted" } else { "" };
        let user = self.user.iter().map(|user| format!(", as {user}"));
        let password = self.password.iter().map(|name| format!(" with the secret {name}"));
        let login: String = user.chain(password).collect();
        format!("send mail to anyone through {self}{encrypted}{login}")
    }

    /// The first rule that it breaks, told as a sentence.
    pub fn fault(&self) -> Option<String> {
        if self.port == Some(0) {
            return Some("a port is 1 to 65535".into());
        }
        if self.user.is_some() != self.password.is_some() {
            return Some(
                "who logs in needs both: user = \"…\" and password = \"…\", which is the name of one \
                 of the shop's secrets"
                    .into(),
            );
        }
        if self.user.is_some() && self.tls == RelayTls::None {
            return Some(
                "a password does not go out unencrypted: write tls = \"starttls\" or tls = \
                 \"implicit\", or leave user and password out"
                    .into(),
            );
        }
        let printable = |user: &String| user.chars().all(|c| !c.is_control());
        match &self.user {
            Some(user) if user.is_empty() || user.len() > USER_BYTES_MAX || !printable(user) => {
                Some(format!("a user has 1 to {USER_BYTES_MAX} bytes and no line breaks"))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.server, self.port())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relay(text: &str) -> Relay {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn a_relay_has_the_usual_port_and_is_told_in_words() {
        for (tls, port) in [("starttls", 587), ("implicit", 465), ("none", 25)] {
            let text = format!("server = \"smtp.example.com\"\ntls = \"{tls}\"\n");
            assert_eq!((relay(&text).port(), relay(&text).fault()), (port, None), "{tls}");
        }
        let whole = "server = \"10.0.0.1\"\nport = 2525\nuser = \"shop\"\npassword = \"pass\"\n";
        assert_eq!(
            relay(whole).meaning(),
            "send mail to anyone through 10.0.0.1:2525, as shop with the secret pass"
        );
        assert_eq!(relay(whole).tls, RelayTls::Starttls);
        let bare = "server = \"localhost\"\ntls = \"none\"\n";
        assert!(relay(bare).meaning().ends_with("localhost:25, not encrypted"));
    }

    #[test]
    fn a_login_is_whole_and_encrypted() {
        for bad in [
            "server = \"a.test\"\nuser = \"shop\"\n",
            "server = \"a.test\"\npassword = \"pass\"\n",
            "server = \"a.test\"\ntls = \"none\"\nuser = \"shop\"\npassword = \"pass\"\n",
            "server = \"a.test\"\nuser = \"a\\nb\"\npassword = \"pass\"\n",
            "server = \"a.test\"\nuser = \"\"\npassword = \"pass\"\n",
            "server = \"a.test\"\nport = 0\n",
        ] {
            assert!(relay(bad).fault().is_some(), "{bad}");
        }
        for bad in ["server = \"a b\"\n", "server = \"a.test\"\ntls = \"maybe\"\n", "port = 1\n"] {
            assert!(toml::from_str::<Relay>(bad).is_err(), "{bad}");
        }
    }
}
