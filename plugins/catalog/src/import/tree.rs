//! The categories that a file names. Those that are missing are made with the products.

use std::collections::HashMap;

use quoin_sdk::report::Faults;
use quoin_sdk::text;

use crate::category::{CATEGORIES_MAX, New};
use crate::check::{SLUG_MAX, TITLE_MAX};

/// Categories that are known, with their parents, and those to be made.
pub struct Tree {
    known: HashMap<String, Option<String>>,
    new: Vec<New>,
}

impl Tree {
    pub fn new(known: HashMap<String, Option<String>>) -> Tree {
        Tree { known, new: Vec::new() }
    }

    /// The categories to be made, parents first.
    pub fn into_new(self) -> Vec<New> {
        self.new
    }

    /// The slugs of the categories in a cell: several are separated by `|`, and `Above > Below`
    /// names one with the category above it.
    pub fn slugs(&mut self, cell: &str, line: u32, faults: &mut Faults) -> Vec<String> {
        let mut slugs: Vec<String> = Vec::new();
        for path in cell.split('|').map(str::trim).filter(|path| !path.is_empty()) {
            match self.find(path) {
                Ok(slug) if slugs.contains(&slug) => {}
                Ok(slug) => slugs.push(slug),
                Err(problem) => faults.add(line, format!("category {problem}")),
            }
        }
        slugs
    }

    fn find(&mut self, path: &str) -> Result<String, String> {
        let mut above: Option<String> = None;
        for title in path.split('>').map(str::trim) {
            let slug = slug(title);
            if let Some(problem) = text::slug_problem(&slug, SLUG_MAX) {
                return Err(match text::line_problem(title, TITLE_MAX) {
                    Some(problem) => problem,
                    None if slug.is_empty() => format!(
                        "\"{title}\" has no letter a-z to make a slug of; make it with \
                        PUT /admin/categories/ and write its slug"
                    ),
                    None => format!("\"{title}\": the slug {problem}"),
                });
            }
            match self.known.get(&slug) {
                Some(parent) if above.is_some() && *parent != above => {
                    let parent = parent.as_deref().unwrap_or("no other category");
                    return Err(format!("{slug} is below {parent}; give this one another name"));
                }
                Some(_) => {}
                None => self.add(&slug, title, above)?,
            }
            above = Some(slug);
        }
        above.ok_or_else(|| "is empty".into())
    }

    fn add(&mut self, slug: &str, title: &str, parent: Option<String>) -> Result<(), String> {
        if let Some(problem) = text::line_problem(title, TITLE_MAX) {
            return Err(problem);
        }
        if self.known.len() >= CATEGORIES_MAX {
            return Err(format!("{slug} is one too many; a shop has at most {CATEGORIES_MAX}"));
        }
        self.known.insert(slug.to_owned(), parent.clone());
        self.new.push(New { slug: slug.to_owned(), title: title.to_owned(), parent });
        Ok(())
    }
}

/// A slug for a title: its letters a-z and digits, with - for everything between them.
fn slug(title: &str) -> String {
    let lower = title.to_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}
