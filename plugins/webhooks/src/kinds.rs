//! Types of events: what they are called, and which of them an endpoint wants.

/// Characters of one.
const KIND_MAX: usize = 200;

/// The type of the events of a kind of later calls: `order.placed` for `quoin:order/events#placed`,
/// `acme.parcel.boxes.packed` for `acme:parcel/boxes#packed`.
pub fn of(kind: &str) -> String {
    let (path, function) = kind.split_once('#').unwrap_or((kind, ""));
    let (namespace, rest) = path.split_once(':').unwrap_or(("", path));
    let (package, interface) = rest.split_once('/').unwrap_or((rest, ""));
    let parts = [
        Some(namespace).filter(|namespace| *namespace != "quoin"),
        Some(package),
        Some(interface).filter(|interface| *interface != "events"),
        Some(function),
    ];
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(".")
}

/// What is wrong with a type, or with a pattern of types, as the rest of a sentence.
pub fn problem(kind: &str) -> Option<String> {
    let stem = kind.strip_suffix(".*").unwrap_or(kind);
    let word = |word: &str| {
        !word.is_empty()
            && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let fits = kind == "*" || kind.len() <= KIND_MAX && stem.split('.').all(word);
    (!fits).then(|| "must be a type like order.placed, all of a package like order.*, or *".into())
}

/// Whether an endpoint that wants these gets events of this type.
pub fn matches(kinds: &[String], kind: &str) -> bool {
    kinds.iter().any(|wanted| match wanted.strip_suffix('*') {
        Some(stem) => kind.starts_with(stem),
        None => wanted == kind,
    })
}
