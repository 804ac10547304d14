//! A shop's log: the newest lines of its plugins, in memory.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use quoin_core::limits::{LOG_LINES_KEPT, LOG_MESSAGE_BYTES_MAX};
use quoin_core::{Clock, visible};
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
    /// The text, as it was written; it may have line breaks and characters that act on a terminal.
    pub message: String,
    /// Whether the plugin itself wrote it, and not the host about it.
    pub(crate) of_guest: bool,
}

impl Line {
    /// The memory that it takes.
    fn bytes(&self) -> usize {
        size_of::<Line>() + self.plugin.len() + self.trace.len() + self.message.len()
    }
}

/// The log of a tenant: the newest [`LOG_LINES_KEPT`] lines, shared fairly. Where there are more, the
/// oldest one of whoever has the most lines goes; what a plugin writes and what the host writes about it
/// are of two.
pub struct Log {
    clock: Clock,
    lines: Mutex<Lines>,
    written: Notify,
}

/// The lines that are kept, by who wrote them.
#[derive(Default)]
struct Lines {
    /// The number of the newest line that there has been.
    newest: u64,
    kept: usize,
    /// Each has lines.
    writers: Vec<Writer>,
}

/// The lines of one writer, oldest first.
struct Writer {
    plugin: String,
    of_guest: bool,
    lines: VecDeque<Line>,
}

impl Lines {
    fn push(&mut self, line: Line) {
        let of = |w: &&mut Writer| w.of_guest == line.of_guest && w.plugin == line.plugin;
        match self.writers.iter_mut().find(of) {
            Some(writer) => writer.lines.push_back(line),
            None => {
                let (plugin, of_guest) = (line.plugin.clone(), line.of_guest);
                self.writers.push(Writer { plugin, of_guest, lines: VecDeque::from([line]) });
            }
        }
        self.kept += 1;
        if self.kept > LOG_LINES_KEPT {
            self.drop_one();
        }
    }

    /// Drops the oldest line of who has the most; of several, the oldest of all.
    fn drop_one(&mut self) {
        let size = |(_, w): &(usize, &Writer)| {
            (w.lines.len(), Reverse(w.lines.front().map(|line| line.number)))
        };
        let most = self.writers.iter().enumerate().max_by_key(size).map(|(at, _)| at);
        let Some((at, writer)) = most.and_then(|at| Some((at, self.writers.get_mut(at)?))) else {
            return;
        };
        self.kept -= usize::from(writer.lines.pop_front().is_some());
        if writer.lines.is_empty() {
            self.writers.swap_remove(at);
        }
    }
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
            of_guest: false,
        }
    }

    /// Puts lines into the log, in their order.
    pub(crate) fn add(&self, added: impl IntoIterator<Item = Line>) {
        let mut lines = self.lines();
        for mut line in added {
            let Line { level, plugin, trace, message, .. } = &line;
            tracing::debug!(plugin, trace, level = level.as_str(), "{}", visible::line(message));
            lines.newest += 1;
            line.number = lines.newest;
            lines.push(line);
        }
        drop(lines);
        self.written.notify_waiters();
    }

    /// The lines after number `after`, oldest first, at most `limit` of the newest.
    pub fn after(&self, after: u64, limit: usize) -> Vec<Line> {
        let lines = self.lines();
        let mut fresh = Vec::new();
        for Writer { lines, .. } in &lines.writers {
            let old = lines.partition_point(|line| line.number <= after);
            fresh.extend(lines.range(old..).cloned());
        }
        drop(lines);
        fresh.sort_unstable_by_key(|line| line.number);
        fresh.split_off(fresh.len().saturating_sub(limit))
    }

    /// Gives the memory back of all but the newest lines: those that take `bytes` together, at most.
    pub fn shrink(&self, bytes: usize) {
        let mut lines = self.lines();
        let all = lines.writers.iter().flat_map(|writer| &writer.lines);
        let mut all: Vec<_> = all.map(|line| (Reverse(line.number), line.bytes())).collect();
        all.sort_unstable();
        let (mut taken, mut oldest) = (0, lines.newest + 1);
        for (Reverse(number), size) in all {
            taken += size;
            if taken > bytes {
                break;
            }
            oldest = number;
        }
        for writer in &mut lines.writers {
            writer.lines.retain(|line| line.number >= oldest);
            writer.lines.shrink_to_fit();
        }
        lines.writers.retain(|writer| !writer.lines.is_empty());
        lines.writers.shrink_to_fit();
        lines.kept = lines.writers.iter().map(|writer| writer.lines.len()).sum();
    }

    /// Waits until a line after number `after` has been written.
    pub async fn wait(&self, after: u64) {
        loop {
            let written = self.written.notified();
            tokio::pin!(written);
            written.as_mut().enable();
            if self.lines().newest > after {
                return;
            }
            written.await;
        }
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
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

    #[test]
    fn who_writes_the_most_loses_its_own_oldest_lines_and_nobody_elses() {
        let log = Log::new(Clock::system());
        let of_guest = |plugin: &str, i: usize| {
            let line = log.line(Level::Info, plugin, "t", &i.to_string());
            log.add([Line { of_guest: true, ..line }]);
        };
        let kept = |plugin: &str, of_guest: bool| {
            let lines = log.after(0, usize::MAX).into_iter();
            let of = |l: &Line| l.plugin == plugin && l.of_guest == of_guest;
            lines.filter(of).map(|l| l.message.parse().unwrap()).collect::<Vec<usize>>()
        };
        of_guest("quiet", 0);
        log.write(Level::Error, "loud", "t", "1");
        for i in 0..LOG_LINES_KEPT * 2 {
            of_guest("loud", i);
        }
        assert_eq!((kept("quiet", true), kept("loud", false)), (vec![0], vec![1]));
        // Another one that comes later gets as much of it as those who were there.
        for i in 0..LOG_LINES_KEPT * 2 {
            of_guest("late", i);
        }
        let (loud, late) = (kept("loud", true), kept("late", true));
        assert_eq!(loud.len() + late.len() + 2, LOG_LINES_KEPT);
        assert!(loud.len().abs_diff(late.len()) <= 1, "{} {}", loud.len(), late.len());
        assert_eq!([loud.last(), late.last()], [Some(&(LOG_LINES_KEPT * 2 - 1)); 2]);
        let lines = log.after(0, usize::MAX);
        assert_eq!(lines.len(), LOG_LINES_KEPT);
        assert!(lines.windows(2).all(|two| two[0].number < two[1].number));
        assert_eq!(log.after(0, 3).len(), 3);
        assert_eq!(log.after(0, 3)[2].number, lines[LOG_LINES_KEPT - 1].number);
    }

    #[test]
    fn a_log_that_gives_memory_back_keeps_the_newest_lines_and_goes_on_counting() {
        let log = Log::new(Clock::system());
        for i in 0..100 {
            log.write(Level::Info, ["a", "b"][i % 2], "t", &i.to_string());
        }
        let numbers =
            |after| log.after(after, usize::MAX).iter().map(|line| line.number).collect::<Vec<_>>();
        let one = log.after(99, 1)[0].bytes();
        log.shrink(3 * one);
        assert_eq!(numbers(0), [98, 99, 100]);
        log.write(Level::Info, "a", "t", "x");
        assert_eq!(numbers(99), [100, 101]);
        log.shrink(0);
        assert!(numbers(0).is_empty());
        let lines = log.lines();
        assert_eq!((lines.kept, lines.writers.len()), (0, 0));
        drop(lines);
        log.write(Level::Info, "b", "t", "x");
        assert_eq!(numbers(0), [102]);
    }
}
