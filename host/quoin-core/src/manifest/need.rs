//! What a plugin needs of other plugins, and how it is bound.

use serde::{Deserialize, Serialize};

use super::InterfaceName;

/// A need: an interface of another plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Need {
    /// The interface.
    pub interface: InterfaceName,
    /// How many providers serve it, and how they are chosen.
    #[serde(default)]
    pub bind: Bind,
    /// For `all`: what happens when a provider fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<OnFailure>,
    /// For `all`: the time that each provider has, milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u32>,
}

/// How a needed interface is bound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bind {
    /// Exactly one provider.
    #[default]
    One,
    /// Every provider in a stated order; their lists are joined.
    All,
    /// The first parameter names the provider.
    Keyed,
    /// Every plugin that provides it, or the plugin itself: called after the request was committed.
    Later,
}

/// What happens to an `all` call when one provider fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// Its part is left out and the failure logged (fail-open).
    Skip,
    /// The call fails (fail-closed).
    Fail,
}
