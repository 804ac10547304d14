//! Which paths two patterns both match, and which of them gets these.

use std::collections::BTreeMap;

/// What two path patterns with `{name}` segments have in common, seen from the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overlap {
    /// They are the same but for the names of parameters.
    Same,
    /// Some paths, which go to the first: it has text wherever they differ.
    First,
    /// Some paths, which go to the second.
    Second,
    /// Some paths, and each has text where the other has a parameter.
    Ambiguous,
}

/// Path patterns, each with what it stands for, as a tree of their segments: a shop may have tens of
/// thousands.
pub(crate) struct Paths<'a, T> {
    text: BTreeMap<&'a str, Paths<'a, T>>,
    parameter: Option<Box<Paths<'a, T>>>,
    here: Vec<T>,
}

impl<T> Default for Paths<'_, T> {
    fn default() -> Self {
        Paths { text: BTreeMap::new(), parameter: None, here: Vec::new() }
    }
}

impl<'a, T> Paths<'a, T> {
    /// Adds a pattern.
    pub fn insert(&mut self, path: &'a str, value: T) {
        let mut place = self;
        for segment in path.split('/') {
            place = match is_parameter(segment) {
                true => place.parameter.get_or_insert_default(),
                false => place.text.entry(segment).or_default(),
            };
        }
        place.here.push(value);
    }

    /// All that have paths in common with this pattern.
    pub fn overlapping(&self, path: &str) -> Vec<(&T, Overlap)> {
        let segments: Vec<&str> = path.split('/').collect();
        let mut found = Vec::new();
        self.collect(&segments, (false, false), &mut found);
        found
    }

    fn collect<'b>(
        &'b self,
        segments: &[&str],
        (first, second): (bool, bool),
        found: &mut Vec<(&'b T, Overlap)>,
    ) {
        let Some((segment, rest)) = segments.split_first() else {
            let overlap = match (first, second) {
                (false, false) => Overlap::Same,
                (true, false) => Overlap::First,
                (false, true) => Overlap::Second,
                (true, true) => Overlap::Ambiguous,
            };
            return found.extend(self.here.iter().map(|value| (value, overlap)));
        };
        if is_parameter(segment) {
            for place in self.text.values() {
                place.collect(rest, (first, true), found);
            }
        } else if let Some(place) = self.text.get(*segment) {
            place.collect(rest, (first, second), found);
        }
        if let Some(place) = &self.parameter {
            place.collect(rest, (first || !is_parameter(segment), second), found);
        }
    }

    /// All that match any path under a prefix without parameters, the prefix itself among them.
    pub fn under(&self, prefix: &str) -> Vec<&T> {
        let mut places = vec![self];
        for segment in prefix.split('/') {
            let below = places.into_iter();
            let below =
                below.flat_map(|p| p.text.get(segment).into_iter().chain(p.parameter.as_deref()));
            places = below.collect();
        }
        let mut found = Vec::new();
        while let Some(place) = places.pop() {
            found.extend(&place.here);
            places.extend(place.text.values().chain(place.parameter.as_deref()));
        }
        found
    }
}

fn is_parameter(segment: &str) -> bool {
    segment.starts_with('{')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_before_a_parameter_and_neither_in_two_places() {
        for (first, second, overlap) in [
            ("/a/{x}", "/b/{x}", None),
            ("/a/{x}", "/a", None),
            ("/a/{x}", "/a/{x}/b", None),
            ("/a/{x}/c", "/a/b/d", None),
            ("/", "/{x}", Some(Overlap::First)),
            ("/a/{x}", "/a/{y}", Some(Overlap::Same)),
            ("/a/b", "/a/b", Some(Overlap::Same)),
            ("/a/b", "/a/{x}", Some(Overlap::First)),
            ("/{x}/{y}", "/{x}/b", Some(Overlap::Second)),
            ("/a/{x}/c", "/a/b/{y}", Some(Overlap::Ambiguous)),
        ] {
            let mut paths = Paths::default();
            paths.insert(second, ());
            let found: Vec<_> = paths.overlapping(first).into_iter().map(|(_, o)| o).collect();
            assert_eq!(found, Vec::from_iter(overlap), "{first} {second}");
        }
    }

    #[test]
    fn a_route_is_under_pages_where_any_of_its_paths_is() {
        for (path, prefix, is) in [
            ("/pages", "/pages", true),
            ("/pages/{x}", "/pages", true),
            ("/pages/a/b", "/pages", true),
            ("/{x}", "/pages", true),
            ("/{x}/b", "/pages/a", false),
            ("/pagesize", "/pages", false),
            ("/", "/pages", false),
        ] {
            let mut paths = Paths::default();
            paths.insert(path, ());
            assert_eq!(paths.under(prefix).len(), usize::from(is), "{path} {prefix}");
        }
    }
}
