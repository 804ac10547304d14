//! The table of what was measured.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::machine::Machine;

/// What was measured, in the order in which it is shown.
#[derive(Default)]
pub struct Table {
    sections: Vec<(String, Vec<Row>)>,
}

/// One line.
pub struct Row {
    what: String,
    /// The value, with its unit.
    value: String,
    /// Comparisons with other lines.
    ratios: Vec<Ratio>,
}

/// How a value compares, and how it should.
pub struct Ratio {
    /// The ratio.
    pub is: f64,
    /// What the ratio is, e.g. `the speed of the native server`.
    pub of: &'static str,
    /// What it should be, if anything.
    pub aim: Option<Aim>,
}

/// A bound for a ratio.
#[derive(Clone, Copy)]
pub enum Aim {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
}

impl Aim {
    fn is_met(self, ratio: f64) -> bool {
        match self {
            Aim::AtLeast(bound) => ratio >= bound,
            Aim::AtMost(bound) => ratio <= bound,
        }
    }

    fn text(self) -> String {
        match self {
            Aim::AtLeast(bound) => format!("at least {bound}"),
            Aim::AtMost(bound) => format!("at most {bound}"),
        }
    }
}

impl Ratio {
    fn met(&self) -> Option<bool> {
        self.aim.map(|aim| aim.is_met(self.is))
    }
}

impl Table {
    /// Begins a section.
    pub fn section(&mut self, title: impl Into<String>) {
        self.sections.push((title.into(), Vec::new()));
    }

    /// Adds a line to the last section.
    pub fn row(&mut self, what: impl Into<String>, value: String, ratios: Vec<Ratio>) {
        let row = Row { what: what.into(), value, ratios };
        match self.sections.last_mut() {
            Some((_, rows)) => rows.push(row),
            None => self.sections.push((String::new(), vec![row])),
        }
    }

    /// How many aims there are, and how many of them are not met.
    fn aims(&self) -> (usize, usize) {
        let rows = self.sections.iter().flat_map(|(_, rows)| rows);
        let met: Vec<bool> = rows.flat_map(|row| &row.ratios).filter_map(Ratio::met).collect();
        (met.len(), met.iter().filter(|met| !**met).count())
    }

    /// For people.
    pub fn text(&self, machine: &Machine) -> String {
        let mut text = format!("{machine}\n");
        for (title, rows) in &self.sections {
            let _ = write!(text, "\n{title}\n");
            for row in rows {
                let head = format!("  {:<44} {:>12}", row.what, row.value);
                if row.ratios.is_empty() {
                    let _ = writeln!(text, "{head}");
                }
                for (index, ratio) in row.ratios.iter().enumerate() {
                    let head = if index == 0 { &head } else { &" ".repeat(59) };
                    let ratio_text = format!("{} × {}", figures(ratio.is), ratio.of);
                    let aim = ratio.aim.map(Aim::text).unwrap_or_default();
                    let met = match ratio.met() {
                        Some(true) => "met",
                        Some(false) => "FALLS SHORT",
                        None => "",
                    };
                    let line = format!("{head}   {ratio_text:<38} {aim:<13} {met}");
                    let _ = writeln!(text, "{}", line.trim_end());
                }
            }
        }
        let (aims, missed) = self.aims();
        let _ = writeln!(text, "\n{} of {aims} aims are met.", aims - missed);
        text
    }

    /// For programs.
    pub fn json(&self, machine: &Machine) -> Value {
        let ratio = |ratio: &Ratio| {
            json!({
                "ratio": ratio.is,
                "of": ratio.of,
                "aim": ratio.aim.map(Aim::text),
                "met": ratio.met(),
            })
        };
        let row = |row: &Row| {
            let ratios: Vec<_> = row.ratios.iter().map(ratio).collect();
            json!({ "what": row.what, "value": row.value, "ratios": ratios })
        };
        let sections = self.sections.iter().map(|(title, rows)| {
            json!({ "title": title, "rows": rows.iter().map(row).collect::<Vec<_>>() })
        });
        let sections: Vec<_> = sections.collect();
        json!({ "machine": machine, "sections": sections, "missed": self.aims().1 })
    }
}

/// A number with three figures, or all of those before the point.
pub fn figures(number: f64) -> String {
    match number.abs() {
        n if n >= 100.0 => format!("{number:.0}"),
        n if n >= 10.0 => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}

/// A duration in microseconds.
pub fn micros(seconds: f64) -> String {
    format!("{} µs", figures(seconds * 1e6))
}

/// A duration in milliseconds.
pub fn millis(seconds: f64) -> String {
    format!("{} ms", figures(seconds * 1e3))
}

/// So many in a second.
pub fn rate(per_second: f64) -> String {
    format!("{} /s", figures(per_second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_aim_is_a_bound_from_below_or_from_above() {
        let ratio = |is, aim| Ratio { is, of: "it", aim };
        assert_eq!(ratio(2.0, Some(Aim::AtLeast(2.0))).met(), Some(true));
        assert_eq!(ratio(1.9, Some(Aim::AtLeast(2.0))).met(), Some(false));
        assert_eq!(ratio(2.1, Some(Aim::AtMost(2.0))).met(), Some(false));
        assert_eq!(ratio(2.1, None).met(), None);
    }

    #[test]
    fn what_falls_short_is_told_and_counted() {
        let mut table = Table::default();
        table.section("Things");
        let of = "the other";
        table.row(
            "thing",
            rate(123.4),
            vec![
                Ratio { is: 0.4, of, aim: Some(Aim::AtLeast(0.5)) },
                Ratio { is: 3.0, of, aim: None },
            ],
        );
        let machine = Machine::look();
        let text = table.text(&machine);
        assert!(text.contains("123 /s"), "{text}");
        assert!(text.contains("0.40 × the other"), "{text}");
        assert!(text.contains("FALLS SHORT"), "{text}");
        assert!(text.ends_with("0 of 1 aims are met.\n"), "{text}");
        let json = table.json(&machine);
        assert_eq!(
            (json["missed"].clone(), json["sections"][0]["title"].clone()),
            (1.into(), "Things".into())
        );
    }
}
