//! Hundreds of random operations against a model of what must come of them.

use std::collections::BTreeMap;

use quoin_harness::{Shop, json};

use super::{adjust, call, import, moved, reserve, staff, start, totals};

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

#[derive(Clone, Copy, PartialEq, Debug)]
enum State {
    Held,
    Committed,
    Released,
}

type Lines = BTreeMap<&'static str, i64>;

/// What should be there.
struct Model {
    on_hand: Lines,
    reservations: BTreeMap<String, (State, Lines)>,
}

impl Model {
    fn reserved(&self, sku: &str) -> i64 {
        let held = self.reservations.values().filter(|(state, _)| *state == State::Held);
        held.filter_map(|(_, lines)| lines.get(sku)).sum()
    }

    fn fits(&self, owner: &str, lines: &Lines) -> bool {
        let own = self.reservations.get(owner).filter(|(state, _)| *state == State::Held);
        lines.iter().all(|(sku, quantity)| {
            let own = own.and_then(|(_, lines)| lines.get(sku)).copied().unwrap_or(0);
            self.on_hand.get(sku).copied().unwrap_or(0) - self.reserved(sku) + own >= *quantity
        })
    }

    fn reserve(&mut self, shop: &Shop, owner: String, lines: Lines) {
        let wanted: Vec<(&str, u32)> =
            lines.iter().map(|(sku, q)| (*sku, u32::try_from(*q).expect("small"))).collect();
        let allowed = match self.reservations.get(&owner) {
            Some((State::Committed, taken)) => *taken == lines,
            _ => self.fits(&owner, &lines),
        };
        let status = reserve(shop, &owner, &wanted).status;
        assert_eq!(status, if allowed { 200 } else { 409 }, "{owner} wants {wanted:?}");
        if allowed && self.state(&owner) != Some(State::Committed) {
            self.reservations.insert(owner, (State::Held, lines));
        }
    }

    fn commit(&mut self, shop: &Shop, owner: &str) {
        let expected = match self.state(owner) {
            None => 404,
            Some(State::Released) => 409,
            Some(State::Held | State::Committed) => 200,
        };
        assert_eq!(call(shop, "commit", json!({"owner": owner})).status, expected, "{owner}");
        if let Some((state @ State::Held, lines)) = self.reservations.get_mut(owner) {
            *state = State::Committed;
            for (sku, quantity) in lines {
                *self.on_hand.entry(*sku).or_default() -= *quantity;
            }
        }
    }

    fn release(&mut self, shop: &Shop, owner: &str) {
        call(shop, "release", json!({"owner": owner})).ok();
        if let Some((state @ State::Held, _)) = self.reservations.get_mut(owner) {
            *state = State::Released;
        }
    }

    fn state(&self, owner: &str) -> Option<State> {
        self.reservations.get(owner).map(|(state, _)| *state)
    }

    fn check(&self, shop: &Shop, step: u32) {
        for sku in SKUS {
            let expected = (self.on_hand.get(sku).copied().unwrap_or(0), self.reserved(sku));
            assert_eq!(totals(shop, sku), expected, "{sku} after step {step}");
            assert_eq!(moved(shop, sku), expected.0, "{sku} after step {step}");
        }
        let held = self.reservations.values().filter(|(state, _)| *state == State::Held).count();
        assert_eq!(staff(shop, "count-held", json!({})).ok(), held);
    }
}

#[test]
fn whatever_is_done_levels_ledger_and_reservations_agree() {
    let (_host, shop) = start();
    shop.admin().put("/admin/locations/attic", json!({"title": "Attic"})).ok();
    import(&shop, "sku,on_hand,location\nmug,9,main\nmug,4,attic\ncup,6,main\n");
    let mut model =
        Model { on_hand: BTreeMap::from([("mug", 13), ("cup", 6)]), reservations: BTreeMap::new() };
    let mut random = Random(0x5EED_0123_4567_89AB);
    for step in 0..400 {
        let owner = format!("buyer-{}", random.below(OWNERS));
        match random.below(10) {
            0..=4 => {
                let mut lines = Lines::new();
                for _ in 0..=random.below(2) {
                    let quantity = i64::try_from(1 + random.below(4)).expect("small");
                    *lines.entry(random.pick(&SKUS)).or_default() += quantity;
                }
                model.reserve(&shop, owner, lines);
            }
            5 => model.commit(&shop, &owner),
            6 | 7 => model.release(&shop, &owner),
            _ => {
                let sku = random.pick(&SKUS);
                let location = random.pick(&["main", "attic"]);
                let delta = i64::try_from(random.below(12)).expect("small") - 3;
                if delta != 0 && adjust(&shop, sku, location, delta).status == 200 {
                    *model.on_hand.entry(sku).or_default() += delta;
                }
            }
        }
        if step % 10 == 9 {
            model.check(&shop, step);
        }
    }
}
