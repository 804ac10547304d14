//! payment-card against the real host and a provider: nothing is moved twice or beyond what there is, and the
//! books of both add up.

use quoin_harness::{Host, Psp, Reply, Shop, json, until};

type Json = serde_json::Value;

struct Card {
    _host: Host,
    psp: Psp,
    shop: Shop,
}

fn start() -> Card {
    start_with("seconds-to-ask = \"1\"")
}

fn start_with(config: &str) -> Card {
    let (host, psp) = (Host::start_compiled_reaching(), Psp::start());
    let shop = host.apply(&format!("name = \"shop\"\n{}", psp.plugin_file(config)));
    psp.know(&host, &shop);
    Card { _host: host, psp, shop }
}

impl Card {
    fn call(&self, function: &str, arguments: Json) -> Reply {
        self.shop.call(&format!("quoin:payment/provider#{function}"), arguments)
    }

    fn authorize(&self, key: &str, minor: i64) -> Reply {
        let request = json!({
            "key": key,
            "amount": {"minor": minor, "currency": "EUR"},
            "description": "Your order: 2 × 50 % & more",
            "email": "ada@example.org",
        });
        self.call("authorize", json!({"method": "card", "request": request}))
    }

    /// A payment that waits for the buyer.
    fn waits(&self, key: &str, minor: i64) -> String {
        let id = id(&self.authorize(key, minor).ok());
        self.until(&id, "requires-action");
        id
    }

    /// A payment that the buyer has made.
    fn authorized(&self, key: &str, minor: i64) -> String {
        let id = self.waits(key, minor);
        assert_eq!(self.psp.act(&id, "succeed"), 200);
        self.until(&id, "authorized");
        id
    }

    fn get(&self, id: &str) -> Json {
        self.call("get", json!({"method": "card", "id": id})).ok()
    }

    fn until(&self, id: &str, state: &str) -> Json {
        until(state, || Some(self.get(id)).filter(|payment| payment["state"] == state))
    }

    /// Captures or refunds; all that is left without an amount.
    fn move_money(&self, what: &str, id: &str, key: &str, minor: Option<i64>) -> Reply {
        let amount = minor.map(|minor| json!({"minor": minor, "currency": "EUR"}));
        self.call(what, json!({"method": "card", "id": id, "key": key, "amount": amount}))
    }

    fn void(&self, id: &str, key: &str) -> Reply {
        self.call("void", json!({"method": "card", "id": id, "key": key}))
    }

    /// Authorized, captured, voided, refunded. Checks that both ledgers add up to them.
    fn totals(&self, id: &str) -> [i64; 4] {
        let payment = self.get(id);
        let ledger = self.call("ledger", json!({"method": "card", "id": id})).ok();
        let own = |kind: &str| -> i64 {
            let entries = ledger.as_array().expect("entries").iter().filter(|e| e["kind"] == kind);
            entries.map(|e| e["amount"]["minor"].as_i64().expect("an amount")).sum()
        };
        let theirs = |kind: &str| -> i64 {
            let entries = self.psp.ledger().into_iter();
            let entries = entries.filter(|e| e["kind"] == kind && e["payment"] == id);
            entries.map(|e| e["amount"].as_i64().expect("an amount")).sum()
        };
        let totals = ["authorized", "captured", "voided", "refunded"];
        let totals = totals.map(|name| payment[name]["minor"].as_i64().expect("an amount"));
        assert_eq!(["authorize", "capture", "void", "refund"].map(own), totals, "{ledger}");
        assert_eq!(["authorize", "capture", "cancel", "refund"].map(theirs), totals, "{payment}");
        totals
    }
}

fn id(payment: &Json) -> String {
    payment["id"].as_str().expect("an id").to_owned()
}

fn case(problem: &Json) -> &str {
    problem["error"]["tag"].as_str().expect("a typed error")
}

#[test]
fn a_payment_is_unknown_until_the_provider_was_asked_and_waits_then() {
    let card = start();
    let made = card.authorize("k", 5_000).ok();
    assert_eq!((&made["state"], &made["nextUrl"]), (&json!("unknown"), &Json::Null));
    assert_eq!((&made["capture"], &made["authorized"]["minor"]), (&json!("at-order"), &json!(0)));
    let waits = card.until(&id(&made), "requires-action");
    assert!(waits["nextUrl"].as_str().expect("a URL").starts_with(&card.psp.api), "{waits}");
    assert_eq!(waits["message"], "Please pay on the page of our card provider.");
    let intent = card.psp.intent(&id(&made)).expect("an intent");
    let told = (&intent["amount"], &intent["currency"], &intent["description"]);
    assert_eq!(told, (&json!(5_000), &json!("eur"), &json!("Your order: 2 × 50 % & more")));
    assert_eq!(card.totals(&id(&made)), [0; 4]);
}

