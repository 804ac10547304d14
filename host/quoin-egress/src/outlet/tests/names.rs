//! Names that lead where a test says, also elsewhere the next time.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::{OnceCell, OwnedSemaphorePermit};

use super::*;
use crate::resolve::{Resolve, Resolving};

/// A resolver that tells what it was told.
#[derive(Clone, Default)]
pub struct Names {
    answers: Arc<Mutex<HashMap<String, VecDeque<Vec<IpAddr>>>>>,
    asked: Arc<AtomicUsize>,
}

impl Names {
    /// These are the addresses of a name, the first time that it is looked up, the second, and so on; the
    /// last ones stay.
    pub fn lead(&self, name: &str, answers: &[&[&str]]) {
        let addresses = |answer: &&[&str]| answer.iter().map(|ip| ip.parse().unwrap()).collect();
        let answers = answers.iter().map(addresses).collect();
        self.answers.lock().unwrap().insert(name.into(), answers);
    }

    /// How often a name was looked up.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Resolve for Names {
    fn resolve<'a>(&'a self, name: &'a str, _turn: OwnedSemaphorePermit) -> Resolving<'a> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let mut answers = self.answers.lock().unwrap();
        let answer = answers.get_mut(name).map(|answers| match answers.len() {
            1 => answers[0].clone(),
            _ => answers.pop_front().unwrap(),
        });
        Box::pin(async { answer.ok_or_else(|| io::ErrorKind::NotFound.into()) })
    }
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_whatever_it_led_to_before() {
    let (room, server) = (Room::new(), Server::start(|_| Some(answer(""))).await);
    let url = server.url("/");
    room.names.lead("a.test", &[&["127.0.0.1"], &["169.254.169.254"], &["::ffff:127.0.0.1"]]);
    room.send(&get(url.clone())).await.unwrap();
    // While its connection is there, no name is looked up: it leads to where it was looked at.
    room.send(&get(url.clone())).await.unwrap();
    assert_eq!(room.names.asked(), 1);
    for address in ["169.254.169.254/32", "::ffff:127.0.0.1/128"] {
        room.outlet.sleep();
        let Err(Error::Denied(told)) = room.send(&get(url.clone())).await else {
            panic!("{address}")
        };
        assert!(told.contains(&format!("--allow-network {address}")), "{told}");
    }
    assert_eq!(server.connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn of_several_addresses_only_those_that_may_be_reached_are_tried() {
    let server = Server::start(|_| Some(answer(""))).await;
    let room = Room::with(OnceCell::new(), &["127.0.0.1/32"]);
    // The server listens at all addresses of this machine.
    room.names.lead("a.test", &[&["::1", "127.0.0.2", "10.0.0.1", "127.0.0.1"]]);
    room.send(&get(server.url("/"))).await.unwrap();
    room.names.lead("a.test", &[&["127.0.0.2", "::1"]]);
    room.outlet.sleep();
    let outcome = room.send(&get(server.url("/"))).await;
    assert!(matches!(outcome, Err(Error::Denied(_))), "{outcome:?}");
    assert_eq!(server.peers(), ["127.0.0.1"]);
}

#[tokio::test]
async fn an_address_in_a_url_is_looked_at_as_one_that_a_name_leads_to() {
    let room = Room::with(OnceCell::new(), &[]);
    let server = Server::start(|_| Some(answer(""))).await;
    for host in ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"] {
        let outcome = room.send(&get(format!("http://{host}:{}/", server.port()))).await;
        assert!(matches!(outcome, Err(Error::Denied(_))), "{host}: {outcome:?}");
    }
    let outcome = room.send(&get("http://nowhere.test/".into())).await;
    assert!(matches!(outcome, Err(Error::Unreachable(_))), "{outcome:?}");
    assert_eq!(server.connections.load(Ordering::Relaxed), 0);
}
