//! The power is cut while many buy at once, so that several requests share a commit.

use quoin_faults::{Disk, Moments, Replay, scratch};
use quoin_harness::Size;
use quoin_harness::sale::{BUYING, Sale, stock};

use crate::books;
use crate::host::Host;
use crate::state::State;

/// Buyers at once.
const BUYERS: usize = 12;
/// What each of them buys, one after the other.
const SALES: usize = 3;

#[test]
fn whatever_the_power_leaves_of_many_sales_has_no_half_sale() {
    let size = Size::of("crowd", 400);
    let data = tempfile::tempdir().expect("a folder");
    let disk = Disk::of(data.path());
    let host = Host::open(data.path());
    let shop = host.shop();
    let [mug, _] = stock(&shop, 1_000);
    let begun = disk.moment();
    // Each order that was answered, and the moment by which it was.
    let ordered: Vec<(usize, String)> = std::thread::scope(|scope| {
        let buyers = (0..BUYERS).map(|buyer| {
            let (shop, mug, disk) = (&shop, &mug, &disk);
            scope.spawn(move || {
                let mut ordered = Vec::new();
                for number in 0..SALES {
                    let mut sale = Sale::of(mug, 1, format!("{buyer}-{number}"));
                    for step in BUYING {
                        sale.step(shop, step).expect("an answer").ok();
                    }
                    let id = sale.order["id"].as_str().expect("an order").to_owned();
                    ordered.push((disk.moment(), id));
                }
                ordered
            })
        });
        let buyers: Vec<_> = buyers.collect();
        buyers.into_iter().flat_map(|buyer| buyer.join().expect("a buyer")).collect()
    });
    let end = disk.moment();
    let log = disk.log();
    host.close();

    let (mut moments, after) = (Moments::new(0xc0de), scratch());
    let mut replay = Replay::new(&log);
    // Some of the points, evenly over the time: a sale alone is looked at everywhere.
    let points = size.get().min((end - begun) as u64);
    for point in 0..points {
        let at = begun + ((end - begun) as u64 * point / points) as usize;
        while replay.at() < at {
            replay.step();
        }
        for image in replay.images(1, &mut moments) {
            image.write(data.path(), after.path()).expect("an image");
            let state = State::of(after.path()).unwrap_or_else(|e| panic!("event {at}: {e}"));
            let faults = books::faults(after.path()).expect("the shop's tables");
            assert!(faults.is_empty(), "event {at}: {faults:?}");
            for (_, order) in ordered.iter().filter(|(moment, _)| *moment <= at) {
                assert!(
                    state.holds(order),
                    "event {at}: the order {order} was answered and is lost"
                );
            }
        }
        size.tell(point, points);
    }
    println!("{points} points of {} events", end - begun);
}
