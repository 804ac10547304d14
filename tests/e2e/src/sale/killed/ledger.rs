//! What clients know of their sales, held against what the shop says.

use std::collections::{BTreeMap, BTreeSet};

use quoin_harness::sale::{METHOD, Sale, Step};
use quoin_harness::{Reply, Shop, Value};

/// What a buyer did, and whether the last request was answered.
pub struct Attempt {
    /// What he was told so far.
    pub sale: Sale,
    /// What he asked for last.
    pub asked: Step,
    /// Whether he got an answer to that.
    pub is_answered: bool,
}

/// What clients were told so far, and what was seen of it.
pub struct Ledger {
    variants: Vec<String>,
    /// By cart.
    attempts: BTreeMap<String, Attempt>,
    /// Attempts to make a cart that nobody answered.
    without_cart: u64,
    /// Orders that were read already, by id: what they are made of never changes.
    orders: BTreeMap<String, Seen>,
    /// Orders of before the first attempt.
    before: BTreeSet<String>,
    /// Carts that were compared with their attempts, and not touched since.
    compared: BTreeSet<String>,
    interrupted: BTreeMap<String, u64>,
}

/// What an order says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    cart: String,
    payment: String,
    number: String,
    /// Pieces by variant.
    goods: BTreeMap<String, i64>,
}

impl Ledger {
    /// Of sales of these variants.
    pub fn of(variants: &[&str]) -> Ledger {
        Ledger {
            variants: variants.iter().map(|&variant| variant.to_owned()).collect(),
            attempts: BTreeMap::new(),
            without_cart: 0,
            orders: BTreeMap::new(),
            before: BTreeSet::new(),
            compared: BTreeSet::new(),
            interrupted: BTreeMap::new(),
        }
    }

    /// Takes note of what buyers did and were told.
    pub fn told(&mut self, attempts: Vec<Attempt>) {
        for attempt in attempts {
            if !attempt.is_answered {
                *self.interrupted.entry(format!("{:?}", attempt.asked)).or_default() += 1;
            }
            match attempt.sale.cart["id"].as_str() {
                Some(cart) => {
                    let doubled = self.attempts.insert(cart.to_owned(), attempt);
                    assert!(doubled.is_none(), "two buyers have one cart");
                }
                None => self.without_cart += 1,
            }
        }
    }

    /// Compares all that is new; orders that were read already are not read again.
    #[track_caller]
    pub fn look(&mut self, shop: &Shop) {
        let admin = shop.admin();
        let listed = pages(|cursor| admin.get(&format!("/admin/orders?limit=100{cursor}")));
        let ids: Vec<_> = listed.iter().map(|order| text(&order["id"])).collect();
        assert_eq!(
            ids.iter().collect::<BTreeSet<_>>().len(),
            ids.len(),
            "an order is listed twice"
        );
        let first = self.attempts.is_empty();
        for id in &ids {
            if !self.orders.contains_key(id) {
                self.orders.insert(id.clone(), seen(shop, id));
                if first {
                    self.before.insert(id.clone());
                }
            }
        }
        for id in self.orders.keys() {
            assert!(ids.contains(id), "the order {id} was there and is lost");
        }
        self.numbers();
        self.each_attempt(shop);
        self.payments(&admin);
        self.goods(&admin);
    }

    /// As [`Ledger::look`], and reads everything again.
    #[track_caller]
    pub fn look_at_all(&mut self, shop: &Shop) {
        for (id, order) in &self.orders {
            assert_eq!(seen(shop, id), *order, "the order {id} changed");
        }
        self.compared.clear();
        self.look(shop);
    }

    /// Asks again for every order of which nobody knows whether it was made.
    #[track_caller]
    pub fn ask_again(&mut self, shop: &Shop) {
        for (cart, attempt) in &mut self.attempts {
            if attempt.asked == Step::Place && attempt.sale.order.is_null() {
                attempt.sale.step(shop, Step::Place).expect("an answer").ok();
                self.compared.remove(cart);
            }
        }
    }

    /// Numbers are given without gaps.
    fn numbers(&self) {
        let mut numbers: Vec<u64> =
            self.orders.values().map(|o| o.number.parse().expect("a number")).collect();
        numbers.sort_unstable();
        let expected: Vec<u64> = (1..=numbers.len() as u64).collect();
        assert_eq!(numbers, expected, "numbers of orders");
    }

