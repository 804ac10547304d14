//! The machine that the numbers are from.

use std::fmt;

use serde::Serialize;

/// What a reader must know of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Machine {
    /// Processors that this process may use.
    cores: usize,
    /// The processor's name.
    processor: String,
    /// The kernel's release.
    kernel: String,
    /// Processes that ran or waited to run over the last minute, before anything was measured: a
    /// machine that does other work gives other numbers.
    load_before: String,
}

impl Machine {
    /// Reads what Linux tells; what it does not tell is `unknown`.
    pub fn look() -> Machine {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        let known = |text: Option<&str>| text.map_or("unknown", str::trim).to_owned();
        let cpu = read("/proc/cpuinfo");
        let model = cpu.lines().find(|l| l.starts_with("model name"));
        Machine {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            processor: known(model.and_then(|l| l.split(':').nth(1))),
            kernel: known(read("/proc/sys/kernel/osrelease").lines().next()),
            load_before: known(read("/proc/loadavg").split(' ').next()),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Machine { cores, processor, kernel, load_before } = self;
        write!(f, "{cores} cores, {processor}, Linux {kernel}; load before: {load_before}")
    }
}
