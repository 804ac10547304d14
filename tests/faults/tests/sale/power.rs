//! The power is cut at every write and every sync of a sale.

use std::collections::BTreeSet;

use quoin_faults::{Choice, Disk, Moments, Replay, scratch};
use quoin_harness::sale::{AFTERWARDS, BUYING, Sale, Step, stock};
use quoin_harness::{Shop, Size};

use crate::books;
use crate::host::Host;
use crate::state::State;

/// What a power cut must find: the states of the shop between requests, and the moment from which each
/// of them was promised to a client.
struct Recorded {
    disk: Disk,
    data: tempfile::TempDir,
    /// The moment when the answer was there, and the request; the first is the one before the sale.
    answered: Vec<(usize, Option<Step>)>,
}

/// A whole sale on an empty folder.
fn recorded() -> Recorded {
    let data = tempfile::tempdir().expect("a folder");
    let disk = Disk::of(data.path());
    let host = Host::open(data.path());
    let shop = host.shop();
    let [mug, _] = stock(&shop, 10);
    let mut answered = vec![(disk.moment(), None)];
    let mut sale = Sale::of(&mug, 3, "buyer-1");
    for step in BUYING.into_iter().chain(AFTERWARDS) {
        made(&shop, &mut sale, step);
        answered.push((disk.moment(), Some(step)));
    }
    host.close();
    Recorded { disk, data, answered }
}

#[track_caller]
fn made(shop: &Shop, sale: &mut Sale, step: Step) {
    let reply = sale.step(shop, step).expect("an answer");
    assert!(reply.status < 300, "{step:?}: {} {}", reply.status, reply.text);
}

#[test]
fn a_sale_is_before_or_after_each_request_wherever_the_power_is_cut() {
    let size = Size::of("power", 3);
    let Recorded { disk, data, answered } = recorded();
    let log = disk.log();
    let end = answered.last().map_or(0, |(moment, _)| *moment);
    let after = scratch();
    let data = data.path();

    // What the disk holds when nothing is lost is what was answered.
    let mut replay = Replay::new(&log);
    let mut moments = Moments::new(0x5a1e);
    let mut states: Vec<State> = Vec::new();
    for (moment, step) in &answered {
        while replay.at() < *moment {
            replay.step();
        }
        replay.image(Choice::All, &mut moments).write(data, after.path()).expect("an image");
        let state = State::of(after.path()).expect("a sound database");
        if let (Some(step), Some(before)) = (step, states.last()) {
            assert_ne!(state, *before, "{step:?} changed nothing");
        }
        states.push(state);
        let faults = books::faults(after.path()).expect("the tables of the shop");
        assert!(faults.is_empty(), "after {step:?}: {faults:?}");
    }

    let mut replay = Replay::new(&log);
    while replay.at() < answered[0].0 {
        replay.step();
    }
    let (mut seen, mut points, mut lost) = (BTreeSet::new(), 0, Vec::new());
    loop {
        let number = answered.iter().rposition(|(moment, _)| *moment <= replay.at()).unwrap_or(0);
        for image in replay.images(size.get() as usize, &mut moments) {
            if !seen.insert((number, image.digest())) {
                continue;
            }
            image.write(data, after.path()).expect("an image");
            let found = State::of(after.path());
            let allowed = &states[number..states.len().min(number + 2)];
            if !found.as_ref().is_ok_and(|state| allowed.contains(state)) {
                let told = match &found {
                    Ok(state) => state.difference(&states[number]),
                    Err(error) => error.clone(),
                };
                let step = answered[number].1;
                lost.push(format!("event {} after {step:?}:\n{told}", replay.at()));
            }
        }
        points += 1;
        size.tell((replay.at() - answered[0].0) as u64, (end - answered[0].0) as u64);
        if replay.at() == end || !replay.step() {
            break;
        }
    }
    println!("{points} points, {} images", seen.len());
    let first = lost.first().map_or("", String::as_str);
    assert!(lost.is_empty(), "{} of {} images: {first}", lost.len(), seen.len());
}
