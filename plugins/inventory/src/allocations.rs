//! What owners have, as it is stored.

use quoin_sdk::db::{self, Row, Statement};
use quoin_sdk::types::Error;
use quoin_sdk::{cursor, fault, params};

use crate::bindings::exports::quoin::inventory::allocations::Allocated;
use crate::bindings::exports::quoin::inventory::stock_admin::{AllocationPage, OpenAllocation};

impl Allocated {
    fn read(row: &Row) -> Allocated {
        Allocated {
            line: row.text("line"),
            variant: row.text("variant"),
            location: row.text("location"),
            quantity: row.number("quantity"),
            shipped: row.number("shipped"),
            released: row.number("released"),
            restocked: row.number("restocked"),
        }
    }

    /// Pieces that are still allocated.
    pub fn open(&self) -> u32 {
        self.quantity.saturating_sub(self.shipped).saturating_sub(self.released)
    }
}

/// Rows of a page of owners: ten owners with as many lines as one may have. With the longest ids that a
/// line can have, half of the 4 MiB that the host returns at once.
const ROWS_OF_PAGE: u64 = 2_000;

/// Asks for what an owner has, in the order of lines.
fn select(owner: &str) -> Statement {
    db::statement(
        "SELECT line, variant, location, quantity, shipped, released, restocked
         FROM inventory_allocated WHERE owner = ?1 ORDER BY place, location",
        &params![owner],
    )
}

/// What an owner has; nothing where it has no allocation.
pub fn find(owner: &str) -> Vec<Allocated> {
    let select = select(owner);
    db::rows(&select.text, &select.params).iter().map(Allocated::read).collect()
}

/// What an owner has.
pub fn of(owner: &str) -> Result<Vec<Allocated>, Error> {
    let found = find(owner);
    if found.is_empty() {
        return Err(Error::NotFound("nothing was allocated for this owner".into()));
    }
    Ok(found)
}

/// Notes whether an owner has goods that are still allocated.
pub fn mark(owner: &str, all: &[Allocated]) -> Statement {
    let open = all.iter().any(|one| one.open() > 0);
    db::statement("UPDATE inventory_owner SET open = ?2 WHERE id = ?1", &params![owner, open])
}

/// A page of owners with goods that are still allocated, oldest first: as many as asked for, or fewer where
/// these have more than a page takes.
pub fn list_open(from: Option<&str>, limit: Option<u32>) -> Result<AllocationPage, Error> {
    let limit = cursor::limit(limit);
    let (since, after) = match from {
        None => (0, String::new()),
        Some(from) => position(from).ok_or_else(|| {
            Error::Invalid(vec![fault("cursor", "is not one that this list has given")])
        })?,
    };
    let mut owners = db::rows(
        "SELECT id, since,
             (SELECT count(*) FROM inventory_allocated WHERE owner = inventory_owner.id) AS parts
         FROM inventory_owner
         WHERE open = 1 AND (since, id) > (?1, ?2) ORDER BY since, id LIMIT ?3",
        &params![since, after, limit + 1],
    );
    let all = owners.len();
    owners.truncate(fitting(&owners).min(limit as usize));
    let more = owners.len() < all;
    let questions: Vec<Statement> = owners.iter().map(|row| select(&row.text("id"))).collect();
    let items: Vec<OpenAllocation> = (owners.iter().zip(db::batch(&questions)))
        .map(|(row, lines)| OpenAllocation {
            owner: row.text("id"),
            since: row.number("since"),
            lines: lines.iter().map(Allocated::read).collect(),
        })
        .collect();
    let next = items.last().filter(|_| more);
    let next = next.map(|last| cursor::encode(&format!("{} {}", last.since, last.owner)));
    Ok(AllocationPage { items, next })
}

/// How many of these owners fit on a page: one does in any case.
fn fitting(owners: &[Row]) -> usize {
    let sums = owners.iter().scan(0, |sum: &mut u64, owner| {
        *sum += owner.number::<u64>("parts");
        Some(*sum)
    });
    sums.take_while(|sum| *sum <= ROWS_OF_PAGE).count().max(1)
}

/// The place in the list that a cursor tells.
fn position(from: &str) -> Option<(u64, String)> {
    let key = cursor::decode(from)?;
    let (since, owner) = key.split_once(' ')?;
    let since = since.parse().ok().filter(|since| *since <= u64::MAX >> 1)?;
    Some((since, owner.to_owned()))
}
