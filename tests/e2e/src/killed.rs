//! A host that is killed at any moment comes back as it was before, or as it was to be: never in
//! between, and always working.

use std::time::Duration;

use quoin_harness::{Host, Shop, Value, json};

/// Moments at which each kind of work is cut off.
const ROUNDS: u64 = 6;

const NOTES: &str = r#"
name = "notes"
[plugins.notes]
bundle = "notes.wasm"
grants = ["sql", "log"]
"#;

/// Moments that look random and are the same in every run.
struct Moments(u64);

impl Moments {
    fn next(&mut self, within: Duration) -> Duration {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        within.mul_f64((self.0 % 1_000) as f64 / 1_000.0)
    }
}

/// Runs `work` and kills the host while it runs.
fn killed_during(host: &mut Host, moment: Duration, work: impl FnOnce(&Host) + Send) {
    std::thread::scope(|scope| {
        let running: &Host = host;
        let work = scope.spawn(move || work(running));
        std::thread::sleep(moment);
        running.kill_process();
        let _ = work.join();
    });
    host.restart();
}

fn cli(host: &Host, args: &[&str]) {
    // It fails when the host dies first, and that is as it should be.
    let _ = host.cli(args);
}

/// How long some work takes undisturbed.
fn time(work: impl FnOnce()) -> Duration {
    let began = std::time::Instant::now();
    work();
    began.elapsed()
}

#[test]
fn during_an_install() {
    let more = format!(
        "{NOTES}[plugins.provider]\nbundle = \"provider.wasm\"\ngrants = [\"call\", \"config\", \"log\"]\n\
         [plugins.hostile]\nbundle = \"hostile.wasm\"\ngrants = [\"sql\", \"log\"]\n"
    );
    let usual = {
        let host = Host::start();
        host.apply(NOTES);
        time(|| drop(host.apply(&more)))
    };
    let mut moments = Moments(0x5eed);
    for _ in 0..ROUNDS {
        let mut host = Host::start();
        let shop = host.apply(NOTES);
        shop.post("/notes", json!({ "text": "kept" })).ok();
        let key = shop.key().to_owned();
        let file = host.file("more.toml", format!("domains = [\"notes.test\"]\n{more}"));
        let file = file.display().to_string();
        killed_during(&mut host, moments.next(usual), |host| cli(host, &["apply", &file]));
        let state = shop.state();
        assert_eq!(state["fault"], Value::Null, "{state}");
        let (revision, plugins) =
            (state["revision"].as_u64(), state["plugins"].as_array().map(Vec::len));
        assert!(matches!((revision, plugins), (Some(1), Some(1)) | (Some(2), Some(3))), "{state}");
        assert_eq!(shop.get("/notes").ok(), json!(["kept"]));
        assert_eq!(shop.key(), key);
        // What was begun can be finished.
        host.apply(&more);
        assert_eq!(shop.get("/nothing").ok(), 0);
        assert_eq!(shop.state()["revision"], 2);
        shop.post("/notes", json!({ "text": "more" })).ok();
    }
}

#[test]
fn during_a_swap() {
    let mut host = Host::start();
    let shop = host.apply(NOTES);
    let bundles = ["notes", "notes-two"].map(Shop::bundle_path);
    let swap =
        |host: &Host, to: usize| cli(host, &["plugin", "swap", "notes", "notes", &bundles[to]]);
    swap(&host, 1);
    let usual = time(|| swap(&host, 0));
    let mut moments = Moments(0xfeed);
    let mut written = 0;
    for _ in 0..ROUNDS * 2 {
        let before = shop.state();
        let version = shop.get("/version").ok().as_u64().expect("a version");
        let other = 3 - version;
        let at = moments.next(usual);
        killed_during(&mut host, at, |host| swap(host, other as usize - 1));
        let (after, now) = (shop.state(), shop.get("/version").ok());
        assert_eq!(after["fault"], Value::Null, "{after}");
        let step = after["revision"].as_u64().zip(before["revision"].as_u64()).map(|(a, b)| a - b);
        match step {
            Some(0) => assert_eq!(now, version),
            Some(1) => assert_eq!(now, other),
            _ => panic!("{before} became {after}"),
        }
        shop.post("/notes", json!({ "text": "x" })).ok();
        written += 1;
        assert_eq!(shop.get("/notes").ok().as_array().map(Vec::len), Some(written));
    }
}

#[test]
fn during_an_import() {
    const ROWS: u32 = 2_000;
    let mut csv = "slug,title,description,category,sku,status\n".to_owned();
    for n in 0..ROWS {
        csv += &format!("thing-{n},Thing {n},Number {n},things,sku-{n},published\n");
    }
    let start = || {
        let host = Host::start();
        let shop = host.apply(
            "name = \"import\"\n[plugins.catalog]\nbundle = \"catalog.wasm\"\n\
             grants = [\"sql\", \"log\", \"clock\", \"random\", \"call\", \"files\", \"later\"]\n",
        );
        shop.key();
        (host, shop)
    };
    let import = |shop: &Shop| {
        let admin = shop.admin();
        let request = admin.request("POST", "/admin/products/import");
        request.header("content-type", "text/csv").body(csv.clone()).try_send()
    };
    let total = |shop: &Shop| {
        let categories = shop.get("/categories").ok();
        let categories = categories.as_array().expect("a list").iter();
        categories.map(|category| category["products"].as_u64().expect("a number")).sum::<u64>()
    };
    let usual = {
        let (_host, shop) = start();
        time(|| drop(import(&shop).expect("imported").ok()))
    };
    let mut moments = Moments(0xbeef);
    let (mut host, shop) = start();
    for _ in 0..ROUNDS {
        let mut answered = false;
        let moment = moments.next(usual);
        killed_during(&mut host, moment, |_| {
            answered = import(&shop).is_ok_and(|r| r.status == 200)
        });
        let there = total(&shop);
        match answered {
            true => assert_eq!(there, u64::from(ROWS)),
            false => assert!(there == 0 || there == u64::from(ROWS), "{there}"),
        }
        if there == u64::from(ROWS) {
            // A fresh folder for the next round.
            (host, _) = start();
            break;
        }
    }
    drop(host);
    let (_host, shop) = start();
    let report = import(&shop).expect("imported").ok();
    assert_eq!((report["created"].as_u64(), total(&shop)), (Some(2_000), 2_000));
}
