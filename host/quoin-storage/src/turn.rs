//! A turn at the writer, as it is asked for and as it is counted.

use std::sync::Arc;
use std::time::{Duration, Instant};

/// A turn at the writer that is asked for.
#[derive(Debug, Clone)]
pub struct Turn<'a> {
    /// The plugin whose function the request called.
    pub plugin: &'a Arc<str>,
    /// The function.
    pub function: &'a Arc<str>,
    /// How long the request may have the writer.
    pub limit: Duration,
    /// Whether it must have its transaction for itself: it has lost one already.
    pub alone: bool,
    /// When waiting is over.
    pub deadline: Instant,
}

/// How long the requests of a plugin had the writer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    /// Turns at the writer.
    pub turns: u64,
    /// All of them together.
    pub total: Duration,
    /// The longest of them.
    pub longest: Duration,
}
