//! The shops' API: from a request to the function that answers it, and back.

mod access;
mod address;
pub mod files;
mod once;
mod outcome;
mod own;
mod question;
mod scene;
mod wait;
mod web;

use std::sync::Arc;

use http::header::{CACHE_CONTROL, HeaderName, HeaderValue};
use http::{Request, Response, StatusCode};
use quoin_core::limits::{BINARY_BODY_BYTES_MAX, BODY_BYTES_MAX};
use quoin_core::manifest::Access;
use quoin_core::{Class, Digest, Problem};
use quoin_runtime::{Answered, Target, answer, json};
use quoin_supervisor::{Found, Kept, Match, Returned, RouteEntry, Supervisor};

use crate::bind::{self, Head};
use crate::reply::{self, NO_STORE, REQUEST_ID};
use crate::{Answer, Body, Service, Upload, problem, request_id};
use question::question;
use scene::Scene;

/// Tells that an answer is that of an earlier request with the same key.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Serves the shops of a supervisor: each request by the wiring that its tenant has at that moment.
pub struct Shops {
    supervisor: Arc<Supervisor>,
}

impl Shops {
    /// The shops of `supervisor`.
    pub fn new(supervisor: Arc<Supervisor>) -> Shops {
        Shops { supervisor }
    }

    async fn respond(&self, request: Request<Upload>, id: &str) -> Result<Response<Body>, Problem> {
        let (head, upload) = request.into_parts();
        if head.uri.path() == own::HEALTH {
            return own::health(&head.method, id);
        }
        let host = address::host(&head)?;
        let tenant = self.supervisor.tenant_of_host(&host).ok_or_else(address::unknown_host)?;
        // Loaded once: the request sees one state of the shop from here to its end.
        let wiring = self.supervisor.wiring(&tenant).await;
        let supervisor = &*self.supervisor;
        let scene = Scene { tenant: &tenant, wiring: &wiring, supervisor, head: &head, id };
        if let Some(answer) = own::page(&scene) {
            return answer;
        }
        match files::respond(&scene, upload).await {
            Ok(answer) => answer,
            Err(upload) => scene.respond(upload).await,
        }
    }
}

impl Service for Shops {
    fn answer(&self, request: Request<Upload>) -> Answer<'_> {
        Box::pin(async move {
            let id = match request_id::of(request.headers()) {
                Ok(id) => id,
                Err(problem) => return reply::problem(&problem, None),
            };
            match self.respond(request, &id).await {
                Ok(mut response) => {
                    // Known to be a header value: it came in one, or is hex.
                    if let Ok(id) = HeaderValue::from_str(&id) {
                        response.headers_mut().insert(REQUEST_ID, id);
                    }
                    response
                }
                Err(problem) => refused(&problem, &id),
            }
        })
    }
}

fn refused(problem: &Problem, id: &str) -> Response<Body> {
    let mut response = reply::problem(problem, Some(id));
    if problem.status == StatusCode::UNAUTHORIZED.as_u16() {
        response.headers_mut().insert(http::header::WWW_AUTHENTICATE, access::challenge(problem));
    }
    response
}

