//! What the text alone does not tell of a statement.

use super::refusal::Refusal;

/// Why sorting is refused, and what to write instead.
pub(super) const SAY: &str =
    "engines do not agree on where NULLs go: add NULLS FIRST or NULLS LAST";

/// A column that a statement sorts by without saying where NULLs go, which is right only where there
/// can be none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnstatedOrder {
    /// The tables of which it is a column of one.
    pub tables: Vec<String>,
    /// The column, as it is written.
    pub name: String,
    /// Where it stands: the line, from 1.
    pub line: usize,
    /// Where it stands: the character in the line, from 1.
    pub column: usize,
}

/// What a statement leaves to those who know the schema.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Where it sorts by a column without saying where NULLs go.
    pub unstated: Vec<UnstatedOrder>,
}

impl Checked {
    /// Judges the rest. `nullable` tells whether a column may hold NULL, and nothing where the table
    /// has no such column; names are written as in the statement, in upper or lower case.
    ///
    /// # Errors
    /// The first place that sorts by what may be NULL without saying where it goes.
    pub fn judge(&self, nullable: impl Fn(&str, &str) -> Option<bool>) -> Result<(), Refusal> {
        for order in &self.unstated {
            let known: Vec<_> =
                order.tables.iter().filter_map(|table| nullable(table, &order.name)).collect();
            if known.is_empty() || known.contains(&true) {
                let message = format!("{} may be NULL, and {}", order.name, SAY);
                return Err(Refusal { line: order.line, column: order.column, message });
            }
        }
        Ok(())
    }
}
