//! Turns at the writer: round the plugins, first come first served within one, counted.

use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use quoin_core::ManualClock;
use quoin_storage::{Error, Held};

use crate::calls::Random;
use crate::{MINUTE, Shelf, migration, note, poll_once, steps, write};

const PLUGINS: [&str; 3] = ["a", "b", "c"];

/// The order in which turns come to those that stand in the queue in this order.
async fn order_of(queue: &[(&'static str, usize)]) -> Vec<(&'static str, usize)> {
    let shelf = Shelf::with_plugins(&PLUGINS).await;
    let first = shelf.write_as("a").await;
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut waiting = Vec::new();
    for (plugin, number) in queue.iter().copied() {
        let (database, order) = (Arc::clone(&shelf.database), Arc::clone(&order));
        let mut turn = Box::pin(async move {
            let tx = write(&database, plugin, "change", false).await.unwrap();
            order.lock().unwrap().push((plugin, number));
            drop(tx);
        });
        assert!(poll_once(turn.as_mut()).is_pending());
        waiting.push(tokio::spawn(turn));
    }
    drop(first);
    for turn in waiting {
        turn.await.unwrap();
    }
    Arc::into_inner(order).unwrap().into_inner().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn turns_go_round_the_plugins_and_are_first_come_first_served_within_one() {
    let queue = [("a", 1), ("a", 2), ("a", 3), ("a", 4), ("b", 1), ("b", 2), ("c", 1)];
    let order = [("a", 1), ("b", 1), ("c", 1), ("a", 2), ("b", 2), ("a", 3), ("a", 4)];
    assert_eq!(order_of(&queue).await, order);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_with_many_requests_keeps_another_waiting_for_one_of_them() {
    let mut queue: Vec<_> = (0..16).map(|number| ("a", number)).collect();
    queue.push(("b", 0));
    assert_eq!(order_of(&queue).await[1], ("b", 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_greedy_waiters_do_not_keep_another_plugin_from_its_turns() {
    let shelf = Shelf::with_plugins(&PLUGINS).await;
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let greedy: Vec<_> = (0..16)
        .map(|_| {
            let (database, stop) = (Arc::clone(&shelf.database), Arc::clone(&stop));
            tokio::spawn(async move {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    let mut tx = write(&database, "a", "change", false).await.unwrap();
                    note(&mut tx, "greedy").unwrap();
                    tx.commit().await.unwrap();
                }
            })
        })
        .collect();
    while shelf.database.held("a").turns < 20 {
        assert!(greedy.iter().all(|task| !task.is_finished()));
        tokio::task::yield_now().await;
    }
    for _ in 0..50 {
        let before = shelf.database.held("a").turns;
        let mut turn = Box::pin(shelf.write_as("b"));
        let at_once = poll_once(turn.as_mut());
        let queued = shelf.database.held("a").turns;
        let tx = match at_once {
            Poll::Ready(tx) => tx,
            Poll::Pending => turn.await,
        };
        let after = shelf.database.held("a").turns;
        assert!(after - queued <= 2, "{before} {queued} {after}");
        drop(tx);
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    for task in greedy {
        task.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_of_each_plugin_is_bounded_and_takes_no_place_of_another() {
    let shelf = Shelf::with_plugins(&PLUGINS).await;
    let first = shelf.write_as("a").await;
    let mut waiting = Vec::new();
    for _ in 0..256 {
        let mut turn = Box::pin(write(&shelf.database, "a", "change", false));
        assert!(poll_once(turn.as_mut()).is_pending());
        waiting.push(turn);
    }
    let refused = write(&shelf.database, "a", "change", false).await;
    assert!(matches!(refused, Err(Error::Overloaded)));
    let mut other = Box::pin(shelf.write_as("b"));
    assert!(poll_once(other.as_mut()).is_pending());
    // Those that have gone take no place.
    drop(waiting.remove(100));
    let mut late = Box::pin(shelf.write_as("a"));
    assert!(poll_once(late.as_mut()).is_pending());
    let refused = write(&shelf.database, "a", "change", false).await;
    assert!(matches!(refused, Err(Error::Overloaded)));
    drop(waiting);
    drop(first);
    drop(other.await);
    drop(late.await);
    drop(shelf.write_as("c").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_goes_away_whenever_leaves_the_turn_to_the_next() {
    let clock = ManualClock::at(0);
    let shelf = Shelf::with_clock(clock.clock());
    shelf.create_tables(&PLUGINS).await;
    for seed in 1..16 {
        let mut random = Random(seed);
        let mut waiting = Vec::new();
        let mut held = None;
        let mut kept = 0;
        let mut before = 0;
        for plugin in PLUGINS {
            before += shelf.notes(plugin).await.len();
        }
        let mut commits = Vec::new();
        for _ in 0..200 {
            match random.below(6) {
                0..=2 => {
                    let plugin = PLUGINS[random.below(3) as usize];
                    let alone = random.below(8) == 0;
                    waiting.push(Box::pin(write(&shelf.database, plugin, "change", alone)));
                    let last = waiting.last_mut().unwrap();
                    if let Poll::Ready(tx) = poll_once(last.as_mut()) {
                        waiting.pop();
                        held = Some(tx.unwrap());
                    }
                }
                3 if !waiting.is_empty() => {
                    drop(waiting.remove(random.below(waiting.len() as u64) as usize));
                }
                4 => held = None,
                _ => {
                    if let Some(mut tx) = held.take() {
                        note(&mut tx, "kept").unwrap();
                        let mut commit = Box::pin(tx.commit());
                        kept += 1;
                        match poll_once(commit.as_mut()) {
                            Poll::Ready(outcome) => outcome.unwrap(),
                            Poll::Pending if random.below(2) == 0 => commits.push(commit),
                            Poll::Pending => {}
                        }
                    }
                }
            }
            let mut at = 0;
            while held.is_none() && at < waiting.len() {
                match poll_once(waiting[at].as_mut()) {
                    Poll::Ready(tx) => {
                        drop(waiting.remove(at));
                        held = Some(tx.unwrap());
                    }
                    Poll::Pending => at += 1,
                }
            }
            // Whoever waits, somebody has the writer.
            assert!(waiting.is_empty() || held.is_some(), "seed {seed}");
        }
        drop(waiting);
        drop(held);
        for commit in commits {
            commit.await.unwrap();
        }
        let mut after = 0;
        for plugin in PLUGINS {
            after += shelf.notes(plugin).await.len();
        }
        assert_eq!(after - before, kept, "seed {seed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_at_the_writer_is_counted_for_each_plugin() {
    let clock = ManualClock::at(0);
    let shelf = Shelf::with_clock(clock.clock());
    shelf.create_tables(&PLUGINS).await;
    for (plugin, ms, keep) in [("a", 7, true), ("b", 2, false), ("a", 3, false)] {
        let mut tx = shelf.write_as(plugin).await;
        note(&mut tx, "x").unwrap();
        clock.forward(Duration::from_millis(ms));
        match keep {
            true => tx.commit().await.unwrap(),
            false => drop(tx),
        }
    }
    let held = |turns, total, longest| Held {
        turns,
        total: Duration::from_millis(total),
        longest: Duration::from_millis(longest),
    };
    assert_eq!(shelf.database.held("a"), held(2, 10, 7));
    assert_eq!(shelf.database.held("b"), held(1, 2, 2));
    assert_eq!(shelf.database.held("c"), Held::default());
    drop(shelf.read_as("c").await);
    assert_eq!(shelf.database.held("c"), Held::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_wait_for_their_turn_and_hold_it() {
    let shelf = Shelf::with_plugins(&PLUGINS).await;
    let first = shelf.write_as("a").await;
    let plugins = [("d", vec![migration(1, "CREATE TABLE d (id BIGINT PRIMARY KEY, note TEXT)")])];
    let plugins = steps(&plugins);
    let mut migrate = Box::pin(shelf.database.migrate(&plugins, MINUTE));
    assert!(poll_once(migrate.as_mut()).is_pending());
    drop(first);
    let migrated = migrate.await.unwrap();
    let mut next = Box::pin(shelf.write_as("d"));
    assert!(poll_once(next.as_mut()).is_pending());
    migrated.commit().await.unwrap();
    note(&mut next.await, "x").unwrap();
}
