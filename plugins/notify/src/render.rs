//! From a template to a mail.

use std::fmt;
use std::io::{self, Write};

use minijinja::{AutoEscape, Environment, UndefinedBehavior};

use crate::bindings::exports::quoin::notify::templates::Content;
use crate::view::View;

/// Steps that a template may take for all three parts: an order of 200 lines takes some 20,000.
const FUEL: u64 = 1_000_000;
/// Bytes of a part: with both, a mail is as large as relays and the host take it.
const PART_BYTES_MAX: usize = 400 << 10;
/// Bytes of a subject.
const SUBJECT_BYTES_MAX: usize = 1_000;

/// Characters of a line that a fault shows.
const LINE_SHOWN_MAX: usize = 80;

/// What templates may include.
const SHARED: [(&str, &str); 4] = [
    ("layout.html", include_str!("../templates/layout.html")),
    ("lines.html", include_str!("../templates/lines.html")),
    ("lines.txt", include_str!("../templates/lines.txt")),
    ("footer.txt", include_str!("../templates/footer.txt")),
];

/// A mail.
pub struct Rendered {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Why a part is none.
#[derive(Debug)]
pub struct Fault {
    /// `subject`, `text` or `html`.
    pub part: &'static str,
    pub problem: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.part, self.problem)
    }
}

/// Renders the parts of a template.
///
/// # Errors
/// A part is no template, names what there is not, does not end, or is too large.
pub fn render(draft: &Content, view: &View) -> Result<Rendered, Fault> {
    let mut fuel = FUEL;
    let subject = part("subject", &draft.subject, view, SUBJECT_BYTES_MAX, &mut fuel)?;
    let text = part("text", &draft.text, view, PART_BYTES_MAX, &mut fuel)?;
    let html = part("html", &draft.html, view, PART_BYTES_MAX, &mut fuel)?;
    // What stands in it from an order has line breaks, perhaps.
    let subject = subject.split_whitespace().collect::<Vec<_>>().join(" ");
    Ok(Rendered { subject, text, html })
}

fn part(
    part: &'static str,
    source: &str,
    view: &View,
    most: usize,
    fuel: &mut u64,
) -> Result<String, Fault> {
    let mut environment = environment();
    environment.set_fuel(Some(*fuel));
    for (name, shared) in SHARED {
        environment.add_template(name, shared).map_err(|error| told(part, source, &error))?;
    }
    // Escaping goes by the name.
    let name = format!("{part}.{}", if part == "html" { "html" } else { "txt" });
    environment.add_template(&name, source).map_err(|error| told(part, source, &error))?;
    let template = environment.get_template(&name).map_err(|error| told(part, source, &error))?;
    let mut written = Bounded { bytes: Vec::new(), most, full: false };
    let rendered = template.render_captured_to(view, &mut written);
    if written.full {
        let problem = format!("would have more than {most} bytes");
        return Err(Fault { part, problem });
    }
    let rendered = rendered.map_err(|error| told(part, source, &error))?;
    *fuel = rendered.state().fuel_levels().map_or(0, |(_, left)| left);
    String::from_utf8(written.bytes).map_err(|e| Fault { part, problem: e.to_string() })
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_auto_escape_callback(|name| match name.ends_with(".html") {
        true => AutoEscape::Html,
        false => AutoEscape::None,
    });
    environment
}

/// The line, the reason, and what stands there.
fn told(part: &'static str, source: &str, error: &minijinja::Error) -> Fault {
    // The cause of what failed in something that was included.
    let mut inner = error;
    while let Some(next) = std::error::Error::source(inner).and_then(|e| e.downcast_ref()) {
        inner = next;
    }
    let shared = SHARED.iter().find(|(shared, _)| inner.name() == Some(shared));
    let place = inner.line().map(|line| match shared {
        Some((name, _)) => format!("{name}, line {line}: "),
        None => format!("line {line}: "),
    });
    let detail = inner.detail().map(|detail| format!(": {detail}"));
    let text = shared.map_or(source, |(_, text)| text);
    let line = inner.line().and_then(|line| text.lines().nth(line.saturating_sub(1)));
    let line = line.map(|line| {
        let shown: String = line.trim().chars().take(LINE_SHOWN_MAX).collect();
        format!(", in: {shown}")
    });
    let parts = [place, Some(inner.kind().to_string()), detail, line];
    Fault { part, problem: parts.into_iter().flatten().collect() }
}

/// Text up to a size.
struct Bounded {
    bytes: Vec<u8>,
    most: usize,
    full: bool,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.most {
            self.full = true;
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
