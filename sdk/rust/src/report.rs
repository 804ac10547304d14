//! What an import found: faults by line, and the report that callers get.

use std::collections::BTreeMap;

use crate::types::{ImportReport, RowFault};

/// Faults that a report lists; the others are only counted.
const LISTED_MAX: usize = 100;
/// Faults of one line that are told; who has repaired these imports again.
const PER_LINE_MAX: usize = 5;

/// The faults of an import, by line.
#[derive(Default)]
pub struct Faults(BTreeMap<u32, Vec<String>>);

impl Faults {
    /// Notes what is wrong in a line, the header being 1.
    pub fn add(&mut self, line: u32, problem: impl Into<String>) {
        let problem = problem.into();
        let of_line = self.0.entry(line).or_default();
        if of_line.len() < PER_LINE_MAX && !of_line.contains(&problem) {
            of_line.push(problem);
        }
    }

    /// Whether nothing is wrong: only then may the import write.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether anything is wrong in a line.
    pub fn in_line(&self, line: u32) -> bool {
        self.0.contains_key(&line)
    }

    /// The report. With faults, nothing was created or updated, whatever was counted before.
    pub fn report(self, dry_run: bool, created: u32, updated: u32, unchanged: u32) -> ImportReport {
        let fault_count = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        let (created, updated, unchanged) =
            if fault_count == 0 { (created, updated, unchanged) } else { (0, 0, 0) };
        let faults = (self.0.into_iter().take(LISTED_MAX))
            .map(|(line, problems)| RowFault { line, problem: problems.join("; ") })
            .collect();
        ImportReport { dry_run, created, updated, unchanged, faults, fault_count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_listed_by_line_and_counted_beyond_the_list() {
        let mut faults = Faults::default();
        for line in (2..=201).rev() {
            faults.add(line, "has no key");
        }
        faults.add(2, "has no title");
        faults.add(2, "has no title");
        assert!(faults.in_line(2) && !faults.in_line(1) && !faults.is_empty());
        let report = faults.report(false, 3, 4, 5);
        assert_eq!((report.created, report.updated, report.unchanged), (0, 0, 0));
        assert_eq!((report.faults.len(), report.fault_count), (100, 200));
        let first = &report.faults[0];
        assert_eq!((first.line, first.problem.as_str()), (2, "has no key; has no title"));
    }
}
