//! How a call can fail, apart from returning an error of its own.

use std::fmt;

use crate::Value;

/// What a call came to: the function's own result, or a failure.
pub type Outcome<T = Option<Value>> = Result<T, Failure>;

/// A call that gave no result. Nothing that it wrote was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The installation in which it failed.
    pub plugin: String,
    /// The function that was called, as `interface#function`.
    pub function: String,
    /// What happened.
    pub kind: FailureKind,
}

/// What happened to a call that gave no result. The texts are for the log and the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailureKind {
    /// The plugin trapped: a panic, an overflow of its stack, an access out of bounds.
    Trap(String),
    /// The deadline passed while the plugin ran or waited.
    Timeout,
    /// The request had the shop's one writer for longer than it may, in milliseconds.
    WriterTimeout(u32),
    /// The call went over a limit, which is named: host calls, bytes that cross, depth of calls.
    Limit(String),
    /// The plugin used this host interface without a grant.
    Denied(String),
    /// A function that may write was called where nothing may be written: in a request or below a
    /// function that is declared to read.
    Writes,
    /// The installation, the pool of instances or the database has no room now; the text says which.
    Overload(String),
    /// It returned what the one who asked cannot pass on.
    Inexpressible(String),
    /// There is no such function, or the values do not fit its parameters.
    BadCall(String),
    /// There is no room left to store what was written.
    Full(String),
    /// The host failed: its storage, most of the time.
    Host(String),
}

impl Failure {
    /// A failure of this function.
    pub fn new(plugin: impl fmt::Display, function: impl fmt::Display, kind: FailureKind) -> Self {
        Failure { plugin: plugin.to_string(), function: function.to_string(), kind }
    }

    /// A stable word for it; plugins see it as the value of `unavailable`.
    pub fn code(&self) -> &'static str {
        match self.kind {
            FailureKind::Trap(_) => "trap",
            FailureKind::Timeout => "timeout",
            FailureKind::WriterTimeout(_) => "writer-timeout",
            FailureKind::Limit(_) => "limit",
            FailureKind::Denied(_) => "denied",
            FailureKind::Writes => "writes",
            FailureKind::Overload(_) => "overload",
            FailureKind::Inexpressible(_) => "inexpressible-result",
            FailureKind::BadCall(_) => "bad-call",
            FailureKind::Full(_) => "full",
            FailureKind::Host(_) => "host",
        }
    }

    /// Whether the plugin itself is to blame, and not the load or the host.
    pub(crate) fn is_of_the_plugin(&self) -> bool {
        !matches!(
            self.kind,
            FailureKind::Overload(_)
                | FailureKind::BadCall(_)
                | FailureKind::Full(_)
                | FailureKind::Host(_)
        )
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failure { plugin, function, kind } = self;
        match kind {
            FailureKind::Trap(reason) => write!(f, "{plugin} trapped in {function}: {reason}"),
            FailureKind::Timeout => write!(f, "{plugin} did not finish {function} in time"),
            FailureKind::WriterTimeout(ms) => write!(
                f,
                "{plugin} had the shop's writer for more than {ms} ms in {function}: do long work in \
                 slices, or raise the limit write-ms"
            ),
            FailureKind::Limit(limit) => {
                write!(f, "{plugin} went over a limit in {function}: {limit}")
            }
            FailureKind::Denied(interface) => {
                write!(f, "{plugin} used {interface} in {function} without a grant")
            }
            FailureKind::Writes => write!(
                f,
                "{function} of {plugin} may write, and was called where nothing may be written: list \
                 it under `reads` if it only reads, or take its caller off that list"
            ),
            FailureKind::Overload(what) => write!(f, "{plugin} is busy: {what}"),
            FailureKind::Inexpressible(reason) => {
                write!(f, "{plugin} returned from {function} what cannot be sent: {reason}")
            }
            FailureKind::BadCall(why) => f.write_str(why),
            FailureKind::Full(reason) | FailureKind::Host(reason) => {
                write!(f, "the host failed in {plugin}: {reason}")
            }
        }
    }
}

impl std::error::Error for Failure {}
