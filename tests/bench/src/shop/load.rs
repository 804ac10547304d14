//! Load: clients that send one request after the other, each over a connection of its own.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::{JoinSet, LocalSet};

use crate::http::Connection;

/// Clients at once: enough that a server never waits for one.
pub const CLIENTS: usize = 16;

/// Does `work` for a while with so many clients, on one thread. Each client has a connection and a number, and does one
/// piece of work after the other until the time is over; pieces that have begun are finished.
///
/// Returns what the pieces returned, and the seconds that all of it took.
pub fn drive<W, T>(
    server: SocketAddr,
    clients: usize,
    duration: Duration,
    work: W,
) -> Result<(Vec<T>, f64)>
where
    W: AsyncFn(&mut Connection, usize, usize) -> Result<T> + 'static,
    T: 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async move {
        let mut connections = Vec::new();
        for _ in 0..clients {
            connections.push(Connection::open(server).await?);
        }
        let work = Rc::new(work);
        let start = Instant::now();
        let mut tasks = JoinSet::new();
        for (client, mut connection) in connections.into_iter().enumerate() {
            let work = work.clone();
            tasks.spawn_local(async move {
                let mut done = Vec::new();
                while start.elapsed() < duration {
                    done.push(work(&mut connection, client, done.len()).await?);
                }
                anyhow::Ok(done)
            });
        }
        let mut done = Vec::new();
        while let Some(client) = tasks.join_next().await {
            done.append(&mut client??);
        }
        Ok((done, start.elapsed().as_secs_f64()))
    })
}
