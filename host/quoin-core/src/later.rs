//! Later calls: what a request asked for that runs after it was committed.

use crate::manifest::FEED;

/// A call that was asked for and has not been done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaterCall {
    /// Its number in the shop, never given again.
    pub number: u64,
    /// The installation whose function it calls.
    pub plugin: String,
    /// The interface, as its asker needs it, with version.
    pub interface: String,
    /// The function.
    pub function: String,
    /// The parameters by name, JSON.
    pub params: String,
    /// When it may run, milliseconds since 1970.
    pub due: u64,
    /// Of its asker's calls of this function, at most one with this key is outstanding.
    pub key: Option<String>,
    /// Calls of a plugin with the same order run one after another.
    pub order: Option<String>,
    /// The installation that asked for it.
    pub asker: String,
    /// On whose behalf: the role and, after a colon, the id of whom the first request was for.
    pub behalf: String,
    /// The id of the request that asked for it.
    pub trace: String,
    /// The later call in which it was asked for, if it was in one.
    pub cause: Option<u64>,
    /// How many later calls led to it, itself included. A call that goes on with what a call of the same
    /// function has begun, under a key, is none more.
    pub depth: u32,
    /// When it was asked for, milliseconds since 1970.
    pub asked: u64,
    /// How often it was tried in vain.
    pub tries: u32,
    /// Why the last try failed, or why it cannot be tried now.
    pub error: Option<String>,
    /// Whether it is not tried any more until an operator says so.
    pub parked: bool,
}

impl LaterCall {
    /// `interface#function`.
    pub fn label(&self) -> String {
        format!("{}#{}", self.interface, self.function)
    }

    /// For one that tells a plugin of another call: the kind of that one, `interface#function` without
    /// version.
    pub fn heard(&self) -> Option<String> {
        #[derive(serde::Deserialize)]
        struct Params {
            event: Event,
        }
        #[derive(serde::Deserialize)]
        struct Event {
            kind: String,
        }
        if self.interface.split('@').next() != Some(FEED) {
            return None;
        }
        serde_json::from_str::<Params>(&self.params).ok().map(|params| params.event.kind)
    }
}

/// A later call that is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoneCall {
    /// The call as it was when it ran for the last time.
    pub call: LaterCall,
    /// When that was committed, milliseconds since 1970.
    pub done: u64,
}

/// Which of a shop's later calls are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LaterFilter {
    /// Those of this plugin alone.
    pub plugin: Option<String>,
    /// Those that a request with this id, or what it led to, asked for.
    pub trace: Option<String>,
    /// Those that are parked, or those that are not.
    pub parked: Option<bool>,
    /// Those with a greater number.
    pub after: u64,
    /// How many at most.
    pub limit: Option<u32>,
}

/// How many later calls of a shop are outstanding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LaterCounts {
    /// Those that wait for their time, their turn or the next try.
    pub waiting: u64,
    /// Those that are parked.
    pub parked: u64,
    /// When the one was to run first that waits the longest, milliseconds since 1970.
    pub oldest_due: Option<u64>,
}
