//! The page for people: the OpenAPI document as one HTML page without scripts and without anything
//! to fetch.

mod curl;
mod example;
mod html;
mod operation;
mod types;

use data_encoding::{BASE64, HEXLOWER};
use quoin_core::{Digest, visible};
use serde_json::Value as Json;

use html::{escape, prose, text};

const STYLE: &str = include_str!("docs/style.css");

/// The policy that lets the page use its own style and nothing else.
pub fn content_security_policy() -> String {
    // A digest is hex of its bytes.
    let digest = HEXLOWER.decode(Digest::of(STYLE.as_bytes()).as_str().as_bytes());
    let digest = BASE64.encode(&digest.unwrap_or_default());
    format!(
        "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
}

/// Stands for the address of the shop in a page that is made for all addresses. The descriptions of
/// plugins are the only free text in it, and hidden characters are written out there.
pub const ANY_BASE: &str = "\u{1a}";

/// The page of a document; `base` is the address of the shop, for the examples.
pub fn page(document: &Json, base: &str) -> String {
    let plugins: Vec<Plugin<'_>> = Plugin::all(document);
    let routes: usize = plugins.iter().map(|plugin| plugin.routes.len()).sum();
    let shop = escape(text(&document["info"]["title"]));
    let counted = format!("{} of {}", count(routes, "route"), count(plugins.len(), "plugin"));
    let nav: String = plugins.iter().map(Plugin::nav).collect();
    let sections: String = plugins.iter().map(|plugin| plugin.section(document, base)).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{shop} API</title><style>{STYLE}</style></head><body>\
         <header><h1>{shop} <small>API</small></h1>\
         <p>{counted} · <a href=\"/openapi.json\">OpenAPI 3.1</a></p></header>\
         <div class=\"page\"><nav aria-label=\"Routes\">{nav}\
         <h2><a href=\"#schemas\">Schemas</a></h2></nav>\
         <main><section><p class=\"about\">{about}</p>{access}{pages}</section>{sections}\
         <section id=\"schemas\"><h2>Schemas</h2>{schemas}</section></main></div></body></html>\n",
        about = prose(text(&document["info"]["description"])),
        access = "<p class=\"about\">Routes marked <b class=\"key\">API key</b> need \
                  <code>Authorization: Bearer qk_…</code> with a key of the shop; the others are \
                  open to anyone.</p>",
        pages = pages(document),
        schemas = types::schemas(document),
    )
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// The path prefixes under which plugins serve pages of their own.
fn pages(document: &Json) -> String {
    let Some(webs) = document["x-web"].as_array() else { return String::new() };
    let rows: String = (webs.iter())
        .map(|web| {
            let (prefix, plugin) = (escape(text(&web["prefix"])), escape(text(&web["plugin"])));
            let key = if web["access"] == "admin" { operation::KEY } else { "" };
            format!("<tr><td><code>{prefix}</code></td><td>{plugin} {key}</td></tr>")
        })
        .collect();
    format!(
        "<table><caption>Pages and webhooks</caption><tr><th>Under</th><th>Plugin</th></tr>{rows}\
         </table>"
    )
}

/// The routes of a plugin, each with path, method and operation.
struct Plugin<'a> {
    tag: &'a Json,
    routes: Vec<(&'a str, &'a str, &'a Json)>,
}

impl<'a> Plugin<'a> {
    fn all(document: &'a Json) -> Vec<Plugin<'a>> {
        let tags = document["tags"].as_array().into_iter().flatten();
        let routes: Vec<(&str, &str, &Json)> =
            (document["paths"].as_object().into_iter().flatten())
                .flat_map(|(path, methods)| {
                    let methods = methods.as_object().into_iter().flatten();
                    methods
                        .map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
                })
                .collect();
        let of = |tag: &'a Json| {
            let mine = routes.iter().filter(|(.., operation)| operation["tags"][0] == tag["name"]);
            Plugin { tag, routes: mine.copied().collect() }
        };
        tags.map(of).collect()
    }

    fn nav(&self) -> String {
        let name = escape(text(&self.tag["name"]));
        let routes: String = (self.routes.iter())
            .map(|(path, method, operation)| {
                let (id, path) = (escape(text(&operation["operationId"])), html::path(path));
                let method = operation::method(method);
                format!("<li><a href=\"#{id}\">{method} <span>{path}</span></a></li>")
            })
            .collect();
        format!("<h2><a href=\"#plugin-{name}\">{name}</a></h2><ul>{routes}</ul>")
    }

    fn section(&self, document: &Json, base: &str) -> String {
        let name = escape(text(&self.tag["name"]));
        let version = escape(text(&self.tag["x-version"]));
        let description = escape(&visible::line(text(&self.tag["description"])));
        let routes: String = (self.routes.iter())
            .map(|(path, method, operation)| {
                operation::article(document, base, path, method, operation)
            })
            .collect();
        format!(
            "<section id=\"plugin-{name}\"><h2>{name} <small>{version}</small></h2>\
             <p class=\"about\">{description}</p>{routes}</section>"
        )
    }
}

#[cfg(test)]
mod tests;
