//! Hundreds of random operations against a model of what must come of them.

use std::collections::BTreeMap;

use quoin_harness::{Shop, json};

use super::{adjust, allocate, call, import, moved, open, start, totals};

const SKUS: [&str; 3] = ["mug", "cup", "bowl"];
/// Enough that some are asked for in every state, few enough that each comes again.
const OWNERS: u64 = 40;

/// A small generator with a seed: the same operations every time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[usize::try_from(self.below(of.len() as u64)).expect("an index")]
    }
}

/// A line of an owner.
#[derive(Clone, PartialEq, Debug)]
struct Line {
    sku: &'static str,
    quantity: u32,
    shipped: u32,
    released: u32,
    restocked: u32,
}

impl Line {
    fn open(&self) -> u32 {
        self.quantity - self.shipped - self.released
    }

    /// Does it with so many pieces, if so many are left.
    fn take(&mut self, step: &str, quantity: u32) -> bool {
        let (left, counted) = match step {
            "ship" => (self.open(), &mut self.shipped),
            "release" => (self.open(), &mut self.released),
            _ => (self.shipped - self.restocked, &mut self.restocked),
        };
        let enough = quantity <= left;
        *counted += if enough { quantity } else { 0 };
        enough
    }
}

/// What should be there.
struct Model {
    on_hand: BTreeMap<&'static str, i64>,
    owners: BTreeMap<String, Vec<Line>>,
}

impl Model {
    fn lines(&self) -> impl Iterator<Item = &Line> {
        self.owners.values().flatten()
    }

    fn allocated(&self, sku: &str) -> i64 {
        self.lines().filter(|l| l.sku == sku).map(|l| i64::from(l.open())).sum()
    }

    fn allocate(&mut self, shop: &Shop, owner: String, wanted: &[(&'static str, u32)]) {
        let same =
            |lines: &[Line]| lines.iter().map(|l| (l.sku, l.quantity)).eq(wanted.iter().copied());
        let fits = |(sku, _): &(&str, u32)| {
            let all: u32 = wanted.iter().filter(|(other, _)| other == sku).map(|(_, q)| q).sum();
            self.on_hand[sku] - self.allocated(sku) >= i64::from(all)
        };
        let before = self.owners.get(&owner).filter(|l| l.iter().any(|l| l.released < l.quantity));
        let allowed = before.map_or_else(|| wanted.iter().all(fits), |lines| same(lines));
        let anew = before.is_none();
        let status = allocate(shop, &owner, wanted).status;
        assert_eq!(status, if allowed { 200 } else { 409 }, "{owner} wants {wanted:?}");
        if allowed && anew {
            let line = |&(sku, quantity): &(&'static str, u32)| Line {
                sku,
                quantity,
                shipped: 0,
                released: 0,
                restocked: 0,
            };
            self.owners.insert(owner, wanted.iter().map(line).collect());
        }
    }

    /// Does it with some pieces of an owner's first line, or with all that is left.
    fn step(&mut self, shop: &Shop, step: &str, owner: &str, quantity: Option<u32>) {
        // Where a part comes back to must be said.
        let to = (step == "restock").then_some("main");
        let part = |quantity| json!([{"line": "1", "location": to, "quantity": quantity}]);
        let parts = quantity.map(part);
        let status = call(shop, step, json!({"owner": owner, "lines": parts})).status;
        let Some(lines) = self.owners.get_mut(owner) else {
            assert_eq!(status, 404, "{owner}");
            return;
        };
        let before = lines.clone();
        let done = match quantity {
            Some(quantity) => lines[0].take(step, quantity),
            None => lines.iter_mut().all(|line| {
                let left =
                    if step == "restock" { line.shipped - line.restocked } else { line.open() };
                line.take(step, left)
            }),
        };
        assert_eq!(status, if done { 200 } else { 409 }, "{step} {quantity:?} of {before:?}");
        for (before, now) in before.iter().zip(lines) {
            let gone = i64::from(now.shipped - before.shipped);
            let back = i64::from(now.restocked - before.restocked);
            *self.on_hand.get_mut(now.sku).expect("a SKU") += back - gone;
        }
    }

    fn check(&self, shop: &Shop, step: u32) {
        for sku in SKUS {
            let expected = (self.on_hand[sku], self.allocated(sku));
            assert_eq!(totals(shop, sku), expected, "{sku} after step {step}");
            assert_eq!(moved(shop, sku), expected.0, "{sku} after step {step}");
        }
        let with_open = |lines: &&Vec<Line>| lines.iter().any(|line| line.open() > 0);
        assert_eq!(open(shop).len(), self.owners.values().filter(with_open).count());
    }
}

#[test]
fn whatever_is_done_levels_ledger_and_allocations_agree() {
    let (_host, shop) = start(SKUS);
    shop.admin().put("/admin/locations/attic", json!({"title": "Attic"})).ok();
    import(&shop, "sku,on_hand,location\nmug,9,main\nmug,4,attic\ncup,6,main\n");
    let on_hand = BTreeMap::from([("mug", 13), ("cup", 6), ("bowl", 0)]);
    let mut model = Model { on_hand, owners: BTreeMap::new() };
    let mut random = Random(0x5EED_0123_4567_89AB);
    for step in 0..400 {
        let owner = format!("buyer-{}", random.below(OWNERS));
        let small = |random: &mut Random, end| u32::try_from(random.below(end)).expect("small");
        match random.below(12) {
            0..=4 => {
                let count = 1 + random.below(2);
                let wanted: Vec<_> =
                    (0..count).map(|_| (random.pick(&SKUS), 1 + small(&mut random, 4))).collect();
                model.allocate(&shop, owner, &wanted);
            }
            5..=9 => {
                let action = random.pick(&["ship", "release", "release", "restock"]);
                let part = 1 + small(&mut random, 3);
                let part = (random.below(2) == 0).then_some(part);
                model.step(&shop, action, &owner, part);
            }
            _ => {
                let sku = random.pick(&SKUS);
                let location = random.pick(&["main", "attic"]);
                let delta = i64::from(small(&mut random, 12)) - 3;
                if delta != 0 && adjust(&shop, sku, location, delta).status == 200 {
                    *model.on_hand.get_mut(sku).expect("a SKU") += delta;
                }
            }
        }
        if step % 10 == 9 {
            model.check(&shop, step);
        }
    }
}
