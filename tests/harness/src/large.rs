//! The goods of a large shop, made up: as many products as told, each the same in every run, in a tree of
//! categories, with makers and words that are as unevenly spread as real ones.

use std::fmt::Write as _;
use std::ops::Range;

/// Syllables of made-up words.
const SYLLABLES: [&str; 40] = [
    "ba", "be", "bo", "da", "di", "do", "fa", "fe", "fi", "ga", "go", "gu", "ha", "he", "ka", "ke",
    "ko", "la", "le", "li", "lo", "ma", "me", "mi", "mo", "na", "ne", "ni", "pa", "po", "ra", "re",
    "ri", "ro", "sa", "se", "ta", "te", "ti", "va",
];
/// Different words in titles and descriptions.
const WORDS: u64 = 20_000;
/// Categories at the top, below each of those, and below each of these: 1,818 in all.
const TREE: [u64; 3] = [18, 10, 9];
/// Makers.
const MAKERS: u64 = 3_000;
const MATERIALS: u64 = 30;
/// Of so many products one has several variants.
const WITH_SIZES: u64 = 7;
const SIZES: [&str; 5] = ["XS", "S", "M", "L", "XL"];
/// How many lines baskets have: of each pair, that share of all baskets has at most so many. Between two
/// of them the number grows by equal factors.
const BASKETS: [(f64, f64); 9] = [
    (0.0, 1.0),
    (0.15, 1.5),
    (0.25, 2.5),
    (0.5, 5.0),
    (0.75, 10.0),
    (0.9, 20.0),
    (0.95, 30.0),
    (0.99, 59.0),
    (1.0, 161.0),
];

/// The goods.
#[derive(Debug, Clone, Copy)]
pub struct Large {
    /// How many products.
    pub products: u64,
}

/// A line of a basket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The SKU of the variant.
    pub sku: String,
    /// How many.
    pub quantity: u32,
}

impl Large {
    /// The file for the catalogue with these products.
    pub fn products_csv(&self, some: Range<u64>) -> String {
        let mut csv = "slug,title,description,category,sku,status,image,option:Size,attr:Maker,\
            attr:Material\n"
            .to_owned();
        for number in some {
            product(number, &mut csv);
        }
        csv
    }

    /// The file for the price list `regular` with the variants of these products; some cost less from ten
    /// pieces on.
    pub fn prices_csv(&self, some: Range<u64>) -> String {
        let mut csv = "sku,price,min_quantity\n".to_owned();
        for number in some {
            let mut draw = Draw::of(number, "price");
            let euro = 2 + draw.skewed(400);
            for sku in skus(number) {
                let _ = writeln!(csv, "{sku},{euro}.90,1");
                if draw.below(20) == 0 {
                    let _ = writeln!(csv, "{sku},{euro}.50,10");
                }
            }
        }
        csv
    }

    /// The file for the stock with the variants of these products, so many pieces of each.
    pub fn stock_csv(&self, some: Range<u64>, pieces: u64) -> String {
        let mut csv = "sku,on_hand\n".to_owned();
        for sku in some.flat_map(skus) {
            let _ = writeln!(csv, "{sku},{pieces}");
        }
        csv
    }

    /// The slug of a product.
    pub fn slug(&self, number: u64) -> String {
        title(number).to_lowercase().replace(' ', "-") + &format!("-{number}")
    }

    /// The slug of a category by its places in the tree: `[0]` is the one at the top with the most
    /// products.
    pub fn category(&self, path: &[u64]) -> String {
        path_title(path).to_lowercase().replace(' ', "-")
    }

    /// The name of a maker; that with the number 0 makes the most products.
    pub fn maker(&self, number: u64) -> String {
        capital(&word(WORDS + number))
    }

    /// A word of titles and descriptions; the one with the number 0 is the most frequent.
    pub fn word(&self, number: u64) -> String {
        word(number % WORDS)
    }

    /// Baskets of different variants, published ones, in an order that mixes long and short ones: the middle
    /// one has 5 lines, one in a hundred 59 and more, the longest 161.
    pub fn baskets(&self, count: u64) -> Vec<Vec<Line>> {
        (0..count).map(|number| self.basket(number, count)).collect()
    }

    fn basket(&self, number: u64, count: u64) -> Vec<Line> {
        // A step without a common divisor with the count goes through all places once.
        let place = (number * step(count)) % count.max(1);
        let lines = lines_at(place as f64 / count.saturating_sub(1).max(1) as f64);
        let mut draw = Draw::of(number, "basket");
        self.some(lines, &mut draw)
    }

    /// So many lines of different products, which sell as unevenly as real ones.
    fn some(&self, lines: usize, draw: &mut Draw) -> Vec<Line> {
        let mut chosen: Vec<u64> = Vec::with_capacity(lines);
        let mut basket = Vec::with_capacity(lines);
        while basket.len() < lines.min(usize::try_from(self.products / 2).unwrap_or(lines)) {
            let rank = draw.skewed(self.products);
            let number = rank * step(self.products) % self.products;
            if is_published(number) && !chosen.contains(&number) {
                chosen.push(number);
                let all = skus(number);
                let sku = all[draw.below(all.len() as u64) as usize].clone();
                basket.push(Line { sku, quantity: 1 + draw.skewed(12) as u32 });
            }
        }
        basket
    }

