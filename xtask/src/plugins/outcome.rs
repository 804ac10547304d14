//! What came of each plugin, for people and for programs.

use std::path::PathBuf;

use quoin_core::Digest;
use serde_json::{Value, json};

use crate::place::Place;

/// What came of a plugin, or of a whole workspace that does not compile.
pub(crate) struct Outcome {
    /// The plugin's name, or the workspace's folder.
    pub name: String,
    /// Where the plugin's bundle is, or would be.
    pub file: Option<PathBuf>,
    /// What was done.
    pub state: State,
}

/// What was done with a plugin.
pub(crate) enum State {
    /// The bundle is new.
    Built { size: usize, digest: Digest },
    /// The bundle was there already.
    Unchanged { size: usize, digest: Digest },
    /// The bundle could not be built on this machine.
    Skipped(String),
    /// The bundle was of a plugin that is no more, and is gone.
    Removed,
    /// The plugin makes no sound bundle.
    Failed(String),
}

impl State {
    fn word(&self) -> &'static str {
        match self {
            State::Built { .. } => "built",
            State::Unchanged { .. } => "unchanged",
            State::Skipped(_) => "skipped",
            State::Removed => "removed",
            State::Failed(_) => "failed",
        }
    }
}

/// A line for each plugin.
pub(super) fn text(outcomes: &[Outcome], place: &Place) -> String {
    let width = outcomes.iter().map(|o| o.name.len()).max().unwrap_or_default();
    let line = |outcome: &Outcome| {
        let told = match &outcome.state {
            State::Built { size, .. } | State::Unchanged { size, .. } => {
                let file = outcome.file.as_deref().unwrap_or(&place.target);
                format!("{:>9}  {}", kib(*size), place.shown(file))
            }
            State::Skipped(why) | State::Failed(why) => why.clone(),
            State::Removed => "no plugin has this name any more".into(),
        };
        format!("{:>9}  {:<width$}  {told}\n", outcome.state.word(), outcome.name)
    };
    outcomes.iter().map(line).collect()
}

fn kib(bytes: usize) -> String {
    let tenths = bytes.saturating_mul(10) / 1024;
    format!("{}.{} KiB", tenths / 10, tenths % 10)
}

/// A list of objects with `name`, `state`, `file` (or null), and where they apply `size` in bytes, `digest` and
/// `reason`.
pub(super) fn json(outcomes: &[Outcome]) -> Value {
    let object = |outcome: &Outcome| {
        let mut value =
            json!({ "name": outcome.name, "state": outcome.state.word(), "file": outcome.file });
        match &outcome.state {
            State::Built { size, digest } | State::Unchanged { size, digest } => {
                value["size"] = json!(size);
                value["digest"] = json!(digest);
            }
            State::Skipped(why) | State::Failed(why) => value["reason"] = json!(why),
            State::Removed => {}
        }
        value
    };
    outcomes.iter().map(object).collect()
}
