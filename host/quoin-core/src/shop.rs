//! `shop.toml`: a shop as a declarative file, and the same with its bundles named by digest.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::limits::{DOMAINS_MAX, FEED_KINDS_MAX, LimitsChange, PLUGINS_MAX};
use crate::manifest::{HostInterface, HttpGrant, Kind, ManifestError, Relay};
use crate::{Digest, Domain, Name};

/// A shop. `B` names a bundle: a path in `shop.toml`, a [`Digest`] in the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Shop<B> {
    /// The tenant's name.
    pub name: Name,
    /// The host names that it answers to.
    #[serde(default)]
    pub domains: BTreeSet<Domain>,
    /// Its installations by name.
    #[serde(default = "BTreeMap::new")]
    pub plugins: BTreeMap<Name, Installation<B>>,
}

/// An installation as its owner wants it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Installation<B> {
    /// The bundle.
    pub bundle: B,
    /// The host interfaces that the owner lets it use.
    #[serde(default)]
    pub grants: BTreeSet<HostInterface>,
    /// The hosts, methods and secrets that the owner lets its requests to other systems have.
    #[serde(default, skip_serializing_if = "HttpGrant::is_empty")]
    pub http: HttpGrant,
    /// The relay that its mail goes through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<Relay>,
    /// The later calls of the shop that the owner lets it hear of.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub feed: BTreeSet<Kind>,
    /// Its configuration.
    #[serde(default)]
    pub config: BTreeMap<String, String>,
    /// Which installations serve what it needs, by interface (with or without version). Needed only
    /// where more than one could.
    #[serde(default)]
    pub bind: BTreeMap<String, Providers>,
    /// Changes to its limits.
    #[serde(default)]
    pub limits: LimitsChange,
}

impl<B> Installation<B> {
    /// The shop's secrets that the host may use for it.
    pub fn secrets(&self) -> impl Iterator<Item = &Name> {
        self.http.secrets.iter().chain(self.mail.iter().filter_map(|relay| relay.password.as_ref()))
    }
}

/// The providers of a needed interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Providers {
    /// `one`: an installation.
    One(Name),
    /// `all`: installations in order.
    All(Vec<Name>),
    /// `keyed`: installations by key.
    Keyed(BTreeMap<String, Name>),
}

/// A shop as the host keeps it.
pub type StoredShop = Shop<Digest>;

impl<B> Shop<B> {
    /// The first limit that the shop breaks, told as a sentence.
    pub fn fault(&self) -> Option<String> {
        if self.domains.len() > DOMAINS_MAX {
            return Some(format!("a shop has at most {DOMAINS_MAX} domains"));
        }
        if self.plugins.len() > PLUGINS_MAX {
            return Some(format!("a shop has at most {PLUGINS_MAX} plugins"));
        }
        if let Some((name, _)) = self.plugins.iter().find(|(_, i)| i.feed.len() > FEED_KINDS_MAX) {
            return Some(format!(
                "{name} hears of more than {FEED_KINDS_MAX} kinds of later calls"
            ));
        }
        None
    }

    /// The same shop with each bundle replaced by what `name` makes of it.
    ///
    /// # Errors
    /// The first error of `name`.
    pub fn try_map<C, E>(
        self,
        mut name: impl FnMut(&Name, B) -> Result<C, E>,
    ) -> Result<Shop<C>, E> {
        let plugins = (self.plugins.into_iter())
            .map(|(key, i)| {
                let bundle = name(&key, i.bundle)?;
                let Installation { grants, http, mail, feed, config, bind, limits, .. } = i;
                Ok((key, Installation { bundle, grants, http, mail, feed, config, bind, limits }))
            })
            .collect::<Result<_, E>>()?;
        Ok(Shop { name: self.name, domains: self.domains, plugins })
    }
}

impl Shop<String> {
    /// Reads the text of a shop file; `file` is what errors call it.
    ///
    /// # Errors
    /// The text is not TOML or not a shop; the message has file, line and column.
    pub fn parse(file: &str, text: &str) -> Result<Shop<String>, ManifestError> {
        let shop: Shop<String> =
            toml::from_str(text).map_err(|e| ManifestError::in_file(file, &e))?;
        match shop.fault() {
            None => Ok(shop),
            Some(fault) => Err(ManifestError::in_file(file, &fault)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shop_file_is_read() {
        let shop = Shop::parse(
            "shop.toml",
            r#"
name = "demo"
domains = ["localhost"]
[plugins.library]
bundle = "library.wasm"
grants = ["sql", "clock"]
config = { colour = "red" }
[plugins.desk]
bundle = "desk.wasm"
bind = { "acme:library/books" = "library", "a:b/c" = ["x", "y"], "d:e/f" = { red = "psp" } }
"#,
        )
        .unwrap();
        let desk = &shop.plugins["desk"];
        assert_eq!(desk.bind["acme:library/books"], Providers::One("library".parse().unwrap()));
        assert!(matches!(desk.bind["a:b/c"], Providers::All(_)));
        assert!(matches!(desk.bind["d:e/f"], Providers::Keyed(_)));
    }

    #[test]
    fn an_unknown_key_is_named_with_its_file_and_line() {
        let text = "name = \"demo\"\ncolour = 1\n";
        let e = Shop::parse("mine.toml", text).unwrap_err().to_string();
        assert!(
            e.starts_with("mine.toml: ") && e.contains("line 2") && e.contains("colour"),
            "{e}"
        );
    }
}
