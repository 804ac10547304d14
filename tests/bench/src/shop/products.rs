//! A product through gateway, plugin and SQLite, next to the same logic in a native server.

use std::net::SocketAddr;
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
/// What the host's throughput should be, in that of the native server.
const THROUGHPUT_MIN: f64 = 0.5;

/// One of the two servers.
struct Server {
    address: SocketAddr,
    process: u32,
    /// Requests in a second, for each turn.
    rates: Vec<f64>,
    requests: usize,
    /// Seconds of processor time that the requests took.
    busy: f64,
}

/// Measures both in turns.
pub fn products(shops: &Shops, seconds: u32, table: &mut Table) -> Result<()> {
    eprintln!("Measuring requests for a product …");
    let native = Native::start(&shops.copy()?, None)?;
    let requests = requests(shops);
    let compared = compare(shops.http, native.address, &requests)?;
    let mut servers = [(shops.http, shops.process()), (native.address, native.process())].map(
        |(address, process)| Server { address, process, rates: vec![], requests: 0, busy: 0.0 },
    );
    for server in &servers {
        // Warms caches and connections of the databases up.
        load(server.address, &requests)?;
    }
    for _ in 0..seconds.max(3) {
        for server in &mut servers {
            let before = processor_time(server.process)?;
            let (count, took) = load(server.address, &requests)?;
            server.busy += processor_time(server.process)? - before;
            server.requests += count;
            server.rates.push(count as f64 / took);
        }
    }
    let [quoin, native] = servers.map(|mut s| (median(&mut s.rates), s.busy / s.requests as f64));
    table.section(format!(
        "GET of a product, {CLIENTS} connections, {compared} products with equal answers"
    ));
    table.row("one native server with hyper and rusqlite", rate(native.0), vec![]);
    let aim = Some(Aim::AtLeast(THROUGHPUT_MIN));
    let ratio = Ratio { is: quoin.0 / native.0, of: "the native throughput", aim };
    table.row("Quoin: gateway, plugin, SQLite", rate(quoin.0), vec![ratio]);
    table.row("processor time of a request, native", micros(native.1), vec![]);
    let ratio = Ratio { is: quoin.1 / native.1, of: "the native time", aim: None };
    table.row("processor time of a request, Quoin", micros(quoin.1), vec![ratio]);
    Ok(())
}

fn requests(shops: &Shops) -> Vec<Vec<u8>> {
    let path = |slug| format!("/products/{slug}");
    shops.slugs.iter().map(|slug| request("GET", &path(slug), &domain(0), "", b"")).collect()
}

/// Asks the server for the products in turn; returns how many answers came in how many seconds.
fn load(address: SocketAddr, requests: &[Vec<u8>]) -> Result<(usize, f64)> {
    let requests = requests.to_vec();
    let get = async move |connection: &mut Connection, client: usize, number: usize| {
        let reply = connection.send(&requests[(client + number) % requests.len()]).await?;
        ensure!(reply.status == 200, "the server answered {}", reply.status);
        Ok(())
    };
    let (done, took) = drive(address, CLIENTS, TURN, get)?;
    Ok((done.len(), took))
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
