//! Answers whole HTTP requests: with what came, or with what it should not.

#[allow(missing_docs)]
mod bindings {
    quoin_sdk::wit_bindgen::generate!({
        inline: "package test:pages;
            world plugin {
                export quoin:plugin/web@0.1.0;
            }",
        path: ["../../../wit/types", "../../../wit/plugin"],
        runtime_path: "quoin_sdk::wit_bindgen::rt",
        with: { "quoin:types/types@0.1.0": quoin_sdk::types },
    });
    use super::Pages;
    export!(Pages);
}

use bindings::exports::quoin::plugin::web::{Error, Guest, Header, Request, Response};
use quoin_sdk::host::log;
use quoin_sdk::{db, params};

struct Pages;

fn header(name: &str, value: &str) -> Header {
    Header { name: name.into(), value: value.into() }
}

impl Guest for Pages {
    fn handle(request: Request) -> Result<Response, Error> {
        let Request { method, path, query, headers, body } = request;
        log::write(log::Level::Info, &path);
        let response = |status, headers, body| Ok(Response { status, headers, body });
        match path.as_str() {
            "/missing" => Err(Error::NotFound("this page".into())),
            "/visit" | "/strange-visit" => {
                let row = db::first("SELECT count(*) AS visits FROM pages_visit", &[]);
                let before = row.map_or(0, |row| row.integer("visits"));
                db::execute(
                    "INSERT INTO pages_visit (id, path) SELECT coalesce(max(id), 0) + 1, ?1 FROM pages_visit",
                    &params![&*path],
                );
                let status = if path == "/visit" { 200 } else { 9 };
                response(status, Vec::new(), before.to_string().into_bytes())
            }
            "/strange-status" => response(9, Vec::new(), Vec::new()),
            // The body alone, as it came.
            "/echo" => response(200, Vec::new(), body),
            "/large" => {
                let bytes = query.and_then(|bytes| bytes.parse().ok()).unwrap_or_default();
                response(200, Vec::new(), vec![b'x'; bytes])
            }
            set if set.starts_with("/set/") => {
                let (name, value) = (&set["/set/".len()..], query.unwrap_or_default());
                response(200, vec![header(name, &value)], Vec::new())
            }
            "/split-header" => {
                response(200, vec![header("x-note", "a\r\nset-cookie: b")], Vec::new())
            }
            _ => {
                let query = query.unwrap_or_default();
                let seen = headers.iter().any(|h| h.name == "authorization");
                let head = format!("{method} {path} {query} authorization={seen}\n");
                let body = [head.as_bytes(), &body].concat();
                response(201, vec![header("content-type", "text/plain")], body)
            }
        }
    }
}
