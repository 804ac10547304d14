//! A place in the tokens of a text, with what was found on the way there.

use super::checked::UnstatedOrder;
use super::refusal::Refusal;
use super::token::{Kind, Token, tokens};
use super::words::{HIDDEN, RESERVED_PREFIXES, is_keyword};

/// Subqueries, parentheses and calls in each other. Each takes a few frames of the caller's stack,
/// which may be a fiber's; what people write stays below ten.
const DEPTH_MAX: usize = 48;
/// Parameters of a statement, which the transport of it limits as well.
const PARAMETERS_MAX: usize = crate::limits::SQL_PARAMS_MAX;

/// A column that an expression names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column<'t> {
    pub(super) table: Option<&'t str>,
    pub(super) name: &'t str,
    pub(super) at: usize,
}

impl Column<'_> {
    /// Whether the two can be the same column.
    pub(super) fn matches(&self, other: &Column<'_>) -> bool {
        self.name.eq_ignore_ascii_case(other.name)
            && match (self.table, other.table) {
                (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
                _ => true,
            }
    }
}

/// What is known of the expressions of one SELECT, not of those inside of it.
#[derive(Debug, Default)]
pub(super) struct Scope<'t> {
    /// Columns outside of aggregates.
    pub(super) columns: Vec<Column<'t>>,
    /// Aggregates that are no window functions.
    pub(super) aggregates: usize,
    /// Window functions.
    pub(super) windows: usize,
    /// Columns that something is sorted by, in windows and aggregates, without a place for NULLs.
    pub(super) sorted: Vec<Column<'t>>,
}

/// What stands in the way of an expression here.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    /// In the schema: no subquery.
    pub(super) schema: bool,
    /// Two rows have a column of each name, so it must be told which is meant.
    pub(super) qualified: bool,
}

/// Reads a part of the text.
type Read = for<'t> fn(&mut Cursor<'t>) -> Result<(), Refusal>;

/// What reads the parts of an expression that hold expressions themselves. The grammar is recursive
/// by nature; taken from here, the files need not be: each part's imports those below it only.
#[derive(Clone, Copy)]
pub(super) struct Inner {
    /// A query, without its parentheses.
    pub(super) query: Read,
    /// A term of the ORDER BY of a function or a window.
    pub(super) order: Read,
}

