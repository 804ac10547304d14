//! Card payments survive everything: whatever fails, whenever, and whoever never comes back, what the provider
//! took and what the shop sold agree in the end, and nobody has to do anything for it.

mod books;
mod killed;
mod refused;
mod steps;
mod time;
mod webhooks;

use std::time::{Duration, Instant};

use quoin_harness::sale::{BUYING, Sale, Step};
use quoin_harness::{Host, PATIENCE, Psp, Reply, Shop, Value, json, until};

/// A host and a provider, and a shop that takes cards.
struct Card {
    host: Host,
    psp: Psp,
    shop: Shop,
    variant: String,
}

/// An order that is paid by card.
struct Bought {
    order: String,
    payment: String,
}

impl Card {
    /// With this configuration of the plugin.
    fn start(config: &str) -> Card {
        let (host, psp) = (Host::start_compiled_reaching(), Psp::start());
        let shop = host.apply(&psp.shop_file(config));
        psp.know(&host, &shop);
        let [variant, _] = quoin_harness::sale::stock(&shop, 1_000_000);
        // Made before anything is killed.
        shop.key();
        Card { host, psp, shop, variant }
    }

    /// Where staff capture.
    fn start_capturing_later() -> Card {
        Card::start("capture-at-order = \"\"")
    }

    /// A buyer orders two mugs, and gets an answer at once.
    #[track_caller]
    fn buy(&self) -> Bought {
        let mut sale = Sale { method: "card", ..Sale::of(&self.variant, 2, "") };
        for step in BUYING {
            if step == Step::Place {
                sale.key = sale.cart["id"].as_str().expect("a cart").to_owned();
            }
            let answer = sale.step(&self.shop, step).expect("an answer").ok();
            if step == Step::Place {
                assert_eq!(answer["outcome"], "unknown", "{answer}");
            }
        }
        let text = |name: &str| sale.order[name].as_str().expect("a text").to_owned();
        Bought { order: text("id"), payment: text("paymentId") }
    }

    /// The buyer, or the bank, does this on the provider's page, once there is one.
    #[track_caller]
    fn act(&self, bought: &Bought, outcome: &str) {
        until("the provider has an intent", || self.psp.intent(&bought.payment));
        assert_eq!(self.psp.act(&bought.payment, outcome), 200, "{outcome}");
    }

    /// An order that is paid, or authorized where staff capture.
    #[track_caller]
    fn paid(&self, state: &str) -> Bought {
        let bought = self.buy();
        self.act(&bought, "succeed");
        self.until(&bought, state);
        bought
    }

    fn order(&self, bought: &Bought) -> Value {
        self.shop.get(&format!("/orders/{}", bought.order)).ok()
    }

    /// Waits until the order's payment is so.
    #[track_caller]
    fn until(&self, bought: &Bought, payment: &str) -> Value {
        until(payment, || Some(self.order(bought)).filter(|order| order["payment"] == payment))
    }

    /// What staff do with an order.
    fn staff(&self, bought: &Bought, what: &str, body: Value) -> Reply {
        self.shop.admin().post(&format!("/admin/orders/{}/{what}", bought.order), body)
    }

    fn confirm(&self, bought: &Bought) -> Value {
        self.shop.post(&format!("/orders/{}/confirm", bought.order), json!({})).ok()
    }

    /// The payment, as the plugin knows it.
    fn payment(&self, bought: &Bought) -> Value {
        let path = format!("/admin/card-payments/card/{}", bought.payment);
        self.shop.admin().get(&path).ok()
    }

    /// Requests at a step that came to the provider.
    fn asked(&self, step: &str) -> usize {
        self.psp.requests().iter().filter(|request| request["step"] == step).count()
    }

    /// The host is killed and starts again; nobody else does anything.
    fn kill(&mut self) {
        self.host.restart();
        self.psp.send_to(self.host.address());
    }

    /// Waits until nothing is left to be done, and sees that all books agree.
    #[track_caller]
    fn agrees(&self) {
        let deadline = Instant::now() + PATIENCE * 2;
        loop {
            let path = format!("/v1/tenants/{}/later", self.shop.name);
            let later = self.host.manage("GET", &path, Value::Null).ok();
            let calls = later["calls"].as_array().expect("calls");
            if calls.is_empty() {
                break;
            }
            assert!(Instant::now() < deadline, "{} are not done: {calls:#?}", calls.len());
            std::thread::sleep(Duration::from_millis(20));
        }
        books::agree(&self.shop, &self.psp);
    }
}
