use std::sync::atomic::AtomicUsize;

use super::*;

fn kept(body: usize) -> Arc<Kept> {
    let returned = Returned { status: 200, body: Some(vec![b'x'; body].into()) };
    Arc::new(Kept { basis: Basis::always(), returned, tag: None })
}

fn key(number: usize) -> Key {
    number.to_le_bytes().into()
}

async fn keep(shelf: &Shelf, number: usize, bytes: usize) {
    match shelf.find(&key(number)).await {
        Found::Nothing(place) => place.keep(kept(bytes)),
        _ => panic!("there is an answer already"),
    }
}

async fn is_there(shelf: &Shelf, number: usize) -> bool {
    matches!(shelf.find(&key(number)).await, Found::Kept(_))
}

#[tokio::test]
async fn many_who_ask_the_same_wait_for_the_one_that_makes_it() {
    let answers = Arc::new(Answers::default());
    let (shelf, made) = (answers.shelf(), Arc::new(AtomicUsize::new(0)));
    let asking = (0..100).map(|_| {
        let (shelf, made) = (shelf.clone(), made.clone());
        tokio::spawn(async move {
            match shelf.find(&key(1)).await {
                Found::Nothing(place) => {
                    tokio::task::yield_now().await;
                    made.fetch_add(1, Ordering::Relaxed);
                    place.keep(kept(10));
                }
                Found::Kept(_) => {}
                Found::NoPlace => panic!("it waited in vain"),
            }
        })
    });
    for asked in asking.collect::<Vec<_>>() {
        asked.await.unwrap();
    }
    assert_eq!(made.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_place_that_is_given_up_is_the_next_ones() {
    let answers = Arc::new(Answers::default());
    let shelf = answers.shelf();
    let Found::Nothing(place) = shelf.find(&key(1)).await else { panic!("not empty") };
    drop(place);
    assert!(!is_there(&shelf, 1).await);
    keep(&shelf, 1, 10).await;
    assert!(is_there(&shelf, 1).await);
    assert!(!is_there(&shelf, 2).await);
}

#[tokio::test]
async fn nobody_waits_longer_than_it_is_worth() {
    let answers = Arc::new(Answers::default());
    let shelf = answers.shelf();
    let found = shelf.find(&key(1)).await;
    assert!(matches!(found, Found::Nothing(_)));
    assert!(matches!(shelf.find(&key(1)).await, Found::NoPlace));
}

#[tokio::test]
async fn a_shop_keeps_no_more_than_it_may_and_nothing_that_is_too_large() {
    let answers = Arc::new(Answers::default());
    let shelf = answers.shelf();
    for number in 0..400 {
        keep(&shelf, number, 100 << 10).await;
        assert!(answers.bytes() <= ANSWERS_BYTES_SHOP_MAX);
    }
    assert!(answers.bytes() > ANSWERS_BYTES_SHOP_MAX / 2);
    keep(&shelf, 1_000, ANSWER_BYTES_KEPT_MAX + 1).await;
    assert!(!is_there(&shelf, 1_000).await);
    drop(shelf);
    assert_eq!(answers.bytes(), 0);
}

#[tokio::test]
async fn who_has_more_than_his_share_makes_room_for_others() {
    let answers = Arc::new(Answers::default());
    let mut shelves = Vec::new();
    let shops = 2 * (ANSWERS_BYTES_MAX / ANSWERS_BYTES_SHOP_MAX) as usize;
    for shop in 0..shops {
        let shelf = answers.shelf();
        for number in 0..200 {
            keep(&shelf, number, 100 << 10).await;
            assert!(answers.bytes() <= ANSWERS_BYTES_MAX, "{shop}");
        }
        shelves.push(shelf);
    }
    let share = ANSWERS_BYTES_MAX / shops as u64;
    for shelf in &shelves {
        assert!(shelf.kept.weight() > share / 4, "{}", shelf.kept.weight());
    }
}

#[test]
fn after_an_answer_that_cannot_be_kept_some_requests_do_not_try() {
    let keeping = Keeping::default();
    assert!(keeping.is_tried() && keeping.is_tried());
    keeping.failed();
    assert!((0..NOT_TRIED).all(|_| !keeping.is_tried()));
    assert!(keeping.is_tried());
}
