//! Turns: first come, first served, bounded in number and in time.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, Instant};

use quoin_storage::{Error, Turn};

use crate::{MINUTE, Shelf, Tx, insert, names, poll_once, soon, write};

#[tokio::test(flavor = "multi_thread")]
async fn writers_get_their_turn_in_the_order_in_which_they_came() {
    let shelf = Shelf::with_widgets().await;
    let first = shelf.write().await;
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut waiting = Vec::new();
    for number in 0..20 {
        let (database, order) = (Arc::clone(&shelf.database), Arc::clone(&order));
        // Polled once here, so that it stands in the queue before the next one.
        let mut turn = Box::pin(async move {
            let tx = write(&database, "widget", "change", false).await.unwrap();
            order.lock().unwrap().push(number);
            tx.commit().await.unwrap();
        });
        assert!(poll_once(turn.as_mut()).is_pending());
        waiting.push(tokio::spawn(turn));
    }
    drop(first);
    for turn in waiting {
        turn.await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), (0..20).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiter_gives_up_at_its_deadline() {
    let shelf = Shelf::with_widgets().await;
    let mut first = shelf.write().await;
    let deadline = Instant::now() + Duration::from_millis(5);
    let (plugin, function) = (Arc::from("widget"), Arc::from("change"));
    let (limit, alone) = (MINUTE, false);
    let turn = Turn { plugin: &plugin, function: &function, limit, alone, deadline };
    assert!(matches!(shelf.database.write(turn).await, Err(Error::Deadline)));
    insert(&mut first, "a").unwrap();
    first.commit().await.unwrap();
    assert_eq!(shelf.names().await, ["a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiter_that_goes_away_leaves_its_place_to_the_next() {
    let shelf = Shelf::with_widgets().await;
    let first = shelf.write().await;
    {
        let mut gone = pin!(shelf.write());
        assert!(poll_once(gone.as_mut()).is_pending());
    }
    drop(first);
    shelf.insert("a").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiter_that_goes_away_after_its_turn_came_leaves_it_to_the_next() {
    let shelf = Shelf::with_widgets().await;
    let first = shelf.write().await;
    {
        let mut gone = pin!(shelf.write());
        assert!(poll_once(gone.as_mut()).is_pending());
        drop(first);
    }
    shelf.insert("a").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn waiters_beyond_the_limit_are_refused_at_once() {
    let shelf = Shelf::with_widgets().await;
    let first = shelf.write().await;
    let mut waiting = Vec::new();
    let refused = loop {
        let mut turn = Box::pin(write(&shelf.database, "widget", "change", false));
        match poll_once(turn.as_mut()) {
            Poll::Pending => waiting.push(turn),
            Poll::Ready(result) => break result,
        }
        assert!(waiting.len() < 10_000, "the queue has no end");
    };
    assert!(matches!(refused, Err(Error::Overloaded)));
    drop(waiting);
    drop(first);
    shelf.insert("a").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_and_the_writer_do_not_wait_for_each_other() {
    let shelf = Shelf::with_widgets().await;
    shelf.insert("a").await;
    let mut writer = shelf.write().await;
    let mut readers = [shelf.read().await, shelf.read().await, shelf.read().await];
    insert(&mut writer, "b").unwrap();
    readers.iter_mut().for_each(|reader| assert_eq!(names(reader), ["a"]));
    writer.commit().await.unwrap();
    readers.iter_mut().for_each(|reader| assert_eq!(names(reader), ["a"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_beyond_the_pool_wait_for_one_to_be_done() {
    let shelf = Shelf::with_widgets().await;
    let mut readers = Vec::new();
    for _ in 0..8 {
        readers.push(shelf.read().await);
    }
    let mut waiting = Box::pin(shelf.database.read(soon()));
    assert!(poll_once(waiting.as_mut()).is_pending());
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(poll_once(waiting.as_mut()).is_pending(), "there is no ninth");
    readers.pop();
    waiting.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_tasks_at_once_lose_no_write() {
    let shelf = Shelf::with_widgets().await;
    let tasks: Vec<_> = (0..40)
        .map(|number| {
            let database = Arc::clone(&shelf.database);
            tokio::spawn(async move {
                let mut tx = write(&database, "widget", "change", false).await.unwrap();
                insert(&mut tx, &format!("w{number}")).unwrap();
                tx.commit().await.unwrap();
                names(&mut Tx::new(database.read(soon()).await.unwrap(), "widget", false)).len()
            })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap() > 0);
    }
    assert_eq!(shelf.names().await.len(), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_that_wait_beyond_the_limit_are_refused_at_once() {
    let shelf = Shelf::empty();
    let mut readers = Vec::new();
    for _ in 0..8 {
        readers.push(shelf.read().await);
    }
    for _ in 0..2 {
        let mut waiting = Vec::new();
        for _ in 0..512 {
            let mut turn = Box::pin(shelf.database.read(soon()));
            assert!(poll_once(turn.as_mut()).is_pending());
            waiting.push(turn);
        }
        let refused = shelf.database.read(soon()).await.err();
        assert!(matches!(refused, Some(Error::Overloaded)), "{refused:?}");
    }
    let in_a_moment = Instant::now() + Duration::from_millis(5);
    assert!(matches!(shelf.database.read(in_a_moment).await.err(), Some(Error::Deadline)));
    drop(readers);
    drop(shelf.read().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_waits_for_no_reader_while_the_log_is_short() {
    let shelf = Shelf::with_widgets().await;
    shelf.insert("a").await;
    let mut reader = shelf.read().await;
    assert_eq!(names(&mut reader), ["a"]);
    let mut turn = Box::pin(shelf.write());
    assert!(poll_once(turn.as_mut()).is_ready());
    assert_eq!(names(&mut reader), ["a"]);
}

/// How many connections have the log open. SQLite keeps the file itself open longer than that.
#[cfg(target_os = "linux")]
pub(crate) fn opened(shelf: &Shelf) -> usize {
    let open = std::fs::read_dir("/proc/self/fd").unwrap();
    let to =
        |entry: std::io::Result<std::fs::DirEntry>| std::fs::read_link(entry.ok()?.path()).ok();
    open.filter_map(to).filter(|target| *target == shelf.wal()).count()
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_is_kept_for_the_next_unless_it_was_in_a_panic() {
    let shelf = Shelf::with_widgets().await;
    assert_eq!(opened(&shelf), 1, "the writer");
    for _ in 0..10 {
        let mut reader = shelf.read().await;
        assert_eq!(opened(&shelf), 2);
        names(&mut reader);
        drop(reader);
        assert_eq!(opened(&shelf), 2);
    }
    let mut reader = shelf.read().await;
    names(&mut reader);
    let fallen = tokio::spawn(async move {
        let _reader = reader;
        panic!("on purpose");
    });
    assert!(fallen.await.is_err());
    assert_eq!(opened(&shelf), 1);
}
