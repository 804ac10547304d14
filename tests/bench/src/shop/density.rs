//! What a shop costs that sleeps, and one that is awake: a host with one, and the same host with many.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::host::{Shops, domain, tenant};
use crate::http::{Connection, request};
use crate::measure::{percentile, processor_time};
use crate::table::{Aim, Ratio, Table, figures, millis};

/// Seconds after which shops sleep here.
const SLEEP: u64 = 5;
/// How long a host is looked at that does nothing, at least: processor time is told in hundredths of a
/// second.
const LOOK: Duration = Duration::from_secs(30);
/// How long all shops may take to sleep.
const PATIENCE: Duration = Duration::from_secs(120);
/// Shops that are woken to see what one takes that is awake: so few that none sleeps again meanwhile.
const WOKEN: usize = 50;
/// What a request is to a shop that sleeps.
const PATH: &str = "/products";

/// What a process takes.
struct Taken {
    /// Bytes of memory that are its own alone.
    memory: f64,
    /// Open files.
    files: f64,
}

/// Measures a host with one shop, and with `shops` of them.
pub fn density(
    quoin: &Path,
    bundles: &Path,
    shops: u32,
    seconds: u32,
    table: &mut Table,
) -> Result<()> {
    let shops = usize::try_from(shops)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut host = Shops::open_sleepy(quoin, bundles, SLEEP)?;
    let look = LOOK.max(Duration::from_secs(seconds.into()));
    restarted(&mut host)?;
    eprintln!("Measuring a host with one shop …");
    let one_fresh = taken(host.process())?;
    runtime.block_on(first_request(&host, 0))?;
    until_all_sleep(&host)?;
    let (one, idle_one) = (taken(host.process())?, idle(host.process(), look)?);

    eprintln!("Opening {shops} shops …");
    runtime.block_on(multiply(&host, shops))?;
    let restart = restarted(&mut host)?;
    eprintln!("Measuring a host with {shops} shops that sleep …");
    let (fresh, idle_many) = (taken(host.process())?, idle(host.process(), look)?);
    let mut waits = Vec::with_capacity(shops);
    // The first one loads what all have in common.
    let (mut woken, last) = (Vec::new(), WOKEN.min(shops - 1));
    for number in 0..shops {
        waits.push(runtime.block_on(first_request(&host, number))?);
        if number == 0 || number == last {
            woken.push(taken(host.process())?);
        }
    }
    until_all_sleep(&host)?;
    let again = taken(host.process())?;

    table.section(format!("A host with {shops} shops of seven plugins that sleep"));
    let percent = |share: f64| format!("{} %", figures(share * 100.0));
    for (what, share) in [("1 shop", idle_one), (&*format!("{shops} shops"), idle_many)] {
        let aim = Some(Aim::AtMost(1.0));
        let ratio = Ratio { is: share / 0.0005, of: "0.05 % of a core", aim };
        table.row(format!("an idle host with {what}"), percent(share), vec![ratio]);
    }
    let others = (shops - 1) as f64;
    let both = [("since the start", &fresh, &one_fresh), ("after it was awake", &again, &one)];
    for (what, many, one) in both {
        let bytes = ((many.memory - one.memory) / others).max(0.0);
        let ratio = Ratio { is: bytes / 102_400.0, of: "100 KiB", aim: Some(Aim::AtMost(1.0)) };
        let kib = format!("{} KiB", figures(bytes / 1_024.0));
        table.row(format!("memory of a shop that sleeps {what}"), kib, vec![ratio]);
    }
    let files = again.files - one.files;
    let ratio = Ratio { is: files, of: "a file", aim: Some(Aim::AtMost(0.0)) };
    table.row("open files of all shops that sleep", figures(files), vec![ratio]);
    if let [first, all] = &woken[..] {
        let each = |all: f64, first: f64| (all - first) / last as f64;
        let memory = format!("{:.1} MiB", each(all.memory, first.memory) / f64::from(1 << 20));
        table.row("memory of a shop after its first request", memory, vec![]);
        let files = figures(each(all.files, first.files));
        table.row("open files of a shop after its first request", files, vec![]);
    }
    let kib = format!("{} KiB", figures(size_of(&host.database(shops - 1))? / 1_024.0));
    table.row("a shop without goods on the disk", kib, vec![]);
    let ratio = Ratio { is: restart, of: "a second", aim: Some(Aim::AtMost(1.0)) };
    table.row("a restart until it is ready", millis(restart), vec![ratio]);
    for part in [50, 99] {
        let wait = percentile(&mut waits, part);
        let ratio = Ratio { is: wait / 0.02, of: "20 ms", aim: Some(Aim::AtMost(1.0)) };
        table.row(format!("first request of a shop, p{part}"), millis(wait), vec![ratio]);
    }
    Ok(())
}

