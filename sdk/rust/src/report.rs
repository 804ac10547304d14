//! What an import found: faults by line, and the report or the error that callers get.

use std::collections::BTreeMap;

use crate::fault;
use crate::types::{Error, FieldFault, ImportReport, RowFault};

/// Faulty lines that are listed; the others are only counted.
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

    /// The report. A dry run lists faulty rows in it; with any, nothing would be created or updated,
    /// whatever was counted before.
    ///
    /// # Errors
    /// Nothing is imported: `invalid` with the faulty lines as fields, `csv/7` for line 7. A dry run, too, is
    /// refused a file whose header is wrong.
    pub fn report(
        self,
        dry_run: bool,
        created: u32,
        updated: u32,
        unchanged: u32,
    ) -> Result<ImportReport, Error> {
        if !self.is_empty() && (!dry_run || self.in_line(1)) {
            return Err(Error::Invalid(self.fields()));
        }
        let fault_count = self.count();
        let (created, updated, unchanged) =
            if fault_count == 0 { (created, updated, unchanged) } else { (0, 0, 0) };
        let faults = self.listed().map(|(line, problem)| RowFault { line, problem }).collect();
        Ok(ImportReport { dry_run, created, updated, unchanged, faults, fault_count })
    }

    fn count(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    /// The first faulty lines, each with its problems.
    pub(crate) fn listed(&self) -> impl Iterator<Item = (u32, String)> {
        self.0.iter().take(LISTED_MAX).map(|(line, problems)| (*line, problems.join("; ")))
    }

    fn fields(&self) -> Vec<FieldFault> {
        let lines = self.listed().map(|(line, problem)| fault(format!("csv/{line}"), problem));
        let more = self.0.len().saturating_sub(LISTED_MAX);
        let more = (more > 0).then(|| fault("csv", format!("has {more} more lines with faults")));
        lines.chain(more).collect()
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
        let report = faults.report(true, 3, 4, 5).unwrap();
        assert_eq!((report.created, report.updated, report.unchanged), (0, 0, 0));
        assert_eq!((report.faults.len(), report.fault_count), (100, 200));
        let first = &report.faults[0];
        assert_eq!((first.line, first.problem.as_str()), (2, "has no key; has no title"));
    }

    #[test]
    fn what_changed_nothing_is_no_success() {
        let faulty = |lines: &[u32]| {
            let mut faults = Faults::default();
            lines.iter().for_each(|line| faults.add(*line, "has no key"));
            faults
        };
        let fields = |outcome: Result<ImportReport, Error>| match outcome {
            Err(Error::Invalid(fields)) => {
                fields.into_iter().map(|f| (f.field, f.problem)).collect()
            }
            _ => Vec::new(),
        };
        let told = |field: &str| (field.to_owned(), "has no key".to_owned());
        assert_eq!(fields(faulty(&[7, 3]).report(false, 1, 0, 0)), [told("csv/3"), told("csv/7")]);
        let many: Vec<u32> = (2..=102).collect();
        let many = fields(faulty(&many).report(false, 1, 0, 0));
        assert_eq!(many.len(), 101);
        assert_eq!(many[100], ("csv".into(), "has 1 more lines with faults".into()));
        // A dry run tells rows in its report, but cannot tell any where the header is wrong.
        assert_eq!(fields(faulty(&[1]).report(true, 0, 0, 0)), [told("csv/1")]);
        assert_eq!(faulty(&[2]).report(true, 1, 0, 0).unwrap().fault_count, 1);
        let report = faulty(&[]).report(false, 1, 2, 3).unwrap();
        assert_eq!((report.created, report.updated, report.unchanged), (1, 2, 3));
    }
}
