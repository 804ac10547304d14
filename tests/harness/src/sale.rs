//! A sale as a shop's clients make it, step by step: the one place that tells tests of the whole system
//! what the contracts of the first-party plugins look like over HTTP.

use crate::{Reply, Shop, Value, json};

/// A shop of all first-party plugins, each with the grants that it asks for.
pub const SHOP: &str = r#"
name = "shop"
domains = ["shop.test"]
[plugins.catalog]
bundle = "catalog.wasm"
grants = ["sql", "log", "clock", "random", "call", "files", "later"]
[plugins.pricing]
bundle = "pricing.wasm"
grants = ["sql", "log", "config", "clock", "random", "call", "files", "later"]
[plugins.inventory]
bundle = "inventory.wasm"
grants = ["sql", "log", "clock", "random", "call", "files", "later"]
[plugins.cart]
bundle = "cart.wasm"
grants = ["sql", "log", "config", "clock", "random"]
[plugins.payment-manual]
bundle = "payment-manual.wasm"
grants = ["sql", "config", "clock", "random", "log"]
[plugins.order]
bundle = "order.wasm"
grants = ["sql", "config", "clock", "random", "call", "log"]
[plugins.checkout]
bundle = "checkout.wasm"
grants = ["sql", "log", "random"]
bind = { "quoin:payment/provider" = { invoice = "payment-manual", cash = "payment-manual" } }
"#;

/// How sales are paid unless told otherwise: by an invoice, whose money comes later.
pub const METHOD: &str = "invoice";

/// Puts mugs and bowls into a shop, so many of each, and answers with the ids of the two variants.
#[track_caller]
pub fn stock(shop: &Shop, pieces: u64) -> [String; 2] {
    let products = "slug,title,description,category,sku,status\n\
        mug,Mug,A mug,Tableware,mug,published\nbowl,Bowl,A bowl,Tableware,bowl,published\n";
    let stock = format!("sku,on_hand\nmug,{pieces}\nbowl,{pieces}\n");
    let prices = "sku,price,min_quantity\nmug,4.50,1\nmug,4.00,10\nbowl,10.00,1\n";
    for (what, csv) in [("products", products), ("prices", prices), ("stock", &stock)] {
        let path = format!("/admin/{what}/import");
        let report = shop.admin().post_text(&path, "text/csv", csv).ok();
        assert_eq!(report["faultCount"], 0, "{report}");
    }
    ["mug", "bowl"].map(|slug| {
        let product = shop.get(&format!("/products/{slug}")).ok();
        product["variants"][0]["id"].as_str().expect("a variant has an id").to_owned()
    })
}

/// A request of a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The buyer makes a cart.
    Create,
    /// Puts something into it.
    Add,
    /// Says who he is.
    Contact,
    /// Orders.
    Place,
    /// Staff record that the money came.
    Capture,
    /// Staff send the goods.
    Ship,
}

/// What the buyer does.
pub const BUYING: [Step; 4] = [Step::Create, Step::Add, Step::Contact, Step::Place];
/// What staff do afterwards.
pub const AFTERWARDS: [Step; 2] = [Step::Capture, Step::Ship];

/// One sale, as far as its clients know.
#[derive(Debug, Clone)]
pub struct Sale {
    /// The variant that is bought.
    pub variant: String,
    /// How many.
    pub quantity: u32,
    /// The key of the attempt.
    pub key: String,
    /// How it is paid.
    pub method: &'static str,
    /// The cart, as it was last told.
    pub cart: Value,
    /// The order, as it was last told.
    pub order: Value,
}

impl Sale {
    /// A sale that has not begun.
    pub fn of(variant: &str, quantity: u32, key: impl Into<String>) -> Sale {
        let (cart, order) = (Value::Null, Value::Null);
        let (variant, key) = (variant.into(), key.into());
        Sale { variant, quantity, key, method: METHOD, cart, order }
    }

    /// Sends one request, and takes note of a good answer.
    ///
    /// # Errors
    /// Nobody answered.
    pub fn step(&mut self, shop: &Shop, step: Step) -> Result<Reply, String> {
        let cart = self.cart["id"].as_str().unwrap_or_default();
        let order = self.order["id"].as_str().unwrap_or_default();
        let staff = shop.admin();
        let (by, method, path, body) = match step {
            Step::Create => (shop, "POST", "/carts".into(), json!({})),
            Step::Add => {
                let line = json!({ "variant": self.variant, "quantity": self.quantity });
                (shop, "POST", format!("/carts/{cart}/lines"), line)
            }
            Step::Contact => {
                let address = json!({
                    "name": "Ada", "lines": ["Lane 1"], "postalCode": "12345", "city": "Berlin",
                    "country": "DE",
                });
                let contact = json!({ "email": "ada@example.org", "address": address });
                (shop, "PUT", format!("/carts/{cart}/contact"), contact)
            }
            Step::Place => {
                let revision = &self.cart["revision"];
                let place =
                    json!({ "cartId": cart, "revision": revision, "paymentMethod": self.method });
                (shop, "POST", "/checkout".into(), place)
            }
            Step::Capture => (&staff, "POST", format!("/admin/orders/{order}/capture"), json!({})),
            Step::Ship => (&staff, "POST", format!("/admin/orders/{order}/ship"), json!({})),
        };
        let mut request = by.request(method, &path);
        if step == Step::Place {
            request = request.header("idempotency-key", &self.key);
        }
        let reply = request.json(&body).try_send()?;
        if reply.status < 300 {
            match step {
                Step::Create | Step::Add | Step::Contact => self.cart = reply.body.clone(),
                Step::Place => self.order = reply.body["order"].clone(),
                Step::Capture | Step::Ship => self.order = reply.body.clone(),
            }
        }
        Ok(reply)
    }
}