pub(super) struct Cursor<'t> {
    pub(super) sql: &'t str,
    pub(super) inner: Inner,
    tokens: Vec<Token<'t>>,
    next: usize,
    depth: usize,
    parameters: Vec<bool>,
    pub(super) scope: Scope<'t>,
    pub(super) place: Place,
    /// There are no parameters.
    migration: bool,
    /// Every table that a statement names, with its place: what WITH defines, too.
    pub(super) tables: Vec<(&'t str, usize)>,
    /// What WITH defines anywhere in the statement.
    pub(super) defined: Vec<&'t str>,
    pub(super) unstated: Vec<UnstatedOrder>,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(sql: &'t str, migration: bool, inner: Inner) -> Result<Cursor<'t>, Refusal> {
        Ok(Cursor {
            sql,
            inner,
            tokens: tokens(sql)?,
            next: 0,
            depth: 0,
            parameters: Vec::new(),
            scope: Scope::default(),
            place: Place::default(),
            migration,
            tables: Vec::new(),
            defined: Vec::new(),
            unstated: Vec::new(),
        })
    }

    /// Forgets what the statement before this one had.
    pub(super) fn begin(&mut self) {
        self.scope = Scope::default();
        self.tables.clear();
        self.defined.clear();
    }

    /// The token at a distance from here.
    pub(super) fn ahead(&self, distance: usize) -> Token<'t> {
        let end = Token { kind: Kind::End, text: "", at: self.sql.len() };
        self.tokens.get(self.next.saturating_add(distance)).copied().unwrap_or(end)
    }

    pub(super) fn peek(&self) -> Token<'t> {
        self.ahead(0)
    }

    /// The number of the next token.
    pub(super) fn position(&self) -> usize {
        self.next
    }

    pub(super) fn between(&self, start: usize, end: usize) -> &[Token<'t>] {
        self.tokens.get(start..end).unwrap_or_default()
    }

    pub(super) fn take(&mut self) -> Token<'t> {
        let token = self.peek();
        self.next = self.next.saturating_add(1).min(self.tokens.len());
        token
    }

    pub(super) fn is(&self, text: &str) -> bool {
        self.peek().is(text)
    }

    pub(super) fn at_query(&self) -> bool {
        ["SELECT", "VALUES", "WITH"].iter().any(|word| self.is(word))
    }

    pub(super) fn are(&self, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(distance, word)| self.ahead(distance).is(word))
    }

    /// Takes these if they come next.
    pub(super) fn accept(&mut self, words: &[&str]) -> bool {
        let found = self.are(words);
        if found {
            self.next = self.next.saturating_add(words.len());
        }
        found
    }

    pub(super) fn expect(&mut self, words: &[&str]) -> Result<(), Refusal> {
        match self.accept(words) {
            true => Ok(()),
            false => self.wanted(&words.join(" ")),
        }
    }

    /// Says what must stand here.
    pub(super) fn wanted<T>(&self, what: &str) -> Result<T, Refusal> {
        let found = match self.peek() {
            Token { kind: Kind::End, .. } => "the text ends".to_owned(),
            token => {
                let short: String = token.text.chars().take(40).collect();
                format!("here is {short}")
            }
        };
        self.refuse(format!("{found}, where {what} must stand"))
    }

    pub(super) fn refuse<T>(&self, message: impl Into<String>) -> Result<T, Refusal> {
        self.refuse_at(self.peek().at, message)
    }

    pub(super) fn refuse_at<T>(&self, at: usize, message: impl Into<String>) -> Result<T, Refusal> {
        Err(Refusal::at(self.sql, at, message.into()))
    }

    /// Goes one level deeper.
    pub(super) fn nested<T>(
        &mut self,
        inside: impl FnOnce(&mut Self) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        if self.depth == DEPTH_MAX {
            return self.refuse(format!(
                "more than {DEPTH_MAX} parentheses, calls and subqueries in each other: \
                 divide the statement"
            ));
        }
        self.depth = self.depth.saturating_add(1);
        let result = inside(self);
        self.depth = self.depth.saturating_sub(1);
        result
    }

    /// `item, item, …`, at least one.
    pub(super) fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, Refusal>,
    ) -> Result<Vec<T>, Refusal> {
        let mut items = vec![item(self)?];
        while self.accept(&[","]) {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// `(name, name, …)`.
    pub(super) fn names(&mut self) -> Result<Vec<&'t str>, Refusal> {
        self.expect(&["("])?;
        let names = self.list(|c| c.name("the name of a column"))?;
        self.expect(&[")"])?;
        Ok(names)
    }

    /// Whether the next word can be a name.
    pub(super) fn at_name(&self) -> bool {
        let token = self.peek();
        token.kind == Kind::Word && !is_keyword(token.text)
    }

    pub(super) fn name(&mut self, what: &str) -> Result<&'t str, Refusal> {
        let token = self.peek();
        if token.kind == Kind::Word && is_keyword(token.text) {
            let word = token.text;
            return self.refuse(format!(
                "here is the keyword {word}, where {what} must stand: if it is meant as a name, \
                 choose another one"
            ));
        }
        if token.kind != Kind::Word {
            return self.wanted(what);
        }
        if HIDDEN.iter().any(|hidden| token.is(hidden)) {
            return self.refuse(format!(
                "{} is a hidden column of one engine: give the table a key of its own",
                token.text
            ));
        }
        // PostgreSQL cuts longer ones off.
        if token.text.len() > 63 {
            return self.refuse("a name has at most 63 letters: shorten it");
        }
        Ok(self.take().text)
    }

    /// The name of a table or an index.
    pub(super) fn thing(&mut self, what: &str) -> Result<&'t str, Refusal> {
        let at = self.peek().at;
        let name = self.name(what)?;
        let lower = name.to_ascii_lowercase();
        if let Some(prefix) = RESERVED_PREFIXES.iter().find(|p| lower.starts_with(*p)) {
            let message = format!("names that begin with {prefix} are taken: use another one");
            return self.refuse_at(at, message);
        }
        if self.is(".") {
            return self.refuse("a plugin has one schema: write the name alone");
        }
        Ok(name)
    }

    /// The name of a table that the statement uses.
    pub(super) fn table(&mut self) -> Result<&'t str, Refusal> {
        let at = self.peek().at;
        let name = self.thing("the name of a table")?;
        self.tables.push((name, at));
        Ok(name)
    }

    /// `?N`, which is next.
    pub(super) fn parameter(&mut self) -> Result<(), Refusal> {
        let token = self.peek();
        if self.migration {
            return self.refuse("a migration has no parameters: write the value");
        }
        let number = token.text.get(1..).and_then(|n| n.parse::<usize>().ok());
        match number {
            Some(number @ 1..=PARAMETERS_MAX) if !token.text.starts_with("?0") => {
                if self.parameters.len() < number {
                    self.parameters.resize(number, false);
                }
                if let Some(used) = self.parameters.get_mut(number.saturating_sub(1)) {
                    *used = true;
                }
                self.take();
                Ok(())
            }
            _ => self.refuse(format!("parameters are ?1 to ?{PARAMETERS_MAX}, written like that")),
        }
    }

    /// Whether all parameters up to the last are used: PostgreSQL wants to know the type of each.
    pub(super) fn check_parameters(&self) -> Result<(), Refusal> {
        match self.parameters.iter().position(|used| !used) {
            None => Ok(()),
            Some(missing) => {
                let (missing, last) = (missing.saturating_add(1), self.parameters.len());
                let message = format!(
                    "?{missing} is not used, but ?{last} is: number the parameters without gaps"
                );
                self.refuse_at(0, message)
            }
        }
    }
}