/// Makes shops like the first one, until there are so many.
async fn multiply(host: &Shops, shops: usize) -> Result<()> {
    let mut admin = Connection::open(host.admin).await?;
    let headers = format!("authorization: Bearer {}\r\n", host.token()?);
    let of = |number: usize| format!("/v1/tenants/{}/shop", tenant(number));
    let first = request("GET", &of(0), "localhost", &headers, b"");
    let mut shop: Value = serde_json::from_slice(admin.send(&first).await?.body)?;
    for number in 1..shops {
        shop["name"] = json!(tenant(number));
        shop["domains"] = json!([domain(number)]);
        let body = shop.to_string();
        let put = request("PUT", &of(number), "localhost", &headers, body.as_bytes());
        let status = admin.send(&put).await?.status;
        ensure!(status == 200, "a shop was not made: {status}");
    }
    Ok(())
}

/// Starts the host again; returns the seconds until it is ready.
fn restarted(host: &mut Shops) -> Result<f64> {
    let began = Instant::now();
    host.restart()?;
    Ok(began.elapsed().as_secs_f64())
}

/// The seconds that a request to a shop takes, without those for the connection.
async fn first_request(host: &Shops, number: usize) -> Result<f64> {
    let mut connection = Connection::open(host.http).await?;
    let get = request("GET", PATH, &domain(number), "", b"");
    let began = Instant::now();
    let status = connection.send(&get).await?.status;
    ensure!(status == 200, "a shop answered {status}");
    Ok(began.elapsed().as_secs_f64())
}

fn until_all_sleep(host: &Shops) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    let data = host.folder().join("data/tenants");
    while open_files(host.process())?.iter().any(|file| file.starts_with(&data)) {
        ensure!(Instant::now() < deadline, "shops stayed awake for {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(200));
    }
    // What they gave back goes to the system little by little.
    std::thread::sleep(Duration::from_secs(2));
    Ok(())
}

/// The share of a core that a process uses for a while.
fn idle(process: u32, look: Duration) -> Result<f64> {
    let before = processor_time(process)?;
    std::thread::sleep(look);
    Ok((processor_time(process)? - before) / look.as_secs_f64())
}

fn taken(process: u32) -> Result<Taken> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let memory = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let memory = memory.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
    let memory = memory.context("the system does not tell of memory")? * 1_024.0;
    Ok(Taken { memory, files: open_files(process)?.len() as f64 })
}

/// Bytes of the files in the folder of a shop's database.
fn size_of(database: &Path) -> Result<f64> {
    let folder = database.parent().context("a database in no folder")?;
    let mut bytes = 0;
    for file in std::fs::read_dir(folder)? {
        bytes += file?.metadata()?.len();
    }
    Ok(bytes as f64)
}

fn open_files(process: u32) -> Result<Vec<std::path::PathBuf>> {
    let folder = std::fs::read_dir(format!("/proc/{process}/fd"))?;
    Ok(folder.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok()).collect())
}
