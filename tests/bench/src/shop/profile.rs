//! Where the processor time of a sale goes: the system tells the kernel's share of it, and `perf`, where it
//! is installed, looks a thousand times a second at what the host's process runs.

mod code;

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use self::code::{Code, Samples};
use super::checkouts::Seller;
use super::host::Shops;
use super::load::CLIENTS;
use crate::measure::{Spent, spent};
use crate::table::{Ratio, Table, millis};

/// Looks in a second: no multiple of what the system itself does in a rhythm.
const LOOKS: &str = "997";
/// Seconds that are looked at, at least: some ten thousand looks.
const SECONDS_MIN: u32 = 5;

/// Sells for a while and tells what the time of a sale went to.
pub fn profile(quoin: &Path, bundles: &Path, seconds: u32, table: &mut Table) -> Result<()> {
    let shops = Shops::open_one(quoin, bundles)?;
    eprintln!("Measuring where the time of a sale goes …");
    let mut seller = Seller::new("Quoin", shops.http, shops.process(), 1);
    seller.warm_up(&shops.variants)?;
    let seconds = seconds.max(SECONDS_MIN);
    let perf = Perf::start(shops.process(), shops.folder(), seconds)?;
    let before = spent(shops.process())?;
    for _ in 0..seconds {
        seller.sell(&shops.variants)?;
    }
    let after = spent(shops.process())?;
    let samples = match perf {
        Some(perf) => perf.samples(shops.folder()),
        None => Err("perf is not installed".to_owned()),
    };
    let spent = Spent { user: after.user - before.user, kernel: after.kernel - before.kernel };
    tell(seller.cost(), &spent, samples, table);
    Ok(())
}

fn tell(cost: f64, spent: &Spent, samples: Result<Samples, String>, table: &mut Table) {
    table.section(format!("Where the processor time of a sale goes; {CLIENTS} clients, one shop"));
    table.row("processor time of a sale", millis(cost), vec![]);
    let kernel = spent.kernel / (spent.user + spent.kernel);
    let mut part = |what: &str, share: f64| {
        let ratio = Ratio { is: share, of: "the time of a sale", aim: None };
        table.row(what, millis(cost * share), vec![ratio]);
    };
    match samples {
        Ok(samples) => {
            for code in Code::ALL {
                part(code.name(), samples.share(code) * (1.0 - kernel));
            }
            part("the kernel", kernel);
        }
        Err(why) => {
            part("the kernel", kernel);
            part("all else", 1.0 - kernel);
            table.row("the parts of all else", format!("not measured: {why}"), vec![]);
        }
    }
}

/// `perf` while it looks at a process.
struct Perf(Child);

impl Perf {
    /// Looks at the process for so long, if `perf` is installed. What it writes is in the folder.
    fn start(process: u32, folder: &Path, seconds: u32) -> Result<Option<Perf>> {
        let said = File::create(folder.join("perf.log"))?;
        let started = Command::new("perf")
            // No copy of the program is kept, and nothing is looked at for which one must be asked: no kernel.
            .args(["record", "-N", "-e", "cpu-clock:u", "-F", LOOKS, "-o", "perf.data", "-p"])
            .args([&process.to_string(), "--", "sleep", &seconds.to_string()])
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(said)
            .spawn();
        match started {
            Ok(perf) => Ok(Some(Perf(perf))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).context("perf does not run"),
        }
    }

    /// What it has seen, or why it has not.
    fn samples(mut self, folder: &Path) -> Result<Samples, String> {
        let told = |error: std::io::Error| error.to_string();
        if !self.0.wait().map_err(told)?.success() {
            let said = std::fs::read_to_string(folder.join("perf.log")).map_err(told)?;
            let line = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("it failed");
            return Err(format!("perf: {}", line.trim()));
        }
        let report = Command::new("perf")
            .args(["report", "-i", "perf.data", "--stdio", "-q", "-F", "sample,dso,sym", "-t", "|"])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output();
        let report = String::from_utf8_lossy(&report.map_err(told)?.stdout).into_owned();
        read(&report).map_err(|error| format!("{error:#}"))
    }
}

impl Drop for Perf {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Reads a report: lines of a count, a file and a symbol.
fn read(report: &str) -> Result<Samples> {
    let mut samples = Samples::default();
    for line in report.lines() {
        let mut fields = line.splitn(3, '|').map(str::trim);
        let (Some(count), Some(file), Some(symbol)) = (fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        let count = count.parse().with_context(|| format!("perf reports {line}"))?;
        // `[.]` and `[k]` before a symbol tell whose it is; the file tells that, too.
        let symbol = symbol.split_once("] ").map_or(symbol, |(_, symbol)| symbol);
        samples.add(Code::of(file, symbol), count);
    }
    ensure!(samples.total() > 0, "perf has seen nothing");
    Ok(samples)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "\
 30         |quoin          |[.] sqlite3VdbeExec
 20         |quoin          |[.] quoin_runtime::json::show
 50         |9de319dd.cwasm |[.] 0x0000000000001980

";

    #[test]
    fn a_report_is_read_and_its_counts_are_shares() {
        let samples = read(REPORT).unwrap();
        let shares = [Code::Guest, Code::Sql, Code::Values, Code::Other].map(|c| samples.share(c));
        assert_eq!(shares, [0.5, 0.3, 0.2, 0.0]);
        assert!(read("").is_err());
        assert!(read("many|quoin|[.] main").is_err());
    }

    #[test]
    fn parts_and_kernel_are_the_whole_and_what_was_not_measured_is_told() {
        let spent = Spent { user: 3.0, kernel: 1.0 };
        let rows = |samples| {
            let mut table = Table::default();
            tell(0.002, &spent, samples, &mut table);
            table.json(&crate::machine::Machine::look())["sections"][0]["rows"].clone()
        };
        let rows_with = rows(Ok(read(REPORT).unwrap()));
        let ratios = rows_with.as_array().unwrap().iter();
        let sum: f64 = ratios.filter_map(|row| row["ratios"][0]["ratio"].as_f64()).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{rows_with}");
        let without = rows(Err("perf is not installed".to_owned())).to_string();
        assert!(without.contains("0.50 ms"), "{without}");
        assert!(without.contains("not measured: perf is not installed"), "{without}");
    }
}
