//! How a call can fail, apart from returning an error of its own.

use crate::Value;

/// What a call came to: the function's own result, or a failure.
pub type Outcome = Result<Option<Value>, Failure>;

/// A call that gave no result. Nothing that it wrote was kept.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum Failure {
    /// The plugin trapped: a panic, an overflow of its stack, an access out of bounds.
    #[error("{plugin} trapped in {function}: {reason}")]
    Trap {
        /// The installation.
        plugin: String,
        /// The function that was called.
        function: String,
        /// The engine's words, for the log.
        reason: String,
    },
    /// The deadline passed while the plugin ran or waited.
    #[error("{plugin} did not finish {function} in time")]
    Timeout {
        /// The installation.
        plugin: String,
        /// The function that was called.
        function: String,
    },
    /// The call went over a limit: host calls, bytes that cross, depth of calls.
    #[error("{plugin} went over a limit in {function}: {limit}")]
    Limit {
        /// The installation.
        plugin: String,
        /// The function that was called.
        function: String,
        /// Which limit, and its value.
        limit: String,
    },
    /// The plugin used a host interface that it has no grant for.
    #[error("{plugin} used {interface} in {function} without a grant")]
    Denied {
        /// The installation.
        plugin: String,
        /// The function that was called.
        function: String,
        /// The host interface.
        interface: String,
    },
    /// The installation, or the pool of instances, has no room now.
    #[error("{plugin} is busy: {what}")]
    Overload {
        /// The installation.
        plugin: String,
        /// What is full.
        what: String,
    },
    /// It returned what the one who asked cannot pass on.
    #[error("{plugin} returned from {function} what cannot be sent: {reason}")]
    Inexpressible {
        /// The installation.
        plugin: String,
        /// The function that was called.
        function: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no such function, or the values do not fit its parameters.
    #[error("{0}")]
    BadCall(String),
    /// The host failed: its storage, most of the time.
    #[error("the host failed in {plugin}: {reason}")]
    Host {
        /// The installation.
        plugin: String,
        /// Why.
        reason: String,
        /// Whether a full disk or database is the reason.
        full: bool,
    },
}

impl Failure {
    /// A stable word for it; guests see it as the value of `unavailable`.
    pub fn code(&self) -> &'static str {
        match self {
            Failure::Trap { .. } => "trap",
            Failure::Timeout { .. } => "timeout",
            Failure::Limit { .. } => "limit",
            Failure::Denied { .. } => "denied",
            Failure::Overload { .. } => "overload",
            Failure::Inexpressible { .. } => "inexpressible-result",
            Failure::BadCall(_) => "bad-call",
            Failure::Host { full: true, .. } => "full",
            Failure::Host { .. } => "host",
        }
    }
}
