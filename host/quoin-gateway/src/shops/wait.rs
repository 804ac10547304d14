//! Clients that wait for what their request leads to: `Prefer: wait`, RFC 7240.

use std::time::{Duration, Instant};

use http::header::{HeaderName, HeaderValue, VARY};
use http::{HeaderMap, Response};
use quoin_core::limits::LATER_WAIT_S_MAX;
use quoin_core::manifest::Given;
use quoin_runtime::{Principal, Request, Target, Value, answer as run, json};
use quoin_supervisor::{Returned, RouteEntry, Wait};
use serde_json::{Map, Value as Json};

use super::outcome;
use super::scene::Scene;
use crate::Body;

const PREFER: &str = "prefer";
const APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// A client that waits, and what it asked.
pub struct Waiting {
    until: Instant,
    /// Of the parameters of the function that answers, those that the client gave.
    params: Map<String, Json>,
}

/// Whether the client of a request waits for what it leads to.
pub fn of(scene: &Scene<'_>, entry: &RouteEntry, params: &[Value]) -> Option<Waiting> {
    let wait = entry.wait.as_ref()?;
    let time = preferred(&scene.head.headers)?;
    let mut given = Map::new();
    for (param, from) in wait.function.params.iter().zip(&wait.given) {
        if let Given::Param(place) = from
            && let Some(value) = params.get(*place)
        {
            given.insert(param.json.clone(), json::shown(value, &param.ty).json());
        }
    }
    Some(Waiting { until: scene.supervisor.clock.instant() + time, params: given })
}

/// Waits for what the request `trace` led to, and answers with what there is then. None where the client does not wait, or the function that
/// is to answer does not: what was done is done, and the first answer tells so.
pub async fn answer(
    scene: &Scene<'_>,
    entry: &RouteEntry,
    waiting: Option<Waiting>,
    principal: &Principal,
    (trace, first): (&str, &Returned),
) -> Option<Returned> {
    let (Some(waiting), Some(wait)) = (waiting, &entry.wait) else { return None };
    let params = parameters(wait, waiting.params, first)?;
    if let Some(database) = &scene.wiring.database {
        let (tenant, until) = (scene.tenant, waiting.until);
        let waited = scene.supervisor.until_nothing_follows(tenant, database, trace, until);
        if let Err(error) = waited.await {
            tracing::warn!(request = scene.id, "a client was not let wait: {error}");
        }
    }
    let target = Target { interface: &wait.interface, function: &wait.function.name };
    let request = Request::of(principal.clone(), scene.id);
    let outcome = run(&entry.node, target, params, request, json::check).await.outcome;
    outcome::returned(outcome.ok()?.as_ref(), entry).ok()
}

/// Tells that the answer depends on what the client prefers, and whether it was followed.
pub fn tell(response: &mut Response<Body>, waited: bool) {
    if waited {
        let headers = response.headers_mut();
        headers.insert(APPLIED, HeaderValue::from_static("wait"));
        headers.append(VARY, HeaderValue::from_static(PREFER));
    }
}

fn parameters(wait: &Wait, mut given: Map<String, Json>, first: &Returned) -> Option<Vec<Value>> {
    if wait.given.contains(&Given::Answer) {
        let answer: Json = serde_json::from_slice(first.body.as_deref()?).ok()?;
        for (param, from) in wait.function.params.iter().zip(&wait.given) {
            if *from == Given::Answer {
                given.insert(param.json.clone(), answer.get(&param.json)?.clone());
            }
        }
    }
    json::parameters(&wait.function.params, &Json::Object(given)).ok()
}

/// How long the client would wait at most.
fn preferred(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
    let mut preferences = values.flat_map(|value| value.split([',', ';']));
    let seconds = preferences.find_map(|preference| {
        let (name, value) = preference.split_once('=')?;
        let value = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("wait").then(|| value.parse::<u64>().ok())?
    })?;
    (seconds > 0).then(|| Duration::from_secs(seconds.min(LATER_WAIT_S_MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(values: &[&'static str]) -> Option<u64> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(PREFER, HeaderValue::from_static(value));
        }
        preferred(&headers).map(|time| time.as_secs())
    }

    #[test]
    fn a_client_that_prefers_to_wait_is_understood_however_it_says_so() {
        assert_eq!(waits(&["wait=10"]), Some(10));
        assert_eq!(waits(&["respond-async, Wait = \"5\""]), Some(5));
        assert_eq!(waits(&["return=minimal", "wait=7"]), Some(7));
        assert_eq!(waits(&["wait=3600"]), Some(LATER_WAIT_S_MAX));
    }

    #[test]
    fn one_that_does_not_is_answered_at_once() {
        for values in [&[][..], &["wait"], &["wait=0"], &["wait=soon"], &["await=3"], &["wait=-1"]]
        {
            assert_eq!(waits(values), None, "{values:?}");
        }
    }
}