    /// Every order that was answered is there once; there are no others than were asked for; and every
    /// cart says what its order says.
    fn each_attempt(&mut self, shop: &Shop) {
        let mut of_cart: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (id, order) in self.orders.iter().filter(|(id, _)| !self.before.contains(*id)) {
            of_cart.entry(&order.cart).or_default().push(id);
        }
        for cart in of_cart.keys() {
            let attempt = self.attempts.get(*cart);
            let asked = attempt.is_some_and(|attempt| attempt.asked == Step::Place);
            assert!(asked, "an order of the cart {cart}, which nobody ordered");
        }
        for (cart, attempt) in &mut self.attempts {
            let orders = of_cart.get(cart.as_str()).map_or(&[][..], Vec::as_slice);
            assert!(orders.len() <= 1, "the cart {cart} was ordered {} times", orders.len());
            let order = orders.first();
            if let Some(told) = attempt.sale.order["id"].as_str() {
                assert_eq!(order, Some(&told), "the order of the cart {cart}");
            }
            if let Some(order) = order {
                let sale = &attempt.sale;
                let goods = BTreeMap::from([(sale.variant.clone(), i64::from(sale.quantity))]);
                assert_eq!(self.orders[*order].goods, goods, "the order {order}");
            }
            if !self.compared.insert(cart.clone()) {
                continue;
            }
            let now = shop.get(&format!("/carts/{cart}")).ok();
            assert_eq!(now["orderId"].as_str(), order.copied(), "{now}");
            let status = if order.is_some() { "ordered" } else { "open" };
            assert_eq!(now["status"], status, "{now}");
            let told = attempt.sale.cart["revision"].as_u64();
            assert!(now["revision"].as_u64() >= told, "what was told of {now} is lost");
        }
    }

    /// Every payment belongs to an order, and every order has its own. Nothing was captured yet, so all
    /// payments are open.
    fn payments(&self, admin: &Shop) {
        let path = format!("/admin/open-manual-payments/{METHOD}?limit=100");
        let open = pages(|cursor| admin.get(&format!("{path}{cursor}")));
        let mut open: Vec<_> = open.iter().map(|payment| text(&payment["id"])).collect();
        let mut ordered: Vec<_> = self.orders.values().map(|o| o.payment.clone()).collect();
        open.sort_unstable();
        ordered.sort_unstable();
        assert_eq!(open, ordered, "payments, and those that orders know");
    }

    /// What is allocated belongs to orders; levels are their sums.
    fn goods(&self, admin: &Shop) {
        let open =
            pages(|cursor| admin.get(&format!("/admin/stock/allocations?limit=100{cursor}")));
        let mut allocated = BTreeMap::new();
        for owner in &open {
            let mut goods: BTreeMap<String, i64> = BTreeMap::new();
            for line in owner["lines"].as_array().expect("lines") {
                let pieces = |name: &str| line[name].as_i64().expect("a number");
                *goods.entry(text(&line["variant"])).or_default() +=
                    pieces("quantity") - pieces("shipped") - pieces("released");
            }
            allocated.insert(text(&owner["owner"]), goods);
        }
        let ordered: BTreeMap<_, _> =
            self.orders.values().map(|o| (o.cart.clone(), o.goods.clone())).collect();
        assert_eq!(allocated, ordered, "goods that are allocated, and those that were ordered");
        for variant in &self.variants {
            let levels = admin.get(&format!("/admin/stock/levels/{variant}")).ok();
            let level: i64 = levels
                .as_array()
                .expect("levels")
                .iter()
                .map(|level| level["allocated"].as_i64().expect("a number"))
                .sum();
            let sum: i64 = ordered.values().filter_map(|goods| goods.get(variant)).sum();
            assert_eq!(level, sum, "allocated of {variant}");
        }
    }

    /// For people.
    pub fn summary(&self) -> String {
        format!(
            "{} orders of {} carts; unanswered: {:?}, of which {} got no cart",
            self.orders.len(),
            self.attempts.len(),
            self.interrupted,
            self.without_cart
        )
    }

    /// Whether checkouts were interrupted, and orders made.
    pub fn is_telling(&self) -> bool {
        self.interrupted.contains_key("Place") && self.orders.len() > self.before.len()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// All items of a list that comes in pages; `ask` gets what to add to the path.
fn pages(ask: impl Fn(&str) -> Reply) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = ask(&cursor).ok();
        items.extend(page["items"].as_array().expect("items").iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

fn seen(shop: &Shop, id: &str) -> Seen {
    let order = shop.get(&format!("/orders/{id}")).ok();
    let snapshot = &order["snapshot"];
    let mut goods = BTreeMap::new();
    for line in snapshot["lines"].as_array().expect("lines") {
        let quantity = line["quantity"].as_i64().expect("a quantity");
        *goods.entry(text(&line["variant"])).or_default() += quantity;
    }
    let (cart, payment) = (text(&snapshot["cartId"]), text(&order["paymentId"]));
    Seen { cart, payment, number: text(&order["number"]), goods }
}
