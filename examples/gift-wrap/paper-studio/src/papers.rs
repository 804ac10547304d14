//! The papers that the studio has.

use crate::bindings::exports::acme::gifts::wrapping::{Error, Finish, Paper};

/// All of them, the cheapest first.
pub fn all() -> Vec<Paper> {
    let paper = |id: &str, title: &str, finish, colour, cents_per_square_metre| Paper {
        id: id.into(),
        title: title.into(),
        finish,
        colour,
        cents_per_square_metre,
    };
    vec![
        paper("kraft", "Kraft, unbleached", Finish::Matte, (181, 144, 101), 120),
        paper("snow", "Snow", Finish::Matte, (250, 250, 245), 180),
        paper("fir", "Fir green with stars", Finish::Glossy, (18, 84, 58), 310),
        paper("midnight", "Midnight", Finish::Velvet, (22, 24, 64), 890),
    ]
}

/// The paper with this id; the cheapest unless told.
///
/// # Errors
/// The studio has none with this id.
pub fn chosen(id: Option<String>) -> Result<Paper, Error> {
    let found = match &id {
        Some(id) => all().into_iter().find(|p| p.id == *id),
        None => all().into_iter().min_by_key(|p| p.cents_per_square_metre),
    };
    found.ok_or(Error::UnknownPaper(id.unwrap_or_default()))
}
