//! Products from CSV: everything is read and checked before anything is written.

mod columns;
mod draft;
mod tree;

use std::collections::HashMap;

use quoin_sdk::host::clock;
use quoin_sdk::report::Faults;
use quoin_sdk::sheet::{Row, Sheet};
use quoin_sdk::text;
use quoin_sdk::types::{Error, ImportReport};

use crate::check::{self, SLUG_MAX};
use crate::edit::{self, Change};
use crate::exports::quoin::catalog::products::{Product, Status};
use crate::identity::Identities;
use crate::store::Write;
use crate::{category, store};
use columns::Columns;
use tree::Tree;

/// Rows of one import; their products fit into an instance's memory several times.
const ROWS_MAX: usize = 20_000;

pub fn import(csv: &str, dry_run: bool) -> Result<ImportReport, Error> {
    let mut faults = Faults::default();
    let sheet = Sheet::read(csv, ROWS_MAX, &mut faults);
    let columns = Columns::find(&sheet, &mut faults);
    // Rows under a wrong header would only repeat what is wrong with it.
    if faults.in_line(1) {
        return faults.report(dry_run, 0, 0, 0);
    }
    let groups = group(&sheet.rows, columns.slug, &mut faults);
    let slugs: Vec<&str> = groups.iter().map(|(slug, _)| *slug).collect();
    let old = store::by_slugs(&slugs);
    let mut identities = Identities::of(old.values());
    columns.name_variants(&sheet.rows, &mut identities, &mut faults);
    let mut tree = Tree::new(category::named());
    let mut skus = Skus::default();
    let now = clock::now();

    let (mut created, mut updated, mut unchanged) = (0, 0, 0);
    let mut changed: Vec<(Option<&Product>, Product)> = Vec::new();
    for (slug, rows) in &groups {
        let old = old.get(*slug);
        let (draft, status) = columns.draft(slug, rows, old, &mut tree, &mut faults);
        for fault in check::product(&draft).faults() {
            let (line, problem) = place(&fault.field, &fault.problem, rows);
            faults.add(line, problem);
        }
        skus.note(slug, rows, columns.sku, &mut faults);
        let (product, change) = edit::merged(draft, status, old, &mut identities, now);
        match change {
            Change::Create => created += 1,
            Change::Update => updated += 1,
            Change::None => unchanged += 1,
        }
        if change != Change::None {
            changed.push((old, product));
        }
    }
    skus.refuse_taken(&slugs, &mut faults);
    if faults.is_empty() && !dry_run {
        category::add(&tree.into_new());
        let writes = changed.iter().map(|(old, new)| Write { old: *old, new });
        store::replace(&writes.collect::<Vec<_>>());
    }
    faults.report(dry_run, created, updated, unchanged)
}

/// Slugs with their rows, in the order of the file.
fn group<'a>(rows: &'a [Row], slug: usize, faults: &mut Faults) -> Vec<(&'a str, Vec<&'a Row>)> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut groups: Vec<(&str, Vec<&Row>)> = Vec::new();
    for row in rows {
        let slug = row.cell(slug);
        if let Some(problem) = text::slug_problem(slug, SLUG_MAX) {
            faults.add(row.line, format!("slug {problem}"));
            continue;
        }
        let place = *places.entry(slug).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((slug, vec![row])),
        }
    }
    groups
}

/// The line of a faulty field, and the problem as it reads there: what is wrong with a variant is
/// told in its row, everything else in the product's first.
fn place(field: &str, problem: &str, rows: &[&Row]) -> (u32, String) {
    let first = rows.first().map_or(1, |row| row.line);
    let of_variant = field.strip_prefix("variants/").and_then(|rest| {
        let (i, field) = rest.split_once('/')?;
        Some((rows.get(i.parse::<usize>().ok()?)?.line, field))
    });
    let (line, field) = of_variant.unwrap_or((first, field));
    // Other variants are other lines to whoever wrote the file.
    let other = problem.split_once("variants/").and_then(|(before, rest)| {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (i, after) = rest.split_at(end);
        Some(format!("{before}line {}{after}", rows.get(i.parse::<usize>().ok()?)?.line))
    });
    (line, format!("{field} {}", other.as_deref().unwrap_or(problem)))
}

/// The status in a cell; none when it is empty.
fn status(cell: &str) -> Result<Option<Status>, &'static str> {
    match cell {
        "" => Ok(None),
        "draft" => Ok(Some(Status::Draft)),
        "published" => Ok(Some(Status::Published)),
        "archived" => Ok(Some(Status::Archived)),
        _ => Err("must be draft, published or archived"),
    }
}

/// The SKUs of the file with their slugs and lines.
#[derive(Default)]
struct Skus<'a>(HashMap<&'a str, (&'a str, u32)>);

impl<'a> Skus<'a> {
    fn note(&mut self, slug: &'a str, rows: &[&'a Row], column: usize, faults: &mut Faults) {
        for row in rows {
            let earlier = self.0.insert(row.cell(column), (slug, row.line));
            // Within one product, the check of variants tells.
            if let Some((other, line)) = earlier.filter(|(other, _)| *other != slug) {
                faults.add(row.line, format!("sku is the same as that of {other} in line {line}"));
            }
        }
    }

    /// A SKU of a product that the file does not have stays with that product.
    fn refuse_taken(&self, slugs: &[&str], faults: &mut Faults) {
        let in_file: std::collections::HashSet<&str> = slugs.iter().copied().collect();
        let skus: Vec<&str> = self.0.keys().copied().collect();
        for owner in edit::owners(&skus) {
            if let Some((_, line)) = self.0.get(owner.sku.as_str())
                && !in_file.contains(owner.slug.as_str())
            {
                faults.add(*line, format!("sku {}", edit::belongs_to(&owner.slug)));
            }
        }
    }
}
