//! The query of a request: a few numbers, switches and ids, so nothing in it needs decoding.

use std::collections::BTreeMap;

use crate::answer::{Refused, bad_query};

/// The query parameters of a request, all of them known to its endpoint.
#[derive(Debug)]
pub(crate) struct Query(BTreeMap<&'static str, String>);

impl Query {
    pub fn parse(text: &str, known: &'static [&'static str]) -> Result<Query, Refused> {
        let mut found = BTreeMap::new();
        for pair in text.split('&').filter(|p| !p.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let Some(name) = known.iter().find(|k| **k == name) else {
                return Err(bad_query(&match known {
                    [] => "this path takes no query".into(),
                    known => format!("the query may have: {}", known.join(", ")),
                }));
            };
            if found.insert(*name, value.to_owned()).is_some() {
                return Err(bad_query(&format!("{name} is there twice")));
            }
        }
        Ok(Query(found))
    }

    /// Whether a switch is on; absent is off.
    pub fn switch(&self, name: &str) -> Result<bool, Refused> {
        match self.text(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(bad_query(&format!("{name} is true or false"))),
        }
    }

    /// A parameter as it is, if it is there.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A number, if it is there.
    pub fn number(&self, name: &str) -> Result<Option<u64>, Refused> {
        let wrong = |_| bad_query(&format!("{name} is a whole number"));
        self.text(name).map(|text| text.parse().map_err(wrong)).transpose()
    }

    /// A number of rows, at most `most`, which is also what an absent one means.
    pub fn limit(&self, most: usize) -> Result<usize, Refused> {
        let asked = self.number("limit")?.and_then(|n| usize::try_from(n).ok());
        Ok(asked.unwrap_or(most).min(most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&str] = &["after", "limit", "follow"];

    #[test]
    fn known_parameters_are_read() {
        let query = Query::parse("after=12&follow=true", KNOWN).unwrap();
        assert_eq!(query.number("after").unwrap(), Some(12));
        assert!(query.switch("follow").unwrap());
        assert_eq!(query.limit(100).unwrap(), 100);
        assert_eq!(Query::parse("limit=7", KNOWN).unwrap().limit(100).unwrap(), 7);
        assert_eq!(Query::parse("limit=700", KNOWN).unwrap().limit(100).unwrap(), 100);
    }

    #[test]
    fn unknown_doubled_and_mistyped_parameters_are_refused() {
        assert!(Query::parse("colour=1", KNOWN).is_err());
        assert!(Query::parse("after=1&after=2", KNOWN).is_err());
        assert!(Query::parse("after=-1", KNOWN).unwrap().number("after").is_err());
        assert!(Query::parse("follow=yes", KNOWN).unwrap().switch("follow").is_err());
    }
}
