//! What other systems answered to a request of the shop, for another run of it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use quoin_core::limits::{HTTP_ANSWERS_BYTES_MAX, HTTP_REQUESTS_MAX};
use quoin_egress::{Error, Request, Response};

type Outcome = Result<Response, Error>;

/// The requests to other systems that the calls of a tree have made.
pub(crate) struct Outside {
    /// Whether the request may be run again.
    again: bool,
    made: Mutex<Made>,
}

#[derive(Default)]
struct Made {
    /// In this run.
    count: usize,
    /// Numbers that were given in this run.
    numbered: usize,
    /// Bytes of what is held.
    bytes: usize,
    held: Vec<Held>,
}

struct Held {
    request: Request,
    outcome: Outcome,
    /// This run has had it.
    given: bool,
}

impl Outside {
    /// Of a request that runs once, or that may be run `again`.
    pub fn new(again: bool) -> Outside {
        Outside { again, made: Mutex::default() }
    }

    /// The request runs once more from its beginning.
    pub fn rewind(&self) {
        let mut made = self.made();
        (made.count, made.numbered) = (0, 0);
        made.held.iter_mut().for_each(|held| held.given = false);
    }

    /// A number for a request, from 1 on in each run.
    pub fn number(&self) -> usize {
        let mut made = self.made();
        made.numbered += 1;
        made.numbered
    }

    /// Counts a request, and gives the outcome that it had in an earlier run, if it had one.
    ///
    /// # Errors
    /// There are too many, or what they were answered is too large.
    pub fn begin(&self, request: &Request) -> Result<Option<Outcome>, Error> {
        let mut made = self.made();
        made.count += 1;
        if made.count > HTTP_REQUESTS_MAX {
            return Err(Error::Busy(format!(
                "one request of the shop sends at most {HTTP_REQUESTS_MAX} to other systems"
            )));
        }
        let same = |held: &&mut Held| !held.given && held.request == *request;
        if let Some(held) = made.held.iter_mut().find(same) {
            held.given = true;
            return Ok(Some(held.outcome.clone()));
        }
        if made.bytes >= HTTP_ANSWERS_BYTES_MAX {
            return Err(Error::TooLarge(format!(
                "one request of the shop exchanges some {HTTP_ANSWERS_BYTES_MAX} bytes with other systems"
            )));
        }
        Ok(None)
    }

    /// What a request came to that was sent in this run.
    pub fn end(&self, request: Request, outcome: &Outcome) {
        let mut made = self.made();
        made.bytes += request.size() + outcome.as_ref().map_or(0, Response::size);
        if self.again {
            made.held.push(Held { request, outcome: outcome.clone(), given: true });
        }
    }

    fn made(&self) -> MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use quoin_core::manifest::HttpMethod;

    use super::*;

    fn request(url: &str, bytes: usize) -> Request {
        Request {
            method: HttpMethod::Get,
            url: url.into(),
            headers: Vec::new(),
            body: vec![0; bytes].into(),
            secrets_in_body: false,
            signature: None,
            timeout_ms: None,
        }
    }

    fn answer(status: u16) -> Outcome {
        Ok(Response { status, headers: Vec::new(), body: Default::default() })
    }

    #[test]
    fn another_run_has_each_answer_again_that_the_first_one_had() {
        let outside = Outside::new(true);
        let outcomes = [answer(200), answer(201), Err(Error::Timeout)];
        for outcome in &outcomes {
            assert_eq!(outside.begin(&request("a", 0)), Ok(None));
            outside.end(request("a", 0), outcome);
        }
        for _ in 0..2 {
            outside.rewind();
            for outcome in &outcomes {
                assert_eq!(outside.begin(&request("a", 0)), Ok(Some(outcome.clone())));
            }
            assert_eq!(outside.begin(&request("a", 0)), Ok(None));
            assert_eq!(outside.begin(&request("b", 0)), Ok(None));
        }
    }

    #[test]
    fn another_run_gives_the_same_numbers() {
        let outside = Outside::new(true);
        for _ in 0..2 {
            assert_eq!([outside.number(), outside.number(), outside.number()], [1, 2, 3]);
            outside.rewind();
        }
    }

    #[test]
    fn a_request_sends_so_many_and_so_much_and_no_more() {
        for again in [true, false] {
            let outside = Outside::new(again);
            for _ in 0..HTTP_REQUESTS_MAX {
                assert_eq!(outside.begin(&request("a", 0)), Ok(None));
                outside.end(request("a", 0), &Err(Error::Timeout));
            }
            assert!(matches!(outside.begin(&request("b", 0)), Err(Error::Busy(_))));
            outside.rewind();
            assert_eq!(outside.begin(&request("b", 0)), Ok(None));
            outside.end(request("b", HTTP_ANSWERS_BYTES_MAX), &answer(200));
            assert!(matches!(outside.begin(&request("c", 0)), Err(Error::TooLarge(_))));
        }
    }
}