    /// A basket with so many lines.
    pub fn basket_of(&self, lines: usize) -> Vec<Line> {
        self.some(lines, &mut Draw::of(lines as u64, "long basket"))
    }
}

/// One of the others is a draft.
fn is_published(number: u64) -> bool {
    number % 33 != 7
}

/// A number without a common divisor with `count`, far from one.
fn step(count: u64) -> u64 {
    let shared = |mut a: u64, mut b: u64| {
        while b > 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    let start = count * 5 / 13 + 1;
    (start..).find(|step| shared(*step, count) == 1).unwrap_or(1)
}

/// How many lines the basket has that so large a share of all is shorter than.
fn lines_at(share: f64) -> usize {
    let above = BASKETS.iter().position(|(to, _)| *to >= share).unwrap_or(BASKETS.len() - 1);
    let (to, most) = BASKETS[above];
    let (from, least) = BASKETS[above.saturating_sub(1)];
    let way = if to > from { (share - from) / (to - from) } else { 1.0 };
    (least * (most / least).powf(way)).round() as usize
}

fn product(number: u64, csv: &mut String) {
    let mut draw = Draw::of(number, "product");
    let title = title(number);
    let length = 8 + draw.skewed(60);
    let description: Vec<String> = (0..length).map(|_| word(draw.skewed(WORDS))).collect();
    let mut category = filed(&mut draw);
    if draw.below(10) == 0 {
        category = format!("{category} | {}", filed(&mut draw));
    }
    let maker = capital(&word(WORDS + draw.skewed(MAKERS)));
    let material = capital(&word(WORDS + MAKERS + draw.skewed(MATERIALS)));
    let slug = format!("{}-{number}", title.to_lowercase().replace(' ', "-"));
    let status = if is_published(number) { "published" } else { "draft" };
    let all = skus(number);
    for (sku, size) in all.iter().zip(SIZES) {
        let size = if all.len() > 1 { size } else { "" };
        let _ = writeln!(
            csv,
            "{slug},{title},{},{category},{sku},{status},/pictures/{number}.jpg,{size},{maker},\
            {material}",
            description.join(" ")
        );
    }
}

fn title(number: u64) -> String {
    let mut draw = Draw::of(number, "title");
    let words = 2 + draw.below(4);
    let words: Vec<String> = (0..words).map(|_| capital(&word(draw.skewed(WORDS)))).collect();
    words.join(" ")
}

/// The SKUs of a product's variants.
fn skus(number: u64) -> Vec<String> {
    let variants = match number % WITH_SIZES {
        3 => 2 + number / WITH_SIZES % 4,
        _ => 1,
    };
    (0..variants).map(|variant| format!("Q{number:06}-{variant}")).collect()
}

/// Where a product is filed: mostly in one of the categories at the bottom, as the file writes it.
fn filed(draw: &mut Draw) -> String {
    let path: Vec<u64> = TREE.iter().map(|count| draw.skewed(*count)).collect();
    let depth = if draw.below(20) == 0 { 2 } else { 3 };
    let titles: Vec<String> = (1..=depth).map(|depth| path_title(&path[..depth])).collect();
    titles.join(" > ")
}

/// The title of a category, which says where it is: titles of the tree are different.
fn path_title(path: &[u64]) -> String {
    let names =
        path.iter().zip(TREE).map(|(place, count)| capital(&word(900 + count * 40 + place)));
    names.collect::<Vec<_>>().join(" ")
}

fn word(number: u64) -> String {
    let mut word = String::new();
    let mut left = number + SYLLABLES.len() as u64;
    while left > 0 {
        word.push_str(SYLLABLES[(left % SYLLABLES.len() as u64) as usize]);
        left /= SYLLABLES.len() as u64;
    }
    word
}

fn capital(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

/// Numbers that look random and are the same in every run.
struct Draw(u64);

impl Draw {
    fn of(number: u64, what: &str) -> Draw {
        let what = what.bytes().fold(0u64, |sum, byte| sum * 31 + u64::from(byte));
        Draw(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ what)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, count: u64) -> u64 {
        self.next() % count.max(1)
    }

    /// Small numbers more often than large ones: each twice as often as that of twice the size.
    fn skewed(&mut self, count: u64) -> u64 {
        let share = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        let drawn = ((count + 1) as f64).powf(share) as u64;
        drawn.saturating_sub(1).min(count.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn baskets_are_as_long_as_real_ones() {
        let large = Large { products: 10_000 };
        let mut lengths: Vec<usize> = large.baskets(2_000).iter().map(Vec::len).collect();
        lengths.sort_unstable();
        assert_eq!((lengths[1_000], lengths[1_979], lengths[1_999]), (5, 59, 161));
        assert_eq!(large.baskets(50), large.baskets(50));
    }

    #[test]
    fn the_same_products_are_made_every_time_and_each_has_its_own_sku() {
        let large = Large { products: 1_000 };
        let csv = large.products_csv(0..1_000);
        assert_eq!(
            csv,
            large.products_csv(0..500) + large.products_csv(500..1_000).split_once('\n').unwrap().1
        );
        let mut all: Vec<&str> =
            csv.lines().skip(1).filter_map(|line| line.split(',').nth(4)).collect();
        let rows = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!((all.len(), rows > 1_200), (rows, true));
    }
}
