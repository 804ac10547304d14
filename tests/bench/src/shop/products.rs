//! A product through gateway, plugin and SQLite, next to the same logic in a native server.

use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::host::{Shops, domain};
use super::load::{CLIENTS, drive};
use super::native::Native;
use crate::http::{Connection, request};
use crate::measure::{median, processor_time};
use crate::table::{Aim, Ratio, Table, micros, rate};

/// How long a server is asked before it is the other's turn.
const TURN: Duration = Duration::from_secs(1);
/// What the host's throughput should be, in that of the native server, where it has kept the answer and
/// where it has not.
const KEPT_MIN: f64 = 1.0;
const COMPUTED_MIN: f64 = 0.6;

/// Characters of a slug that can be written in so many ways that none comes again.
const SLUG_MIN: usize = 16;

/// One of those that are asked.
struct Server {
    address: SocketAddr,
    process: u32,
    /// Each request is written in another way, so that no answer to it is kept.
    anew: bool,
    /// Requests in a second, for each turn.
    rates: Vec<f64>,
    requests: usize,
    /// Seconds of processor time that the requests took.
    busy: f64,
}

/// Measures all in turns.
pub fn products(shops: &Shops, seconds: u32, table: &mut Table) -> Result<()> {
    eprintln!("Measuring requests for a product …");
    let native = Native::start(&shops.copy()?, None)?;
    let requests = requests(shops);
    let compared = compare(shops.http, native.address, &requests)?;
    let quoin = (shops.http, shops.process());
    let asked = [(quoin, false), (quoin, true), ((native.address, native.process()), false)];
    let mut servers = asked.map(|((address, process), anew)| Server {
        address,
        process,
        anew,
        rates: vec![],
        requests: 0,
        busy: 0.0,
    });
    let mut written = 0;
    for server in &servers {
        // Warms caches and connections of the databases up.
        load(server, &requests, &mut written)?;
    }
    for _ in 0..seconds.max(3) {
        for server in &mut servers {
            let before = processor_time(server.process)?;
            let (count, took) = load(server, &requests, &mut written)?;
            server.busy += processor_time(server.process)? - before;
            server.requests += count;
            server.rates.push(count as f64 / took);
        }
    }
    let [kept, computed, native] =
        servers.map(|mut s| (median(&mut s.rates), s.busy / s.requests as f64));
    table.section(format!(
        "GET of a product, {CLIENTS} connections, {compared} products with equal answers"
    ));
    table.row("one native server with hyper and rusqlite", rate(native.0), vec![]);
    for (name, (speed, _), least) in [
        ("Quoin: a kept answer", kept, KEPT_MIN),
        ("Quoin: gateway, plugin, SQLite", computed, COMPUTED_MIN),
    ] {
        let aim = Some(Aim::AtLeast(least));
        let ratio = Ratio { is: speed / native.0, of: "the native throughput", aim };
        table.row(name, rate(speed), vec![ratio]);
    }
    table.row("processor time of a request, native", micros(native.1), vec![]);
    for (name, (_, cost)) in [("kept", kept), ("computed", computed)] {
        let ratio = Ratio { is: cost / native.1, of: "the native time", aim: None };
        let name = format!("processor time of a request, Quoin, {name}");
        table.row(name, micros(cost), vec![ratio]);
    }
    Ok(())
}

fn requests(shops: &Shops) -> Vec<Vec<u8>> {
    let path = |slug| format!("/products/{slug}");
    shops.slugs.iter().map(|slug| request("GET", &path(slug), &domain(0), "", b"")).collect()
}

/// Asks the server for the products in turn; returns how many answers came in how many seconds.
/// `written` counts the ways in which requests were written.
fn load(server: &Server, requests: &[Vec<u8>], written: &mut u64) -> Result<(usize, f64)> {
    let (anew, first) = (server.anew, *written);
    // A short slug cannot be written in many ways.
    let usable = |request: &&Vec<u8>| !anew || slug(request).len() >= SLUG_MIN;
    let requests: Vec<_> = requests.iter().filter(usable).cloned().collect();
    let get = async move |connection: &mut Connection, client: usize, number: usize| {
        let plain = &requests[(client + number) % requests.len()];
        let reply = match anew {
            true => {
                let way = first + (number * CLIENTS + client) as u64;
                connection.send(&in_another_way(plain, way)).await?
            }
            false => connection.send(plain).await?,
        };
        ensure!(reply.status == 200, "the server answered {}", reply.status);
        Ok(())
    };
    let (done, took) = drive(server.address, CLIENTS, TURN, get)?;
    // Clients differ in how many they have sent.
    *written += 2 * (done.len() + CLIENTS) as u64 * CLIENTS as u64;
    Ok((done.len(), took))
}

/// The slug of a request for a product.
fn slug(request: &[u8]) -> Range<usize> {
    let end = request.windows(6).position(|bytes| bytes == b" HTTP/").unwrap_or(request.len());
    let slash = request[..end].iter().rposition(|byte| *byte == b'/');
    slash.map_or(0, |slash| slash + 1)..end
}

/// The request with some characters of its slug percent-encoded: those of the bits of `way`. It asks for
/// the same, and is another question to whoever keeps answers.
fn in_another_way(request: &[u8], way: u64) -> Vec<u8> {
    let slug = slug(request);
    let mut written = request[..slug.start].to_vec();
    for (i, byte) in request[slug.clone()].iter().enumerate() {
        match way.checked_shr(i as u32).is_some_and(|bits| bits & 1 == 1) {
            true => written.extend(format!("%{byte:02x}").bytes()),
            false => written.push(*byte),
        }
    }
    written.extend(&request[slug.end..]);
    written
}

/// Checks that both servers say the same about every product.
fn compare(quoin: SocketAddr, native: SocketAddr, requests: &[Vec<u8>]) -> Result<usize> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (mut quoin, mut native) =
            (Connection::open(quoin).await?, Connection::open(native).await?);
        for request in requests {
            let (ours, theirs) = (quoin.send(request).await?, native.send(request).await?);
            let text = |body| String::from_utf8_lossy(body).into_owned();
            ensure!(
                (ours.status, ours.body) == (200, theirs.body),
                "the servers do not say the same:\n{} {}\n{} {}",
                ours.status,
                text(ours.body),
                theirs.status,
                text(theirs.body)
            );
        }
        Ok(requests.len())
    })
}