impl Scene<'_> {
    async fn respond(&self, upload: Upload) -> Result<Response<Body>, Problem> {
        if let Some(fault) = &self.wiring.fault {
            tracing::error!(request = self.id, tenant = %self.tenant.name, "no wiring: {fault}");
            let detail =
                "The host could not start this shop. Its operator finds the reason in the log.";
            return Err(problem::shop_down(detail));
        }
        match self.wiring.routes.find(self.head.method.as_str(), self.head.uri.path()) {
            Match::Route(entry, path) => self.route(entry, path, upload).await,
            Match::Web(entry, path) => web::respond(self, entry, path, upload).await,
            Match::OtherMethods(methods) => {
                reply::other_methods(&self.head.method, methods, self.id)
            }
            Match::None => Err(Problem::new(
                Class::Caller,
                404,
                "no-such-path",
                "No such path",
                "The shop has nothing at this path. Its API is described at /docs.",
            )),
        }
    }

    async fn route(
        &self,
        entry: &RouteEntry,
        path: Vec<(String, String)>,
        upload: Upload,
    ) -> Result<Response<Body>, Problem> {
        let access = entry.route.access;
        let principal = access::principal(self.tenant, access, &self.head.headers)?;
        let private = access == Access::Admin || principal.id.is_some();
        let body = match bind::body_kind(self.head, &entry.function, &entry.sources, &upload)? {
            Some(kind) => {
                let most = match kind {
                    bind::Kind::Bytes => BINARY_BODY_BYTES_MAX,
                    _ => BODY_BYTES_MAX,
                };
                Some((kind, upload.collect(most).await?))
            }
            None => None,
        };
        let head = Head { path: &path, query: self.head.uri.query(), headers: &self.head.headers };
        let tried = entry.reads && entry.keeping.is_tried();
        let question = tried.then(|| question(entry, &principal, &head, body.as_ref())).flatten();
        let shelf = || self.wiring.answers.get_or_init(|| self.supervisor.answers.shelf());
        let place = match &question {
            Some(question) => match shelf().find(question).await {
                Found::Kept(kept) => {
                    entry.node.generation.count_kept();
                    return Ok(self.show(&kept.returned, kept.tag.as_deref(), private));
                }
                Found::Nothing(place) => Some(place),
                Found::NoPlace => {
                    // The next ones would wait in vain, too.
                    entry.keeping.failed();
                    None
                }
            },
            None => None,
        };
        let once = once::of(self, entry, body.as_ref())?;
        let params = bind::parameters(&entry.function, &entry.sources, &head, body)?;
        let waiting = wait::of(self, entry, &params);
        // Held until the answer is kept.
        let _alone = match &once {
            Some(once) => Some(once::alone(self.tenant, &principal, once).await?),
            None => None,
        };
        let target = Target { interface: &entry.interface, function: &entry.function.name };
        let mut request = quoin_runtime::Request::of(principal.clone(), self.id);
        request.once = once.clone();
        let answer = answer(&entry.node, target, params, request, json::check);
        let Answered { outcome, basis, again } = answer.await;
        if let (Some(again), Some(once)) = (again, once) {
            let trace = again.trace.clone();
            let returned = once::again(again, &once)?;
            let told = (trace.as_str(), &returned);
            let waited = wait::answer(self, entry, waiting, &principal, told).await;
            let mut response = self.show(waited.as_ref().unwrap_or(&returned), None, private);
            wait::tell(&mut response, waited.is_some());
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
            return Ok(response);
        }
        let value = outcome.map_err(|failure| outcome::failed(&failure, self.id))?;
        let returned = outcome::returned(value.as_ref(), entry)?;
        let told = (self.id, &returned);
        if let Some(waited) = wait::answer(self, entry, waiting, &principal, told).await {
            let mut response = self.show(&waited, None, private);
            wait::tell(&mut response, true);
            return Ok(response);
        }
        let tag = (entry.reads && !private && entry.route.route.method == "GET").then(|| {
            let body = returned.body.as_deref().unwrap_or_default();
            Digest::of(body).to_string()
        });
        let response = self.show(&returned, tag.as_deref(), private);
        match (place, basis) {
            (Some(place), Some(basis)) => place.keep(Arc::new(Kept { basis, returned, tag })),
            (Some(_), None) => entry.keeping.failed(),
            (None, _) => {}
        }
        Ok(response)
    }

    fn show(&self, returned: &Returned, tag: Option<&str>, private: bool) -> Response<Body> {
        let answer = || outcome::response(returned);
        let mut response = match tag {
            Some(tag) => reply::unless_known(&self.head.headers, tag, answer),
            None => answer(),
        };
        if private {
            response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
        }
        response
    }
}
