//! Baskets that become orders.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use quoin_harness::large::Line;
use serde_json::{Value, json};
use tokio::task::{JoinSet, LocalSet};

use crate::http::{Connection, request};
use crate::shop::host::{Shops, domain, tenant};

/// Clients that order at once.
pub const CLIENTS: usize = 8;
/// SKUs of one question.
const SKUS: usize = 1_000;

/// What a replay took, in seconds each.
#[derive(Default)]
pub struct Replayed {
    /// Orders in a second.
    pub orders: f64,
    pub lines: Vec<f64>,
    pub checkouts: Vec<f64>,
}

type Ids = HashMap<String, String>;

/// The ids of the variants that are sold of these baskets.
fn ids<'a>(shops: &Shops, lines: impl Iterator<Item = &'a Line>) -> Result<Ids> {
    let skus: BTreeSet<&str> = lines.map(|line| line.sku.as_str()).collect();
    let skus: Vec<&str> = skus.into_iter().collect();
    let mut ids = Ids::new();
    for some in skus.chunks(SKUS) {
        let function = "quoin:catalog/variants#by-sku";
        let known = shops.call(&tenant(0), function, &json!({ "skus": some }))?;
        for variant in known["ok"].as_array().context("no variants")? {
            let text = |name: &str| variant[name].as_str().map(str::to_owned);
            ids.insert(text("sku").context("no SKU")?, text("id").context("no id")?);
        }
    }
    ensure!(ids.len() == skus.len(), "only {} of {} SKUs are known", ids.len(), skus.len());
    Ok(ids)
}

/// Puts a basket into a cart line by line; returns what each line took.
pub async fn long(shops: &Shops, basket: &[Line]) -> Result<Vec<f64>> {
    let ids = ids(shops, basket.iter())?;
    let mut connection = Connection::open(shops.http).await?;
    let mut lines = Vec::new();
    fill(&mut connection, basket, &ids, &mut lines).await?;
    Ok(lines)
}

/// Orders all baskets.
pub fn replay(shops: &Shops, baskets: &[Vec<Line>]) -> Result<Replayed> {
    let ids = Rc::new(ids(shops, baskets.iter().flatten())?);
    let baskets: Rc<[Vec<Line>]> = baskets.into();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let server = shops.http;
    LocalSet::new().block_on(&runtime, async move {
        let next = Rc::new(Cell::new(0));
        let start = Instant::now();
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            let (ids, baskets, next) = (ids.clone(), baskets.clone(), next.clone());
            clients.spawn_local(async move {
                let mut connection = Connection::open(server).await?;
                let mut done = Replayed::default();
                while let Some(basket) = baskets.get(next.replace(next.get() + 1)) {
                    let cart = fill(&mut connection, basket, &ids, &mut done.lines).await?;
                    done.checkouts.push(order(&mut connection, &cart).await?);
                }
                anyhow::Ok(done)
            });
        }
        let mut all = Replayed::default();
        while let Some(done) = clients.join_next().await {
            let mut done = done??;
            all.lines.append(&mut done.lines);
            all.checkouts.append(&mut done.checkouts);
        }
        all.orders = all.checkouts.len() as f64 / start.elapsed().as_secs_f64();
        Ok(all)
    })
}

/// Makes a cart of a basket; returns its id.
async fn fill(
    connection: &mut Connection,
    basket: &[Line],
    ids: &Ids,
    took: &mut Vec<f64>,
) -> Result<String> {
    let cart = ask(connection, "POST", "/carts", json!({})).await?;
    let cart: Value = serde_json::from_slice(&cart)?;
    let id = cart["id"].as_str().context("a cart without id")?.to_owned();
    for line in basket {
        let variant = ids.get(&line.sku).context("an unknown SKU")?;
        let body = json!({ "variant": variant, "quantity": line.quantity });
        let start = Instant::now();
        ask(connection, "POST", &format!("/carts/{id}/lines"), body).await?;
        took.push(start.elapsed().as_secs_f64());
    }
    Ok(id)
}

/// Orders a cart; returns what the checkout took.
async fn order(connection: &mut Connection, cart: &str) -> Result<f64> {
    let address = json!({
        "name": "Ada", "lines": ["Lane 1"], "postalCode": "12345", "city": "Berlin", "country": "DE",
    });
    let contact = json!({ "email": "ada@example.com", "address": address });
    let contact = ask(connection, "PUT", &format!("/carts/{cart}/contact"), contact).await?;
    let contact: Value = serde_json::from_slice(&contact)?;
    let place = json!({
        "cartId": cart, "revision": contact["revision"], "paymentMethod": "invoice",
    });
    let start = Instant::now();
    let placed = ask(connection, "POST", "/checkout", place).await?;
    let took = start.elapsed().as_secs_f64();
    let placed: Value = serde_json::from_slice(&placed)?;
    ensure!(placed["order"]["number"].is_string(), "the checkout made no order: {placed}");
    Ok(took)
}

async fn ask(
    connection: &mut Connection,
    method: &str,
    path: &str,
    body: Value,
) -> Result<Vec<u8>> {
    let body = body.to_string();
    let reply = connection.send(&request(method, path, &domain(0), "", body.as_bytes())).await?;
    let text = || String::from_utf8_lossy(reply.body);
    ensure!(matches!(reply.status, 200 | 201), "{method} {path}: {} {}", reply.status, text());
    Ok(reply.body.to_vec())
}
