//! Tables in CSV, as imports get them: a header, then rows that know their line in the file.

use csv::{ReaderBuilder, StringRecord, Trim};

use crate::report::Faults;

/// Cells of a row; a header with more is not a table of ours.
const CELLS_MAX: usize = 200;
/// Characters of a column's name, which messages repeat.
const NAME_MAX: usize = 100;

/// A table that was read.
pub struct Sheet {
    header: Vec<String>,
    /// The rows below the header. Those with a fault in their form are left out.
    pub rows: Vec<Row>,
}

/// A row of a table.
pub struct Row {
    /// The line in the file where it starts, the header being 1.
    pub line: u32,
    cells: StringRecord,
}

impl Row {
    /// The text of a cell without white space around it; empty where there is none.
    pub fn cell(&self, column: usize) -> &str {
        self.cells.get(column).unwrap_or("")
    }
}

impl Sheet {
    /// Reads CSV as RFC 4180 has it, at most `rows_max` rows. What is wrong with its form goes to
    /// `faults`, with line 1 for the header. The rows that are left have as many cells as it.
    pub fn read(text: &str, rows_max: usize, faults: &mut Faults) -> Sheet {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(Trim::All)
            .from_reader(text.as_bytes());
        let mut lines = Lines { text: text.as_bytes(), at: 0, line: 1 };
        let mut sheet = Sheet { header: Vec::new(), rows: Vec::new() };
        let mut read = 0;
        loop {
            let mut cells = StringRecord::new();
            match reader.read_record(&mut cells) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    faults.add(lines.line, format!("is not CSV: {error}"));
                    break;
                }
            }
            let line = lines.at_byte(cells.position().map_or(0, csv::Position::byte));
            read += 1;
            if read == 1 {
                sheet.header = cells.iter().map(str::to_owned).collect();
                sheet.check_header(faults);
            } else if read > rows_max + 1 {
                faults.add(line, format!("is past the {rows_max} rows that one import may have"));
                break;
            } else if cells.len() != sheet.header.len() {
                let (has, wants) = (cells.len(), sheet.header.len());
                faults.add(line, format!("has {has} cells, the header has {wants}"));
            } else {
                sheet.rows.push(Row { line, cells });
            }
        }
        if read == 0 {
            faults.add(1, "there is no header");
        }
        sheet
    }

    fn check_header(&self, faults: &mut Faults) {
        if self.header.len() > CELLS_MAX {
            faults.add(1, format!("has more than {CELLS_MAX} columns"));
            return;
        }
        for (i, name) in self.header.iter().enumerate() {
            if name.is_empty() || name.chars().count() > NAME_MAX {
                let column = i + 1;
                faults.add(
                    1,
                    format!("column {column} has no name or one over {NAME_MAX} characters"),
                );
            } else if self.header.iter().take(i).any(|earlier| earlier == name) {
                faults.add(1, format!("the column {name} is there twice"));
            }
        }
    }

    /// Where a column is, if there is one of this name.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|column| column == name)
    }

    /// Where a column is; its absence is a fault of the header.
    pub fn required(&self, name: &str, faults: &mut Faults) -> usize {
        self.column(name).unwrap_or_else(|| {
            faults.add(1, format!("the column {name} is missing"));
            usize::MAX
        })
    }

    /// The columns named `prefix` and something, with that something, in their order.
    pub fn prefixed(&self, prefix: &str) -> Vec<(usize, String)> {
        (self.header.iter().enumerate())
            .filter_map(|(i, name)| Some((i, name.strip_prefix(prefix)?.trim().to_owned())))
            .collect()
    }

    /// Makes every column a fault that is neither in `known` nor starts with one of `prefixes`.
    pub fn refuse_others(&self, known: &[&str], prefixes: &[&str], faults: &mut Faults) {
        let others = self.header.iter().filter(|name| {
            !known.contains(&name.as_str()) && !prefixes.iter().any(|p| name.starts_with(p))
        });
        for name in others.filter(|name| !name.is_empty()) {
            let name: String = name.chars().take(80).collect();
            let known = known.join(", ");
            faults.add(1, format!("the column \"{name}\" is unknown; there are {known}"));
        }
    }
}

/// Counts lines up to ever later places of a text.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u32,
}

impl Lines<'_> {
    /// The line of the first character from `byte` on that ends no line.
    fn at_byte(&mut self, byte: u64) -> u32 {
        let byte = usize::try_from(byte).unwrap_or(usize::MAX);
        while let Some(next) = self.text.get(self.at) {
            if self.at >= byte && !matches!(next, b'\r' | b'\n') {
                break;
            }
            self.line = self.line.saturating_add(u32::from(*next == b'\n'));
            self.at += 1;
        }
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Sheet, Vec<(u32, String)>) {
        let mut faults = Faults::default();
        let sheet = Sheet::read(text, 3, &mut faults);
        (sheet, faults.listed().collect())
    }

    #[test]
    fn rows_know_their_line_whatever_ends_the_lines() {
        for end in ["\n", "\r\n"] {
            let text = ["\u{feff}a,b", "1,\"two", "lines\"", "", " 3 ,é", ""].join(end);
            let (sheet, faults) = read(&text);
            assert_eq!(faults, []);
            let lines: Vec<u32> = sheet.rows.iter().map(|r| r.line).collect();
            assert_eq!(lines, [2, 5], "{text:?}");
            assert_eq!((sheet.rows[1].cell(0), sheet.rows[1].cell(1)), ("3", "é"));
            assert_eq!(sheet.rows[1].cell(9), "");
        }
    }

    #[test]
    fn rows_of_another_width_and_too_many_rows_are_faults() {
        let (_, faults) = read("a,b\n1\n1,2\n1,2\n1,2\n1,2\n1,2\n");
        assert_eq!(faults[0], (2, "has 1 cells, the header has 2".into()));
        assert_eq!((faults.len(), faults[1].0), (2, 5));
    }

    #[test]
    fn a_header_is_checked_by_name() {
        let mut faults = Faults::default();
        let sheet = Sheet::read("a,colour,x:One,a\n", 3, &mut faults);
        sheet.refuse_others(&["a", "b"], &["x:"], &mut faults);
        assert_eq!(sheet.required("b", &mut faults), usize::MAX);
        assert_eq!(sheet.prefixed("x:"), [(2, "One".to_owned())]);
        let (_, problem) = faults.listed().next().unwrap();
        for part in ["a is there twice", "\"colour\" is unknown; there are a, b", "b is missing"] {
            assert!(problem.contains(part), "{problem}");
        }
    }

    #[test]
    fn nothing_at_all_is_a_fault() {
        assert_eq!(read("").1, [(1, "there is no header".to_owned())]);
    }
}
