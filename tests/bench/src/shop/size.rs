//! A shop of the size of a real one: how fast it is filled, what each request takes, and how many orders it
//! takes of baskets that are as long as real ones.

mod fill;
mod replay;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use quoin_harness::large::Large;
use serde_json::Value;

use super::host::{Shops, domain};
use crate::http::{Connection, request};
use crate::measure::{percentile, processor_time};
use crate::table::{Aim, Ratio, Table, millis, rate};

/// Requests of each kind, by one client, one after the other.
const REQUESTS: u64 = 300;
/// What the middle one of them should take at most, and a search by words.
const MOST: f64 = 0.010;
const MOST_BY_WORDS: f64 = 0.030;
/// Products that should be imported in a second.
const IMPORTED: f64 = 10_000.0;
/// Orders that should be placed in a second.
const ORDERS: f64 = 150.0;
/// Baskets that are ordered.
const BASKETS: u64 = 2_000;
/// Lines of the longest basket.
const LINES: usize = 161;

/// Fills a shop with so many products and measures it.
pub fn size(quoin: &Path, bundles: &Path, products: u64, table: &mut Table) -> Result<()> {
    let shops = Shops::open_none(quoin, bundles)?;
    let large = Large { products };
    eprintln!("Filling a shop with {products} products …");
    let filled = fill::fill(&shops, bundles, &large)?;
    table.section(format!("Filling a shop with {products} products"));
    for (what, speed, aim) in [
        ("products imported, the first slices", filled.first, None),
        ("products imported, the last slices", filled.last, Some(Aim::AtLeast(1.0))),
        ("prices imported, the last slices", filled.prices, None),
        ("counts imported, the last slices", filled.counts, None),
    ] {
        let ratio = Ratio { is: speed / IMPORTED, of: "10,000 a second", aim };
        table.row(what, rate(speed), vec![ratio]);
    }
    table.row("the shop's file", format!("{:.0} MiB", filled.bytes / f64::from(1 << 20)), vec![]);
    eprintln!("Measuring its requests …");
    table.section(format!("A shop of {products} products, one client"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(requests(shops.http, &large, table))?;
    let mut long = runtime.block_on(replay::long(&shops, &large.basket_of(LINES)))?;
    timed(table, &format!("a line more in a cart, up to {LINES}"), &mut long, MOST);
    let mut last = long.split_off(long.len().saturating_sub(20));
    timed(table, "the last 20 of them", &mut last, MOST);
    eprintln!("Ordering {BASKETS} baskets …");
    let before = processor_time(shops.process())?;
    let replayed = replay::replay(&shops, &large.baskets(BASKETS))?;
    let busy = (processor_time(shops.process())? - before) / BASKETS as f64;
    table.section(format!(
        "{BASKETS} baskets, {} lines, put into carts line by line and ordered by {} clients",
        replayed.lines.len(),
        replay::CLIENTS
    ));
    let is = replayed.orders / ORDERS;
    let ratio = Ratio { is, of: "150 a second", aim: Some(Aim::AtLeast(1.0)) };
    table.row("orders", rate(replayed.orders), vec![ratio]);
    table.row("processor time of an order", millis(busy), vec![]);
    for (what, mut took) in [("a line", replayed.lines), ("a checkout", replayed.checkouts)] {
        for percent in [50, 95] {
            let time = percentile(&mut took, percent);
            table.row(format!("{what}, p{percent}"), millis(time), vec![]);
        }
    }
    Ok(())
}

/// Adds lines for what requests took, in seconds.
fn timed(table: &mut Table, what: &str, took: &mut [f64], most: f64) {
    let middle = percentile(took, 50);
    let of = if most > MOST { "30 ms" } else { "10 ms" };
    let ratio = Ratio { is: middle / most, of, aim: Some(Aim::AtMost(1.0)) };
    table.row(format!("{what}, p50"), millis(middle), vec![ratio]);
    table.row(format!("{what}, p95"), millis(percentile(took, 95)), vec![]);
}

/// Measures what visitors ask for.
async fn requests(server: SocketAddr, large: &Large, table: &mut Table) -> Result<()> {
    let mut client = Connection::open(server).await?;
    let spread = |number: u64| number * 7_919 % large.products;
    let published = |number: u64| (spread(number)..).find(|n| n % 33 != 7).unwrap_or_default();
    let title = |number: u64| large.slug(published(number));
    let words = |number: u64, count: usize| -> String {
        let slug = title(number);
        slug.split('-').take(count).collect::<Vec<_>>().join("%20")
    };
    let top = |number: u64| large.category(&[number % 18]);
    let leaf = |n: u64| large.category(&[n % 5, n % 4, n % 3]);
    let maker = |number: u64| format!("maker:{}", large.maker(number % 40));
    type Path<'a> = (&'a str, Box<dyn Fn(u64) -> String + 'a>, f64);
    let kinds: Vec<Path> = vec![
        ("a product by its slug", Box::new(|n| format!("/products/{}", title(n))), MOST),
        ("the tree of categories", Box::new(|_| "/categories".into()), MOST),
        ("a category at the top", Box::new(|n| format!("/products?category={}", top(n))), MOST),
        ("a category at the bottom", Box::new(|n| format!("/products?category={}", leaf(n))), MOST),
        ("an attribute", Box::new(|n| format!("/products?attribute={}", maker(n))), MOST),
        (
            "a category and an attribute",
            Box::new(|n| format!("/products?category={}&attribute={}", top(n), maker(n / 18))),
            MOST,
        ),
        (
            "a category in a channel",
            Box::new(|n| format!("/products?category={}&channel=web", top(n))),
            MOST,
        ),
        ("one word", Box::new(|n| format!("/products?text={}", words(n, 1))), MOST_BY_WORDS),
        ("two words", Box::new(|n| format!("/products?text={}", words(n, 2))), MOST_BY_WORDS),
        (
            "a frequent word",
            Box::new(|n| format!("/products?text={}", large.word(n % 20))),
            MOST_BY_WORDS,
        ),
        (
            "two frequent words",
            Box::new(|n| {
                format!("/products?text={}%20{}", large.word(n % 20), large.word(n % 19 + 1))
            }),
            MOST_BY_WORDS,
        ),
        (
            "the first letters of a word",
            Box::new(|n| format!("/products?text={}", &title(n)[..3])),
            MOST_BY_WORDS,
        ),
        (
            "a word in a category",
            Box::new(|n| format!("/products?text={}&category={}", words(n, 1), top(n))),
            MOST_BY_WORDS,
        ),
    ];
    for (what, path, most) in kinds {
        let mut took = Vec::new();
        let mut found = 0;
        for number in 0..REQUESTS {
            let (answer, time) = get(&mut client, &path(number)).await?;
            took.push(time);
            found += answer["items"].as_array().map_or(1, Vec::len);
        }
        ensure!(found > 0, "{what}: nothing was found");
        timed(table, what, &mut took, most);
    }
    let mut took = pages(&mut client).await?;
    timed(table, "one page after the other", &mut took, MOST);
    Ok(())
}

/// Goes through the list of all products; returns what each page took.
async fn pages(client: &mut Connection) -> Result<Vec<f64>> {
    let mut took = Vec::new();
    let mut path = "/products?limit=100".to_owned();
    for _ in 0..REQUESTS {
        let (page, time) = get(client, &path).await?;
        took.push(time);
        match page["next"].as_str() {
            Some(next) => path = format!("/products?limit=100&cursor={next}"),
            None => break,
        }
    }
    Ok(took)
}

async fn get(client: &mut Connection, path: &str) -> Result<(Value, f64)> {
    let request = request("GET", path, &domain(0), "", b"");
    let start = Instant::now();
    let reply = client.send(&request).await?;
    let took = start.elapsed().as_secs_f64();
    ensure!(reply.status == 200, "{path}: {}", reply.status);
    Ok((serde_json::from_slice(reply.body).context("an answer that is not JSON")?, took))
}
