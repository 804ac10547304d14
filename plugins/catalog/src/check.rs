//! What a product must be like.

mod variants;

use quoin_sdk::check::Check;
use quoin_sdk::text;

use crate::exports::quoin::catalog::product_admin::ProductInput;
use crate::store::facet;

/// Text of a product in all, so that a query can return many products at once.
pub const PRODUCT_BYTES_MAX: usize = 128 << 10;
/// Variants of a product, for the same reason.
pub const VARIANTS_MAX: usize = 300;
/// Characters of slugs and channels.
pub const SLUG_MAX: usize = 100;
/// Characters of titles.
pub const TITLE_MAX: usize = 200;
/// Characters of a description: some five printed pages.
const DESCRIPTION_MAX: usize = 20_000;
/// Characters of the names of options and attributes.
const NAME_MAX: usize = 50;
/// Characters of their values and of texts for pictures.
const VALUE_MAX: usize = 200;
const URL_MAX: usize = 1_000;
/// Attributes of a product.
const ATTRIBUTES_MAX: usize = 100;
/// Categories, media, translations or channels of a product, each.
const LIST_MAX: usize = 50;
/// Checks a product by itself. Whether its categories exist, and its SKUs and ids are its own, is to
/// be asked of the database.
pub fn product(input: &ProductInput) -> Check {
    let mut check = Check::default();
    check.note("slug", text::slug_problem(&input.slug, SLUG_MAX));
    check.note("title", text::line_problem(&input.title, TITLE_MAX));
    check.note("description", text::prose_problem(&input.description, DESCRIPTION_MAX));
    variants::options(input, &mut check);
    variants::variants(input, &mut check);
    labels(input, &mut check);
    media(input, &mut check);
    translations(input, &mut check);
    let bytes = serde_json::to_vec(input).map_or(usize::MAX, |json| json.len());
    if bytes > PRODUCT_BYTES_MAX {
        let max = PRODUCT_BYTES_MAX;
        check
            .fault("slug", format!("names a product of {bytes} bytes; at most {max} are possible"));
    }
    check
}

fn labels(input: &ProductInput, check: &mut Check) {
    check.list("categories", &input.categories, LIST_MAX);
    check.distinct("categories", input.categories.iter());
    let channels = check.list("channels", &input.channels, LIST_MAX);
    for (i, channel) in channels.iter().enumerate() {
        check.note(format!("channels/{i}"), text::slug_problem(channel, SLUG_MAX));
    }
    check.distinct("channels", channels.iter());
    let attributes = check.list("attributes", &input.attributes, ATTRIBUTES_MAX);
    for (i, attribute) in attributes.iter().enumerate() {
        let field = format!("attributes/{i}");
        check.note(format!("{field}/name"), text::line_problem(&attribute.name, NAME_MAX));
        check.note(format!("{field}/value"), text::line_problem(&attribute.value, VALUE_MAX));
        if attribute.name.contains(':') {
            check.fault(format!("{field}/name"), "has a colon, which filters put after the name");
        }
    }
    check.distinct("attributes", attributes.iter().map(facet));
}

fn media(input: &ProductInput, check: &mut Check) {
    for (i, media) in check.list("media", &input.media, LIST_MAX).iter().enumerate() {
        let field = format!("media/{i}/url");
        check.note(field.as_str(), text::line_problem(&media.url, URL_MAX));
        let starts = ["https://", "http://", "/"];
        let fits = starts.iter().any(|start| media.url.starts_with(start));
        if !fits || media.url.contains(char::is_whitespace) {
            check.fault(field, "must be an address that starts with https://, http:// or /");
        }
        check.note(format!("media/{i}/alt"), text::prose_problem(&media.alt, VALUE_MAX));
    }
}

fn translations(input: &ProductInput, check: &mut Check) {
    let translations = check.list("translations", &input.translations, LIST_MAX);
    for (i, translation) in translations.iter().enumerate() {
        let field = format!("translations/{i}");
        let locale = &translation.locale;
        let fits = (2..=35).contains(&locale.len())
            && locale.split('-').all(|part| {
                (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
            });
        if !fits {
            check.fault(format!("{field}/locale"), "must be a language tag such as de or pt-BR");
        }
        check.note(format!("{field}/title"), text::line_problem(&translation.title, TITLE_MAX));
        let problem = text::prose_problem(&translation.description, DESCRIPTION_MAX);
        check.note(format!("{field}/description"), problem);
    }
    check.distinct("translations", translations.iter().map(|t| t.locale.to_lowercase()));
}
