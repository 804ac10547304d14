//! So many calls at once, so many waiting, and clients that do not wait.

use quoin_harness::wire::Wire;
use quoin_harness::{Host, Reply, Shop, json, until};

use crate::given::guest;

/// Address space for the smallest pool of instances, of 4 GiB each, and for no other.
#[cfg(target_os = "linux")]
const SMALL: u64 = 400 << 30;

/// The hostile plugin with these limits, and `spin` among the functions that only read.
fn limited(limits: &str) -> (Host, Shop) {
    limited_on(Host::start(), limits)
}

fn limited_on(host: Host, limits: &str) -> (Host, Shop) {
    let reads = "\"test:hostile/data#texts\",";
    let spin =
        "{ route = \"POST /spin\", call = \"test:hostile/acts#spin\", access = \"public\" },";
    let slow = guest("hostile")
        .with(
            reads,
            &format!("{reads} \"test:hostile/acts#giant-list\", \"test:hostile/acts#spin\","),
        )
        .with(spin, &format!("{spin}\n{}", spin.replace("POST", "GET")));
    host.file("slow.wasm", slow.packed());
    let shop = host.apply(&format!(
        "name = \"queue\"\n[plugins.hostile]\nbundle = \"slow.wasm\"\n\
         grants = [\"sql\", \"log\"]\nlimits = {{ {limits} }}\n"
    ));
    (host, shop)
}

fn await_stats(shop: &Shop, running: u64, waiting: u64) {
    until("so many run and so many wait", || {
        let stats = &shop.plugin("hostile")["stats"];
        (stats["running"] == running && stats["waiting"] == waiting).then_some(())
    });
}

#[test]
fn beyond_concurrency_calls_wait_and_beyond_the_queue_they_are_told_when_to_come_back() {
    let (_host, shop) = limited("concurrency = 1, queue = 1, deadline-ms = 6000");
    std::thread::scope(|scope| {
        let first = scope.spawn(|| shop.get("/spin").status);
        await_stats(&shop, 1, 0);
        let second = scope.spawn(|| shop.get("/nothing").status);
        await_stats(&shop, 1, 1);
        let third = shop.get("/nothing");
        let seconds: u64 = third.header("retry-after").parse().expect("Retry-After");
        assert!(seconds >= 1);
        assert_eq!(third.refused(503, "overload")["class"], "overload");
        assert_eq!(first.join().expect("a client"), 504);
        // Its turn came, or its own deadline first: it waited as long as the other ran.
        let waited = second.join().expect("a client");
        assert!(matches!(waited, 200 | 503 | 504), "{waited}");
    });
    assert_eq!(shop.get("/nothing").ok(), 0);
}

#[test]
fn a_call_waits_no_longer_than_its_deadline() {
    let (_host, shop) = limited("concurrency = 1, queue = 8, deadline-ms = 500");
    std::thread::scope(|scope| {
        let spins: Vec<_> = (0..4).map(|_| scope.spawn(|| shop.get("/spin").status)).collect();
        let mut ends: Vec<_> = spins.into_iter().map(|s| s.join().expect("a client")).collect();
        ends.sort_unstable();
        // Who ran was out of time; who only waited finds the shop too busy.
        assert_eq!(ends.last(), Some(&504), "{ends:?}");
        assert!(ends.iter().all(|end| [503, 504].contains(end)), "{ends:?}");
    });
    assert_eq!(shop.get("/nothing").ok(), 0);
}

/// Lets calls spin in a shop until one is turned away, which is returned with the clients.
#[cfg(target_os = "linux")]
fn fill(host: &Host, shop: &Shop) -> (Vec<Wire>, Reply) {
    let spin = format!("GET /spin HTTP/1.1\r\nhost: {}\r\n\r\n", shop.domain);
    let begun = || shop.plugin("hostile")["stats"]["calls"].as_u64();
    let mut clients = Vec::new();
    let refused = until("a call is turned away", || {
        let before = begun();
        let mut client = Wire::open(host.address());
        client.send(&spin).expect("sent");
        clients.push(client);
        until("the call has come", || (begun() > before).then_some(()));
        let reply = shop.get("/nothing");
        (reply.status != 200).then_some(reply)
    });
    (clients, refused)
}

#[cfg(target_os = "linux")]
#[test]
fn a_shop_that_takes_all_instances_it_can_have_leaves_as_many_to_others() {
    // The deadline is a minute off: who waited in a queue would be told of that instead.
    let limits = "deadline-ms = 60000, concurrency = 256";
    let (host, greedy) = limited_on(Host::start_within(SMALL), limits);
    let shop = |name: &str| {
        host.apply(&format!(
            "name = \"{name}\"\n[plugins.hostile]\nbundle = \"slow.wasm\"\n\
             grants = [\"sql\", \"log\"]\nlimits = {{ {limits} }}\n"
        ))
    };
    let [second, third, fourth] = ["second", "third", "fourth"].map(shop);

    let (clients, refused) = fill(&host, &greedy);
    assert!(clients.len() < 256, "the plugin's own limit is not what is tested");
    assert_eq!(refused.header("retry-after"), "1");
    refused.refused(503, "overload");
    for _ in 0..20 {
        assert_eq!(second.get("/nothing").ok(), 0);
        assert_eq!(third.get("/nothing").ok(), 0);
    }

    // Three shops can take all that the smallest pool has.
    let (more, refused) = fill(&host, &second);
    assert_eq!(more.len(), clients.len());
    refused.refused(503, "overload");
    let (rest, refused) = fill(&host, &third);
    refused.refused(503, "overload");
    fourth.get("/nothing").refused(503, "overload");

    drop((clients, more, rest));
    for shop in [greedy, second, third, fourth] {
        await_stats(&shop, 0, 0);
        assert_eq!(shop.get("/nothing").ok(), 0);
    }
}

#[test]
fn a_reading_call_ends_with_its_client() {
    // The deadline is a minute off: only the lost client can end the call.
    let (host, shop) = limited("deadline-ms = 60000");
    let mut client = Wire::open(host.address());
    client.send(format!("GET /spin HTTP/1.1\r\nhost: {}\r\n\r\n", shop.domain)).expect("sent");
    await_stats(&shop, 1, 0);
    drop(client);
    await_stats(&shop, 0, 0);
}

#[test]
fn a_writing_call_that_waits_is_given_up_with_its_client() {
    let (host, shop) = limited("deadline-ms = 60000, concurrency = 1");
    let mut first = Wire::open(host.address());
    first.send(format!("GET /spin HTTP/1.1\r\nhost: {}\r\n\r\n", shop.domain)).expect("sent");
    await_stats(&shop, 1, 0);
    let body = json!({ "texts": ["never"] }).to_string();
    let mut second = Wire::open(host.address());
    let head = format!(
        "POST /batch HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        shop.domain,
        body.len()
    );
    second.send(head + &body).expect("sent");
    await_stats(&shop, 1, 1);
    drop(second);
    await_stats(&shop, 1, 0);
    drop(first);
    await_stats(&shop, 0, 0);
    assert_eq!(shop.get("/texts").ok(), json!([]));
}
