//! The categories that a file names. Those that are missing are made with the products.

use std::collections::HashMap;

use deunicode::deunicode_with_tofu;
use quoin_sdk::report::Faults;
use quoin_sdk::text;

use crate::category::{CATEGORIES_MAX, Named};
use crate::check::{SLUG_MAX, TITLE_MAX};

/// Categories that are known, and those to be made. A category is known by its title and the category
/// above it, or by its slug; two of different names are two, whatever their slugs would be.
#[derive(Default)]
pub struct Tree {
    /// By slug.
    known: HashMap<String, Named>,
    /// Slugs by title, as [`folded`] has it.
    titled: HashMap<String, Vec<String>>,
    new: Vec<Named>,
}

impl Tree {
    pub fn new(known: Vec<Named>) -> Tree {
        let mut tree = Tree::default();
        known.into_iter().for_each(|category| tree.enter(category));
        tree
    }

    /// The categories to be made, parents first.
    pub fn into_new(self) -> Vec<Named> {
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
            let slug = match self.known_as(title, above.as_deref())? {
                Some(slug) => slug,
                None => self.add(title, above)?,
            };
            above = Some(slug);
        }
        above.ok_or_else(|| "is empty".into())
    }

    /// The category of this title below that one, or, where the file names none above it, anywhere.
    fn known_as(&self, title: &str, above: Option<&str>) -> Result<Option<String>, String> {
        let fits = |slug: &&String| {
            let parent = self.known.get(*slug).map(|category| category.parent.as_deref());
            above.is_none() || parent == Some(above)
        };
        let titled = self.titled.get(&folded(title)).map_or(&[][..], Vec::as_slice);
        let found: Vec<&String> = titled.iter().filter(fits).collect();
        let at_top = |slug: &&&String| self.known.get(**slug).is_some_and(|c| c.parent.is_none());
        match found[..] {
            [] => {}
            [one] => return Ok(Some(one.clone())),
            [one, other, ..] => {
                return match found.iter().find(at_top) {
                    Some(top) => Ok(Some((*top).clone())),
                    None => Err(format!(
                        "\"{title}\" is {one} and {other}: write the slug that is meant, or what is above it"
                    )),
                };
            }
        }
        // The slug itself.
        Ok(self.known.get_key_value(title).map(|(slug, _)| slug).filter(fits).cloned())
    }

    fn add(&mut self, title: &str, parent: Option<String>) -> Result<String, String> {
        if let Some(problem) = text::line_problem(title, TITLE_MAX) {
            return Err(problem);
        }
        let slug = self.free(title, slug(title), parent.as_deref())?;
        if self.known.len() >= CATEGORIES_MAX {
            return Err(format!("{slug} is one too many; a shop has at most {CATEGORIES_MAX}"));
        }
        let category = Named { slug: slug.clone(), title: title.to_owned(), parent };
        self.new.push(category.clone());
        self.enter(category);
        Ok(slug)
    }

    /// The slug for a new category: with a number where one elsewhere in the tree has it. One that has it in
    /// the same place may be the same by another name, which only a person knows.
    fn free(&self, title: &str, slug: String, parent: Option<&str>) -> Result<String, String> {
        if let Some(problem) = text::slug_problem(&slug, SLUG_MAX) {
            return Err(match slug.is_empty() {
                true => format!(
                    "\"{title}\" has no letter or digit to make a slug of; make it with \
                    PUT /admin/categories/ and write its slug"
                ),
                false => format!("\"{title}\": the slug {problem}"),
            });
        }
        match self.known.get(&slug) {
            Some(other) if other.parent.as_deref() == parent => {
                return Err(format!(
                    "\"{title}\" would have the slug {slug}, which is that of \"{}\": write {slug} if that is \
                     meant, or else make it with PUT /admin/categories/ and write its slug",
                    other.title
                ));
            }
            _ => {}
        }
        let numbered = (2..).map(|number: u32| format!("{slug}-{number}"));
        std::iter::once(slug.clone())
            .chain(numbered)
            .find(|slug| !self.known.contains_key(slug))
            .filter(|slug| slug.len() <= SLUG_MAX)
            .ok_or_else(|| format!("\"{title}\": the slug {slug} is taken; give it another name"))
    }

    fn enter(&mut self, category: Named) {
        let slugs = self.titled.entry(folded(&category.title)).or_default();
        slugs.push(category.slug.clone());
        self.known.insert(category.slug.clone(), category);
    }
}

/// A title for comparing: whatever the case of its letters, and the white space in it.
fn folded(title: &str) -> String {
    title.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// A slug for a title: its letters, as a-z writes those of other alphabets, and digits, with - for everything
/// between them.
fn slug(title: &str) -> String {
    let plain = deunicode_with_tofu(title, " ").to_lowercase();
    let words = plain.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}
