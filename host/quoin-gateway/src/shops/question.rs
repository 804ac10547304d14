//! What a request asks, as the key of its kept answer.

use bytes::Bytes;
use http::HeaderMap;
use quoin_core::limits::QUESTION_BYTES_KEPT_MAX;
use quoin_runtime::Principal;
use quoin_supervisor::{Key, RouteEntry, Source};

use crate::bind::{Head, Kind};

/// All that an answer of this route can depend on, within a wiring; none if it is too much to keep. The
/// parameters are in it as the client wrote them, from which they follow.
pub fn question(
    entry: &RouteEntry,
    principal: &Principal,
    head: &Head<'_>,
    body: Option<&(Kind, Bytes)>,
) -> Option<Key> {
    let mut key = Question(Vec::with_capacity(128));
    // A wiring keeps its entries where they are.
    key.part(&std::ptr::from_ref(entry).addr().to_ne_bytes());
    key.part(principal.role.as_bytes());
    key.option(principal.id.as_deref().map(str::as_bytes));
    for (_, value) in head.path {
        key.part(value.as_bytes());
    }
    key.option(head.query.map(str::as_bytes));
    for source in &entry.sources {
        if let Source::Header(name) = source {
            key.header(name, head.headers);
        }
    }
    let kind = body.map(|(kind, _)| [*kind as u8]);
    key.option(kind.as_ref().map(|kind| &kind[..]));
    key.option(body.map(|(_, bytes)| &bytes[..]));
    (key.0.len() <= QUESTION_BYTES_KEPT_MAX).then(|| key.0.into())
}

/// Parts one after the other, each with its length, so that no two lists of parts are the same bytes.
struct Question(Vec<u8>);

impl Question {
    fn part(&mut self, bytes: &[u8]) {
        self.0.extend((bytes.len() as u64).to_le_bytes());
        // What is longer makes the whole too long to be used.
        self.0.extend(bytes.iter().take(QUESTION_BYTES_KEPT_MAX));
    }

    fn option(&mut self, bytes: Option<&[u8]>) {
        self.0.push(u8::from(bytes.is_some()));
        self.part(bytes.unwrap_or_default());
    }

    fn header(&mut self, name: &str, headers: &HeaderMap) {
        let values = headers.get_all(name);
        self.part(&values.iter().count().to_le_bytes());
        for value in values {
            self.part(value.as_bytes());
        }
    }
}
