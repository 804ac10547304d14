//! The columns of a catalogue in CSV.

use quoin_sdk::report::Faults;
use quoin_sdk::sheet::Sheet;

/// Columns for what every product or variant has. The first five must be there.
const KNOWN: [&str; 13] = [
    "slug",
    "title",
    "description",
    "category",
    "sku",
    "status",
    "variant_id",
    "variant_title",
    "gtin",
    "weight_grams",
    "requires_shipping",
    "image",
    "image_alt",
];
/// Starts of columns for what some have.
const PREFIXES: [&str; 2] = ["option:", "attr:"];

/// Where the columns are.
pub struct Columns {
    pub slug: usize,
    pub title: usize,
    pub description: usize,
    pub category: usize,
    pub sku: usize,
    pub status: Option<usize>,
    pub variant_id: Option<usize>,
    pub variant_title: Option<usize>,
    pub gtin: Option<usize>,
    pub weight_grams: Option<usize>,
    pub requires_shipping: Option<usize>,
    pub image: Option<usize>,
    pub image_alt: Option<usize>,
    /// Columns of options with the options' names.
    pub options: Vec<(usize, String)>,
    /// Columns of attributes with the attributes' names.
    pub attributes: Vec<(usize, String)>,
}

impl Columns {
    /// Finds the columns. Missing, unknown and nameless ones are faults of the header.
    pub fn find(sheet: &Sheet, faults: &mut Faults) -> Columns {
        sheet.refuse_others(&KNOWN, &PREFIXES, faults);
        let [options, attributes] = PREFIXES.map(|prefix| {
            let columns = sheet.prefixed(prefix);
            if columns.iter().any(|(_, name)| name.is_empty()) {
                faults.add(1, format!("a column {prefix} has no name after the colon"));
            }
            columns
        });
        if sheet.column("image").is_none() && sheet.column("image_alt").is_some() {
            faults.add(1, "the column image_alt needs the column image");
        }
        Columns {
            slug: sheet.required("slug", faults),
            title: sheet.required("title", faults),
            description: sheet.required("description", faults),
            category: sheet.required("category", faults),
            sku: sheet.required("sku", faults),
            status: sheet.column("status"),
            variant_id: sheet.column("variant_id"),
            variant_title: sheet.column("variant_title"),
            gtin: sheet.column("gtin"),
            weight_grams: sheet.column("weight_grams"),
            requires_shipping: sheet.column("requires_shipping"),
            image: sheet.column("image"),
            image_alt: sheet.column("image_alt"),
            options,
            attributes,
        }
    }
}
