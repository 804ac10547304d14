use std::fmt::{self, Write};

use quoin_core::manifest::{Access, Bind, HostInterface, Need, OnFailure, Route};
use quoin_core::{Description, Interface, visible};

use super::{cannot, definition, types_of};

/// Characters in a line: what a window of usual width shows.
const WIDTH: usize = 100;

/// The bundle as a screen of text for people, without colours, each line ended. Characters that the
/// author put into texts and that nobody would see are written out.
pub fn text(description: &Description) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut out, description);
    visible::lines(&out)
}

fn write(out: &mut String, d: &Description) -> fmt::Result {
    let m = &d.manifest;
    writeln!(out, "{} {}", m.name, m.version)?;
    prose(out, "", &m.description)?;
    writeln!(out)?;
    writeln!(out, "  digest  {}", d.digest)?;
    writeln!(out, "  size    {}", size(d.size))?;

    heading(out, "Provides", d.exports.is_empty())?;
    for exported in &d.exports {
        writeln!(out, "  {}", exported.name)?;
        interface(out, exported, |f| m.is_read(&exported.name, f))?;
    }
    heading(out, "Needs", m.needs.is_empty())?;
    for need in &m.needs {
        writeln!(out, "  {} — {}", need.interface, binding(need))?;
        if let Some(imported) = d.import(need.interface.as_str()) {
            interface(out, imported, |_| false)?;
        }
    }
    heading(out, "May, once granted", m.host.is_empty() && m.feed.is_empty())?;
    for host in &m.host {
        writeln!(out, "  {:<8}{}", host.as_str(), host.meaning())?;
    }
    for meaning in m.http.meanings() {
        writeln!(out, "  {:<8}{meaning}", HostInterface::Http.as_str())?;
    }
    for kind in &m.feed {
        writeln!(out, "  {:<8}{}", "feed", kind.meaning())?;
    }
    writeln!(out)?;
    prose(out, "", &cannot(d))?;

    heading(out, "Routes", m.routes.is_empty() && m.web.is_none())?;
    routes(out, &m.routes)?;
    if let Some(web) = &m.web {
        writeln!(out, "  {:<8}pages and webhooks under {}", access(web.access), web.prefix)?;
    }
    if !m.config.is_empty() {
        heading(out, "Configuration", false)?;
    }
    for key in &m.config {
        let default = match &key.default {
            Some(default) => format!("{default:?} unless set"),
            None => "must be set".into(),
        };
        prose(out, "  ", &format!("{}: {} ({default})", key.key, key.description))?;
    }
    heading(out, "Migrations", d.migrations.is_empty())?;
    for migration in &d.migrations {
        writeln!(out, "  {}", migration.name)?;
    }
    heading(out, "Limits", false)?;
    let l = m.limits;
    writeln!(out, "  memory    {} MiB for each call", l.memory_mib)?;
    writeln!(out, "  time      {} ms for each call", l.deadline_ms)?;
    writeln!(out, "  at once   {} calls, and {} waiting", l.concurrency, l.queue)?;
    if m.host.contains(&HostInterface::Sql) {
        writeln!(out, "  database  {} MiB", l.database_mib)?;
    }
    match m.instance.reuse {
        1 => writeln!(out, "  instance  a fresh one for each call"),
        n => writeln!(out, "  instance  serves up to {n} calls"),
    }
}

fn heading(out: &mut String, title: &str, empty: bool) -> fmt::Result {
    writeln!(out, "\n{title}{}", if empty { ": nothing" } else { "" })
}

fn interface(out: &mut String, interface: &Interface, reads: impl Fn(&str) -> bool) -> fmt::Result {
    for function in &interface.functions {
        let note = if reads(&function.name) { " — only reads" } else { "" };
        declared(out, "    ", &format!("{function}{note}"))?;
    }
    for (name, ty) in types_of(interface) {
        declared(out, "      ", &definition(name, ty))?;
    }
    Ok(())
}

fn binding(need: &Need) -> String {
    let deadline = need.deadline_ms.unwrap_or_default();
    match (need.bind, need.on_failure) {
        (Bind::One, _) => "one provider".into(),
        (Bind::Keyed, _) => "the provider that the first parameter names".into(),
        (Bind::Later, _) => "all providers, after the request was committed".into(),
        (Bind::All, Some(OnFailure::Skip)) => {
            format!("all providers, {deadline} ms each; one that fails is left out")
        }
        (Bind::All, _) => format!("all providers, {deadline} ms each; if one fails, all do"),
    }
}

fn routes(out: &mut String, routes: &[Route]) -> fmt::Result {
    let width = routes.iter().map(|r| r.route.path.len()).max().unwrap_or_default();
    for route in routes {
        let (access, method) = (access(route.access), &route.route.method);
        writeln!(out, "  {access:<8}{method:<7}{:<width$}  {}", route.route.path, route.call)?;
    }
    Ok(())
}

fn access(access: Access) -> &'static str {
    match access {
        Access::Public => "public",
        Access::Admin => "admin",
    }
}

fn prose(out: &mut String, indent: &str, text: &str) -> fmt::Result {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    filled(out, indent, indent, text.split_inclusive(' '))
}

/// A declaration, broken between its parts.
fn declared(out: &mut String, indent: &str, text: &str) -> fmt::Result {
    filled(out, indent, &format!("{indent}    "), text.split_inclusive(", "))
}

/// Pieces in lines of at most [`WIDTH`] characters where they allow it, with an indent for the first
/// line and one for the rest.
fn filled<'a>(
    out: &mut String,
    first: &str,
    rest: &str,
    pieces: impl Iterator<Item = &'a str>,
) -> fmt::Result {
    let mut line = String::from(first);
    for piece in pieces {
        let width = line.chars().count().saturating_add(piece.trim_end().chars().count());
        if width > WIDTH && !line.trim().is_empty() {
            writeln!(out, "{}", line.trim_end())?;
            line = rest.into();
        }
        line.push_str(piece);
    }
    writeln!(out, "{}", line.trim_end())
}

/// A size for people, in KiB or MiB with one decimal.
fn size(bytes: u64) -> String {
    let tenths = |unit: u64| bytes.saturating_mul(10) / unit;
    let (tenths, unit) = match bytes {
        0..0x10_0000 => (tenths(0x400), "KiB"),
        _ => (tenths(0x10_0000), "MiB"),
    };
    format!("{}.{} {unit} ({bytes} bytes)", tenths / 10, tenths % 10)
}
