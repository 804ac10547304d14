//! The money that moved: append-only, on disk before anybody is told.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use serde_json::{Value, json};

/// The ledger.
pub struct Ledger {
    entries: Vec<Value>,
    file: Option<File>,
}

impl Ledger {
    /// One that is also appended to a file, if there is one.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(path: Option<&Path>) -> Result<Ledger, String> {
        let open = |path: &Path| {
            let file = File::options().create(true).append(true).open(path);
            file.map_err(|error| format!("{}: {error}", path.display()))
        };
        Ok(Ledger { entries: Vec::new(), file: path.map(open).transpose()? })
    }

    /// Adds an entry: `authorize`, `capture`, `cancel` or `refund`, of minor units.
    ///
    /// # Errors
    /// It is not on disk.
    pub fn append(
        &mut self,
        kind: &str,
        intent: &str,
        payment: &str,
        amount: u64,
    ) -> Result<(), String> {
        let number = self.entries.len() + 1;
        let entry = json!({
            "number": number, "kind": kind, "intent": intent, "payment": payment, "amount": amount,
        });
        if let Some(file) = &mut self.file {
            let written = writeln!(file, "{entry}").and_then(|()| file.sync_data());
            written.map_err(|error| format!("the ledger: {error}"))?;
        }
        self.entries.push(entry);
        Ok(())
    }

    /// All entries, oldest first.
    pub fn entries(&self) -> &[Value] {
        &self.entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_added_to_the_file_and_none_is_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        for _ in 0..2 {
            let mut ledger = Ledger::open(Some(&path)).unwrap();
            ledger.append("authorize", "pi_1", "pay_1", 900).unwrap();
            assert_eq!(ledger.entries().len(), 1);
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 2);
    }
}
