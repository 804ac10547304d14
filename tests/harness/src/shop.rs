//! A shop as its clients see it.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use http::Method;
use serde_json::{Value, json};

use crate::host::Link;
use crate::{Reply, place};

/// A shop of a running host, and the key that requests carry, if any. It outlives a restart.
#[derive(Clone)]
pub struct Shop {
    /// The tenant's name.
    pub name: String,
    /// The host name that requests are for.
    pub domain: String,
    link: Arc<Link>,
    key: Arc<OnceLock<String>>,
    admin: bool,
}

/// A request that is being put together.
pub struct Request<'a> {
    shop: &'a Shop,
    request: http::request::Builder,
    body: Vec<u8>,
}

impl Shop {
    pub(crate) fn new(link: Arc<Link>, name: &str, domain: &str) -> Shop {
        let (name, domain) = (name.into(), domain.into());
        Shop { name, domain, link, key: Arc::default(), admin: false }
    }

    /// A shop of a host that the test itself runs, by where it listens. There is no admin API.
    pub fn at(address: SocketAddr, name: &str, domain: &str, key: &str) -> Shop {
        let shop = Shop::new(Arc::new(Link::to(address)), name, domain);
        // Nobody else has it yet.
        let _ = shop.key.set(key.into());
        shop
    }

    /// The same shop, with an API key on every request.
    pub fn admin(&self) -> Shop {
        Shop { admin: true, ..self.clone() }
    }

    /// An API key of the shop, made when it is first asked for.
    pub fn key(&self) -> &str {
        self.key.get_or_init(|| {
            let path = format!("/v1/tenants/{}/keys", self.name);
            let key = self.link.manage("POST", &path, json!({ "label": "test" })).ok();
            key["secret"].as_str().expect("a new key has a secret").into()
        })
    }

    /// A request to be put together.
    pub fn request(&self, method: &str, path: &str) -> Request<'_> {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let uri = format!("http://{}{path}", self.link.http());
        let mut request = http::Request::builder().method(method).uri(uri);
        request = request.header("host", &self.domain);
        if self.admin {
            request = request.header("authorization", format!("Bearer {}", self.key()));
        }
        Request { shop: self, request, body: Vec::new() }
    }

    /// GET.
    pub fn get(&self, path: &str) -> Reply {
        self.request("GET", path).send()
    }

    /// DELETE.
    pub fn delete(&self, path: &str) -> Reply {
        self.request("DELETE", path).send()
    }

    /// POST with a JSON body.
    pub fn post(&self, path: &str, body: Value) -> Reply {
        self.request("POST", path).json(&body).send()
    }

    /// PUT with a JSON body.
    pub fn put(&self, path: &str, body: Value) -> Reply {
        self.request("PUT", path).json(&body).send()
    }

    /// PATCH with a JSON body.
    pub fn patch(&self, path: &str, body: Value) -> Reply {
        self.request("PATCH", path).json(&body).send()
    }

    /// POST with a body of another type.
    pub fn post_text(&self, path: &str, kind: &str, body: impl Into<Vec<u8>>) -> Reply {
        self.request("POST", path).header("content-type", kind).body(body).send()
    }

    /// Calls any function of an interface that the shop provides, as the operator:
    /// `a:b/c#function`. The body of the reply is the value that the function returned.
    pub fn call(&self, function: &str, params: Value) -> Reply {
        self.call_of(None, function, params)
    }

    /// As [`Shop::call`], of this installation.
    pub fn call_at(&self, installation: &str, function: &str, params: Value) -> Reply {
        self.call_of(Some(installation), function, params)
    }

    fn call_of(&self, installation: Option<&str>, function: &str, params: Value) -> Reply {
        let (interface, function) = function.split_once('#').expect("interface#function");
        let mut call = json!({ "interface": interface, "function": function, "params": params });
        if let Some(installation) = installation {
            call["installation"] = installation.into();
        }
        let mut reply = self.link.manage("POST", &format!("/v1/tenants/{}/call", self.name), call);
        if reply.status < 300 {
            reply.body = reply.body["ok"].take();
        }
        reply
    }

    /// The tenant as it runs, as the admin API tells it.
    pub fn state(&self) -> Value {
        self.link.manage("GET", &format!("/v1/tenants/{}", self.name), Value::Null).ok()
    }

    /// An installation as it runs, as the admin API tells it.
    pub fn plugin(&self, installation: &str) -> Value {
        let state = self.state();
        let plugins = state["plugins"].as_array().expect("plugins");
        let found = plugins.iter().find(|p| p["name"] == installation);
        found.unwrap_or_else(|| panic!("no {installation} in {state}")).clone()
    }

    /// The lines of the shop's log.
    pub fn log(&self) -> Vec<Value> {
        let path = format!("/v1/tenants/{}/logs", self.name);
        let lines = self.link.manage("GET", &path, Value::Null).ok();
        lines["lines"].as_array().expect("lines").clone()
    }

    /// Where a bundle of this name is, for tests that swap by hand.
    pub fn bundle_path(name: &str) -> String {
        place::bundles().join(format!("{name}.wasm")).display().to_string()
    }
}

impl Request<'_> {
    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets a JSON body.
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    /// Sends it.
    pub fn send(self) -> Reply {
        let request = self.request.body(self.body).expect("a request");
        self.shop.link.send(request).unwrap_or_else(|e| panic!("no response: {e}"))
    }

    /// Sends it; an error when there is no response at all, for hosts that may be dead.
    ///
    /// # Errors
    /// There is no response.
    pub fn try_send(self) -> Result<Reply, String> {
        let request = self.request.body(self.body).expect("a request");
        self.shop.link.send(request)
    }
}