#[test]
fn the_same_key_authorizes_once_and_another_request_with_it_is_a_conflict() {
    let card = start();
    let ids: Vec<String> = std::thread::scope(|scope| {
        let ask = || id(&card.authorize("k", 5_000).ok());
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|t| t.join().expect("no panic")).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(case(&card.authorize("k", 5_001).expect(409)), "conflict");
    card.until(&ids[0], "requires-action");
    assert_eq!(card.psp.intents().len(), 1);
}

#[test]
fn a_capture_happens_once_and_gives_up_the_rest() {
    let card = start();
    let id = card.authorized("k", 1_000);
    card.move_money("capture", &id, "c0", Some(1_001)).expect(409);
    let asked = card.move_money("capture", &id, "c", Some(600)).ok();
    assert_eq!((&asked["state"], &asked["captured"]["minor"]), (&json!("unknown"), &json!(0)));
    for _ in 0..3 {
        card.move_money("capture", &id, "c", Some(600)).ok();
    }
    // The same key with another amount or for something else, and another one beside it.
    for (what, key, minor) in [
        ("capture", "c", Some(601)),
        ("refund", "c", Some(600)),
        ("capture", "k", None),
        ("capture", "c2", None),
    ] {
        card.move_money(what, &id, key, minor).expect(409);
    }
    card.void(&id, "v").expect(409);
    card.until(&id, "captured");
    assert_eq!(card.totals(&id), [1_000, 600, 400, 0]);
    card.move_money("capture", &id, "c3", None).expect(409);
    card.move_money("capture", &id, "c", Some(600)).ok();
    assert_eq!(card.totals(&id), [1_000, 600, 400, 0]);
}

#[test]
fn refunds_that_are_asked_for_at_once_never_exceed_what_was_captured() {
    let card = start();
    let id = card.authorized("k", 1_000);
    card.move_money("refund", &id, "r0", Some(1)).expect(409);
    card.move_money("capture", &id, "c", None).ok();
    card.until(&id, "captured");
    let given: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|i| {
                let (card, id) = (&card, &id);
                let ask = move || card.move_money("refund", id, &format!("r-{i}"), Some(300));
                scope.spawn(move || usize::from(ask().status < 300))
            })
            .collect();
        threads.into_iter().map(|t| t.join().expect("no panic")).sum()
    });
    assert_eq!(given, 3);
    card.until(&id, "captured");
    assert_eq!(card.totals(&id), [1_000, 1_000, 0, 900]);
    card.move_money("refund", &id, "rest", None).ok();
    card.until(&id, "refunded");
    assert_eq!(card.totals(&id), [1_000, 1_000, 0, 1_000]);
    card.move_money("refund", &id, "more", None).expect(409);
}

#[test]
fn what_waits_and_what_is_authorized_can_be_given_up_once() {
    let card = start();
    for (id, totals) in
        [(card.waits("a", 700), [0; 4]), (card.authorized("b", 700), [700, 0, 700, 0])]
    {
        for _ in 0..2 {
            card.void(&id, "v").ok();
        }
        card.until(&id, "voided");
        assert_eq!(card.totals(&id), totals);
        card.void(&id, "v2").expect(409);
        card.move_money("capture", &id, "c", None).expect(409);
    }
}

#[test]
fn a_free_payment_asks_nobody() {
    let card = start();
    let captured = id(&card.authorize("a", 0).ok());
    assert_eq!(card.move_money("capture", &captured, "c", None).ok()["state"], "captured");
    card.move_money("capture", &captured, "c2", None).expect(409);
    card.move_money("refund", &captured, "r", None).expect(409);
    let voided = id(&card.authorize("b", 0).ok());
    assert_eq!(card.void(&voided, "v").ok()["state"], "voided");
    assert_eq!((card.psp.intents().len(), card.psp.requests().len()), (0, 0));
}

#[test]
fn what_happens_at_the_provider_by_other_hands_is_learnt() {
    let card = start();
    let id = card.authorized("k", 1_000);
    assert_eq!(card.psp.act(&id, "cancel"), 200);
    card.until(&id, "voided");
    assert_eq!(card.totals(&id), [1_000, 0, 1_000, 0]);
}

#[test]
fn what_cannot_be_an_amount_or_a_key_is_named() {
    let card = start();
    let request = json!({
        "key": "", "amount": {"minor": -1, "currency": "EUR"}, "description": "é".repeat(301),
        "email": "nobody",
    });
    let problem = card.call("authorize", json!({"method": "card", "request": request})).expect(422);
    assert_eq!(problem["error"]["val"].as_array().map(Vec::len), Some(4), "{problem}");
    let id = card.authorized("k", 100);
    card.move_money("capture", &id, "c", Some(0)).expect(422);
    let dollars =
        json!({"method": "card", "id": id, "key": "c", "amount": {"minor": 1, "currency": "USD"}});
    card.call("capture", dollars).expect(422);
    card.call("get", json!({"method": "cash", "id": id})).expect(404);
    card.call(
        "authorize",
        json!({"method": "cash", "request": {
            "key": "x", "amount": {"minor": 1, "currency": "EUR"}, "description": "", "email": null,
        }}),
    )
    .expect(404);
}

#[test]
fn the_staff_see_a_payment_and_its_ledger_and_strangers_do_not() {
    let card = start();
    let id = card.authorized("k", 100);
    let path = format!("/admin/card-payments/card/{id}");
    assert_eq!(card.shop.admin().get(&path).ok()["authorized"]["minor"], 100);
    let ledger = card.shop.admin().get(&format!("{path}/ledger")).ok();
    assert_eq!(ledger[0]["kind"], "authorize");
    let open = card.shop.admin().get("/admin/open-card-payments/card").ok();
    assert_eq!(open["items"][0]["id"], json!(id));
    for path in [path.clone(), format!("{path}/ledger"), "/admin/open-card-payments/card".into()] {
        card.shop.get(&path).expect(401);
    }
}
