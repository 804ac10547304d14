//! The power is cut at every write and every sync of a change of the shop.

use std::collections::BTreeSet;

use quoin_faults::{Choice, Disk, Moments, Replay, scratch};
use quoin_harness::Size;

use crate::host::Host;
use crate::state::State;

#[test]
fn a_change_of_the_shop_is_before_or_after_wherever_the_power_is_cut() {
    let size = Size::of("change", 2);
    let data = tempfile::tempdir().expect("a folder");
    let disk = Disk::of(data.path());
    let host = Host::open(data.path());
    host.small_shop();
    let begun = disk.moment();
    // Five plugins more, with their migrations, and a new revision in the control database.
    host.shop();
    let end = disk.moment();
    let log = disk.log();
    host.close();

    let (mut moments, after) = (Moments::new(0xcafe), scratch());
    let mut replay = Replay::new(&log);
    while replay.at() < begun {
        replay.step();
    }
    let state = |replay: &Replay<'_>, choice, moments: &mut Moments| {
        replay.image(choice, moments).write(data.path(), after.path()).expect("an image");
        State::of_control(after.path()).expect("a sound database")
    };
    let before = state(&replay, Choice::All, &mut moments);
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    loop {
        for image in replay.images(size.get() as usize, &mut moments) {
            if !seen.insert(image.digest()) {
                continue;
            }
            image.write(data.path(), after.path()).expect("an image");
            let control = State::of_control(after.path());
            let control = control.unwrap_or_else(|e| panic!("event {}: {e}", replay.at()));
            // The shop's own database must be sound, whatever it has.
            State::of(after.path()).unwrap_or_else(|e| panic!("event {}: {e}", replay.at()));
            found.push((replay.at(), control));
        }
        size.tell((replay.at() - begun) as u64, (end - begun) as u64);
        if replay.at() == end || !replay.step() {
            break;
        }
    }
    let done = state(&replay, Choice::All, &mut moments);
    assert_ne!(before, done);
    // Two commits: the revision, and the key that the test makes after it.
    let between: BTreeSet<_> = found.iter().map(|(_, state)| state).collect();
    assert!(between.len() <= 3, "{} states of the control database", between.len());
    assert!(
        found.iter().all(|(at, state)| *at < end || *state == done),
        "what was answered is lost"
    );
}
