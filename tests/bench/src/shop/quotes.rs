//! What a price of one line costs through gateway, plugin and SQLite.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use super::host::{Shops, domain};
use super::load::{CLIENTS, drive};
use crate::http::{Connection, request};
use crate::measure::{median, processor_time};
use crate::table::{Aim, Ratio, Table, micros, rate};

/// How long is asked before it is the other case's turn.
const TURN: Duration = Duration::from_secs(1);
/// Seconds of processor time that a computed quote should take at most.
const MOST: f64 = 0.0001;

/// One way of asking.
#[derive(Default)]
struct Asked {
    /// Quotes in a second, for each turn.
    rates: Vec<f64>,
    quotes: usize,
    /// Seconds of processor time that the quotes took.
    busy: f64,
}

/// Measures quotes that are computed, each of a quantity that nobody asked for before, and quotes whose
/// answer is kept, in turns.
pub fn quotes(shops: &Shops, seconds: u32, table: &mut Table) -> Result<()> {
    eprintln!("Measuring quotes …");
    let variants = &shops.variants[0];
    let (mut computed, mut kept) = (Asked::default(), Asked::default());
    let mut asked = 1;
    for turn in 0..=seconds.max(3) {
        for (anew, case) in [(true, &mut computed), (false, &mut kept)] {
            let before = processor_time(shops.process())?;
            let (quotes, took) = load(shops.http, variants, anew.then_some(asked))?;
            // Clients differ in how many they have sent.
            asked += 2 * (quotes + CLIENTS) * CLIENTS;
            // The first turn warms caches up.
            if turn > 0 {
                case.busy += processor_time(shops.process())? - before;
                case.quotes += quotes;
                case.rates.push(quotes as f64 / took);
            }
        }
    }
    table.section(format!("A quote of one line, {CLIENTS} connections"));
    for (name, mut case, aim) in
        [("computed", computed, Some(Aim::AtMost(1.0))), ("kept", kept, None)]
    {
        table.row(format!("quotes, {name}"), rate(median(&mut case.rates)), vec![]);
        let cost = case.busy / case.quotes as f64;
        let ratio = Ratio { is: cost / MOST, of: "0.1 ms", aim };
        let ratios = if aim.is_some() { vec![ratio] } else { vec![] };
        table.row(format!("processor time of a quote, {name}"), micros(cost), ratios);
    }
    Ok(())
}

/// Asks for a while what one line costs, each time for another quantity where there is a first one; returns
/// how many answers came in how many seconds.
fn load(server: SocketAddr, variants: &[String], first: Option<usize>) -> Result<(usize, f64)> {
    let variants = variants.to_vec();
    let quote = async move |connection: &mut Connection, client: usize, number: usize| {
        let variant = &variants[(client + number) % variants.len()];
        let quantity = first.map_or(1, |first| first + number * CLIENTS + client);
        let body = json!({
            "lines": [{ "variant": variant, "quantity": quantity }],
            "context": { "currency": "EUR" },
        });
        let body = body.to_string();
        let post = request("POST", "/prices/quote", &domain(0), "", body.as_bytes());
        let reply = connection.send(&post).await?;
        let text = || String::from_utf8_lossy(reply.body);
        ensure!(reply.status == 200, "the quote was answered {}: {}", reply.status, text());
        let quoted: serde_json::Value = serde_json::from_slice(reply.body)?;
        let quoted = quoted.pointer("/0/quantity").context("a quote without a line")?;
        ensure!(*quoted == json!(quantity), "{quoted} pieces were quoted, not {quantity}");
        Ok(())
    };
    let (done, took) = drive(server, CLIENTS, TURN, quote)?;
    Ok((done.len(), took))
}
