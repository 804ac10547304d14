//! A shop's log: the newest lines of its plugins, in memory.

use std::collections::VecDeque;
use std::sync::Mutex;

use quoin_core::Clock;
use quoin_core::limits::{LOG_LINES_KEPT, LOG_MESSAGE_BYTES_MAX};
use tokio::sync::Notify;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For the plugin's developer.
    Debug,
    /// Worth knowing.
    Info,
    /// Something may be wrong.
    Warn,
    /// Something is wrong.
    Error,
}

impl Level {
    /// The level as a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        }
    }
}

/// A line of the log.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its place in the shop's log, growing by one.
    pub number: u64,
    /// Milliseconds since 1970: when it was written by whom it is of.
    pub at_ms: u64,
    /// How much it matters.
    pub level: Level,
    /// The installation that wrote it, or that the host writes about.
    pub plugin: String,
    /// The id that all calls of one request share; empty where a line belongs to no request.
    pub trace: String,
    /// The text.
    pub message: String,
}

/// The log of a tenant: the newest [`LOG_LINES_KEPT`] lines.
pub struct Log {
    clock: Clock,
    lines: Mutex<(u64, VecDeque<Line>)>,
    written: Notify,
}

impl Log {
    /// An empty log.
    pub fn new(clock: Clock) -> Log {
        Log { clock, lines: Mutex::default(), written: Notify::new() }
    }

    /// Writes a line; long messages are cut.
    pub fn write(&self, level: Level, plugin: &str, trace: &str, message: &str) {
        self.add([self.line(level, plugin, trace, message)]);
    }

    /// A line of now that is not in the log yet, and has no number before it is.
    pub(crate) fn line(&self, level: Level, plugin: &str, trace: &str, message: &str) -> Line {
        Line {
            number: 0,
            at_ms: self.clock.now_ms(),
            level,
            plugin: plugin.into(),
            trace: trace.into(),
            message: cut(message, LOG_MESSAGE_BYTES_MAX).into(),
        }
    }

    /// Puts lines into the log, in their order.
    pub(crate) fn add(&self, added: impl IntoIterator<Item = Line>) {
        let mut lines = self.lines.lock().unwrap_or_else(|e| e.into_inner());
        for mut line in added {
            let Line { level, plugin, trace, message, .. } = &line;
            tracing::debug!(plugin, trace, level = level.as_str(), "{message}");
            lines.0 += 1;
            line.number = lines.0;
            if lines.1.len() >= LOG_LINES_KEPT {
                lines.1.pop_front();
            }
            lines.1.push_back(line);
        }
        drop(lines);
        self.written.notify_waiters();
    }

    /// The lines after number `after`, oldest first, at most `limit` of the newest.
    pub fn after(&self, after: u64, limit: usize) -> Vec<Line> {
        let lines = self.lines.lock().unwrap_or_else(|e| e.into_inner());
        let fresh: Vec<_> = lines.1.iter().filter(|l| l.number > after).cloned().collect();
        let skip = fresh.len().saturating_sub(limit);
        fresh.into_iter().skip(skip).collect()
    }

    /// Waits until a line after number `after` has been written.
    pub async fn wait(&self, after: u64) {
        loop {
            let written = self.written.notified();
            tokio::pin!(written);
            written.as_mut().enable();
            if self.lines.lock().unwrap_or_else(|e| e.into_inner()).0 > after {
                return;
            }
            written.await;
        }
    }
}

fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_lines_are_kept_and_long_ones_are_cut() {
        let log = Log::new(Clock::system());
        for i in 0..LOG_LINES_KEPT + 5 {
            log.write(Level::Info, "p", "t", &i.to_string());
        }
        log.write(Level::Info, "p", "t", &"ä".repeat(LOG_MESSAGE_BYTES_MAX));
        let lines = log.after(0, usize::MAX);
        assert_eq!(lines.len(), LOG_LINES_KEPT);
        assert_eq!(lines[0].message, "6");
        assert!(lines.last().unwrap().message.len() <= LOG_MESSAGE_BYTES_MAX);
        assert_eq!(log.after(lines.last().unwrap().number - 1, 10).len(), 1);
    }
}
