//! The log that SQLite writes before its file: it does not grow forever.

use std::task::Poll;

use quoin_storage::Value;

use crate::{Shelf, poll_once};

#[tokio::test(flavor = "multi_thread")]
async fn overlapping_readers_do_not_make_the_log_grow_forever() {
    let shelf = Shelf::with_widgets().await;
    shelf.insert("a").await;
    let wal = shelf.wal();
    let mut reader = shelf.read().await;
    let mut largest = 0;
    for round in 0..60 {
        reader.query("SELECT count(*) FROM widget", &[]).unwrap();
        // The next reader starts before the last one is done, so the log is never unread.
        let mut next = shelf.read().await;
        next.query("SELECT count(*) FROM widget", &[]).unwrap();
        drop(reader);
        let mut write = Box::pin(write_a_megabyte(&shelf, round));
        reader = match poll_once(write.as_mut()) {
            Poll::Ready(()) => next,
            // It waits for the readers that are there, and new ones wait for it.
            Poll::Pending => {
                let mut late = Box::pin(shelf.read());
                assert!(poll_once(late.as_mut()).is_pending());
                drop(next);
                write.await;
                late.await
            }
        };
        largest = std::fs::metadata(&wal).unwrap().len().max(largest);
    }
    assert!(largest < 80 << 20, "{largest}");
}

async fn write_a_megabyte(shelf: &Shelf, byte: u8) {
    let mut tx = shelf.write().await;
    let replace = "INSERT INTO widget (id, name) VALUES (2, ?1)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name";
    tx.execute(replace, &[Value::Text(char::from(b'A' + byte).to_string().repeat(1_000_000))])
        .unwrap();
    tx.commit().await.unwrap();
}
