//! Plugins written step by step: a component in the text format is made of each, so that no build of
//! guests is needed.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// What a function of a plugin does. Functions collect numbers and return them as their `ok`.
#[derive(Clone)]
pub enum Step {
    /// Runs a statement; adds 900 and the number of the error's case if it fails.
    Execute(&'static str),
    /// Runs a statement and traps as soon as there is an answer, whatever that is.
    ExecuteAndTrap(&'static str),
    /// Runs a query and adds the first value, or as above.
    Query(&'static str),
    /// Adds when the request began.
    Now,
    /// Adds the milliseconds that are left.
    Remaining,
    /// Writes the id of the call into the log.
    TellId,
    /// Adds how many calls the instance has served, this one included.
    Served,
    /// Adds eight random bytes.
    Random,
    /// Asks for so many random bytes.
    RandomBytes(u32),
    /// Writes a line.
    Log(&'static str),
    /// Calls a function of a needed interface with the key that it was called with; adds what that
    /// returned, or 800 and the number of the error's case.
    Call(&'static str, &'static str),
    /// The same, and returns the error as its own.
    Pass(&'static str, &'static str),
    /// Does this if the key begins with that letter.
    When(char, Vec<Step>),
    /// Does this so often.
    Repeat(u32, Vec<Step>),
    /// Computes until at most so many milliseconds are left.
    Leave(u32),
    /// Computes without end.
    Spin,
    /// Traps.
    Trap,
    /// Returns an error that is the business's own.
    Fail,
    /// Returns so many numbers.
    Large(u32),
}

/// A function: its name, and what it does. One whose name begins with `bare` has no error case for a
/// callee that is not there.
pub type Function = (&'static str, Vec<Step>);

/// The full name of an interface of the tests.
pub fn interface(name: &str) -> String {
    format!("room:test/{name}@0.1.0")
}

const ERROR: &str = r#"(variant (case "not-found") (case "unavailable" string) (case "refused"))"#;

const SQL: &str = r#"
  (type $v (variant (case "null") (case "integer" s64) (case "real" f64) (case "text" string)
    (case "blob" (list u8))))
  (export "value" (type $value (eq $v)))
  (type $r (record (field "columns" (list string)) (field "values" (list $value))))
  (export "rows" (type $rows (eq $r)))
  (type $k (enum "unique" "foreign-key" "check" "not-null" "other"))
  (export "constraint-kind" (type $kind (eq $k)))
  (type $b (record (field "kind" $kind) (field "message" string)))
  (export "broken-constraint" (type $broken (eq $b)))
  (type $e (variant (case "constraint" $broken) (case "denied" string) (case "syntax" string)
    (case "too-large" string) (case "timeout") (case "full") (case "other" string)))
  (export "error" (type $error (eq $e)))
  (export "query" (func (param "text" string) (param "params" (list $value))
    (result (result $rows (error $error)))))
  (export "execute" (func (param "text" string) (param "params" (list $value))
    (result (result u64 (error $error)))))"#;

const LOG: &str = r#"
  (type $l (enum "debug" "info" "warn" "error"))
  (export "level" (type $level (eq $l)))
  (export "write" (func (param "level" $level) (param "message" string)))"#;

/// The name of a host interface in the text, its full name, and its functions with their types.
type HostInterface = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// The host interfaces: name, items, functions with the parameters and results of their core function.
const HOST: &[HostInterface] = &[
    (
        "sql",
        SQL,
        &[("query", "(param i32 i32 i32 i32 i32)"), ("execute", "(param i32 i32 i32 i32 i32)")],
    ),
    ("log", LOG, &[("write", "(param i32 i32 i32)")]),
    ("clock", r#"(export "now" (func (result u64)))"#, &[("now", "(result i64)")]),
    (
        "random",
        r#"(export "bytes" (func (param "length" u32) (result (list u8))))"#,
        &[("bytes", "(param i32 i32)")],
    ),
    (
        "call",
        r#"(export "remaining" (func (result u64))) (export "id" (func (result string)))"#,
        &[("remaining", "(result i64)"), ("id", "(param i32)")],
    ),
];

/// Memory and the one way to take some of it, which is never given back.
const LIBC: &str = r#"
  (core module $libc
    (memory (export "memory") 64)
    (global $top (mut i32) (i32.const 3145728))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.set $top (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
      (global.get $top)
      (global.set $top (i32.add (global.get $top) (local.get 3)))))
  (core instance $libc (instantiate $libc))"#;

/// The component of a plugin that provides these interfaces.
pub fn component(provides: &[(&str, Vec<Function>)]) -> Vec<u8> {
    let mut code = Code::default();
    let mut funcs = String::new();
    for (name, functions) in provides {
        for (function, steps) in functions {
            let body = code.steps(steps);
            let _ = write!(
                funcs,
                r#"(func (export "{name}#{function}") (param $key i32) (param $len i32) (result i32)
                  (local $i i32) (local $to i32)
                  (global.set $count (i32.const 0))
                  (global.set $served (i64.add (global.get $served) (i64.const 1))) {body}
                  (i32.store8 (i32.const 16) (i32.const 0))
                  (i32.store (i32.const 20) (i32.const 1024))
                  (i32.store (i32.const 24) (global.get $count))
                  (i32.const 16))"#
            );
        }
    }
    let text = format!(
        "(component {} {LIBC} {} {})",
        code.imports(),
        code.main(&funcs),
        exports(provides)
    );
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn result_of(function: &str, error: &str) -> String {
    let error = if function.starts_with("bare") { "string" } else { error };
    format!(r#"(param "key" string) (result (result (list u64) (error {error})))"#)
}

fn exports(provides: &[(&str, Vec<Function>)]) -> String {
    let mut text = format!("(type $error {ERROR})");
    for (name, functions) in provides {
        let (mut lifts, mut face, mut given) = (String::new(), String::new(), String::new());
        for (function, _) in functions {
            let id = format!("{name}-{function}");
            let _ = write!(
                lifts,
                r#"(func ${id} {} (canon lift (core func $main "{name}#{function}")
                  (memory $libc "memory") (realloc (func $libc "realloc"))))"#,
                result_of(function, "$error")
            );
            let _ = write!(
                face,
                r#"(import "in-{function}" (func ${function} {}))
                  (export "{function}" (func ${function}) (func {}))"#,
                result_of(function, "$given"),
                result_of(function, "$shown")
            );
            let _ = write!(given, r#"(with "in-{function}" (func ${id}))"#);
        }
        let _ = write!(
            text,
            r#"{lifts}
            (component $face-{name} (type $error {ERROR})
              (import "given" (type $given (eq $error)))
              (export $shown "error" (type $given)) {face})
            (instance $shown-{name} (instantiate $face-{name} (with "given" (type $error)) {given}))
            (export "{}" (instance $shown-{name}))"#,
            interface(name)
        );
    }
    text
}

/// The core module of a plugin while it is written.
#[derive(Default)]
struct Code {
    data: String,
    host: BTreeSet<&'static str>,
    needs: BTreeSet<(&'static str, &'static str)>,
    labels: u32,
}

impl Code {
    /// The place and length of a text in memory.
    fn text(&mut self, text: &str) -> String {
        let at = 65_536 + self.data.len();
        self.data.push_str(text);
        format!("(i32.const {at}) (i32.const {})", text.len())
    }

    fn steps(&mut self, steps: &[Step]) -> String {
        steps.iter().map(|step| self.step(step)).collect()
    }

    fn step(&mut self, step: &Step) -> String {
        let mut uses = |interface| {
            self.host.insert(interface);
        };
        match step {
            Step::Execute(sql) => {
                uses("sql");
                let sql = self.text(sql);
                format!(
                    "(call $execute {sql} (i32.const 0) (i32.const 0) (i32.const 64))
                    (if (i32.load8_u (i32.const 64)) (then {}))",
                    push("(i64.add (i64.const 900) (i64.load8_u (i32.const 72)))")
                )
            }
            Step::ExecuteAndTrap(sql) => {
                uses("sql");
                let sql = self.text(sql);
                // Nothing is between the two at which the host could stop it.
                format!(
                    "(call $execute {sql} (i32.const 0) (i32.const 0) (i32.const 64)) (unreachable)"
                )
            }
            Step::Query(sql) => {
                uses("sql");
                let sql = self.text(sql);
                format!(
                    "(call $query {sql} (i32.const 0) (i32.const 0) (i32.const 64))
                    (if (i32.load8_u (i32.const 64)) (then {}) (else {}))",
                    push("(i64.add (i64.const 900) (i64.load8_u (i32.const 68)))"),
                    push("(i64.load (i32.add (i32.load (i32.const 76)) (i32.const 8)))")
                )
            }
            Step::Now => {
                uses("clock");
                push("(call $now)")
            }
            Step::Remaining => {
                uses("call");
                push("(call $remaining)")
            }
            Step::Random => {
                uses("random");
                let get = "(call $bytes (i32.const 8) (i32.const 64))";
                format!("{get} {}", push("(i64.load (i32.load (i32.const 64)))"))
            }
            Step::TellId => {
                uses("call");
                uses("log");
                "(call $id (i32.const 64))
                (call $write (i32.const 1) (i32.load (i32.const 64)) (i32.load (i32.const 68)))"
                    .into()
            }
            Step::Served => push("(global.get $served)"),
            Step::RandomBytes(length) => {
                uses("random");
                format!("(call $bytes (i32.const {length}) (i32.const 64))")
            }
            Step::Log(line) => {
                uses("log");
                let line = self.text(line);
                format!("(call $write (i32.const 1) {line})")
            }
            Step::Call(interface, function) => {
                self.needs.insert((interface, function));
                let (item, error) = (
                    push("(i64.load (local.get $i))"),
                    "(i64.add (i64.const 800) (i64.load8_u (i32.const 68)))",
                );
                let label = self.label();
                format!(
                    "(call ${interface}-{function} (local.get $key) (local.get $len) (i32.const 64))
                    (if (i32.load8_u (i32.const 64)) (then {})
                      (else
                        (local.set $i (i32.load (i32.const 68)))
                        (local.set $to (i32.add (local.get $i)
                          (i32.mul (i32.load (i32.const 72)) (i32.const 8))))
                        (loop ${label} (if (i32.lt_u (local.get $i) (local.get $to)) (then {item}
                          (local.set $i (i32.add (local.get $i) (i32.const 8))) (br ${label}))))))",
                    push(error)
                )
            }
            Step::Pass(interface, function) => {
                let call = self.step(&Step::Call(interface, function));
                format!(
                    "{call}
                    (if (i32.load8_u (i32.const 64)) (then
                      (memory.copy (i32.const 16) (i32.const 64) (i32.const 16))
                      (return (i32.const 16))))"
                )
            }
            Step::When(letter, steps) => {
                let steps = self.steps(steps);
                let first = "(i32.load8_u (local.get $key))";
                format!("(if (i32.eq {first} (i32.const {})) (then {steps}))", *letter as u32)
            }
            Step::Repeat(times, steps) => {
                let (steps, label) = (self.steps(steps), self.label());
                let counter = 512 + 4 * self.labels;
                format!(
                    "(i32.store (i32.const {counter}) (i32.const {times}))
                    (loop ${label} {steps}
                      (i32.store (i32.const {counter})
                        (i32.sub (i32.load (i32.const {counter})) (i32.const 1)))
                      (br_if ${label} (i32.load (i32.const {counter}))))"
                )
            }
            Step::Leave(ms) => {
                uses("call");
                let (outer, inner) = (self.label(), self.label());
                // Few questions, since they are counted.
                format!(
                    "(loop ${outer}
                      (local.set $i (i32.const 10000000))
                      (loop ${inner} (local.set $i (i32.sub (local.get $i) (i32.const 1)))
                        (br_if ${inner} (local.get $i)))
                      (br_if ${outer} (i64.gt_u (call $remaining) (i64.const {ms}))))"
                )
            }
            Step::Spin => {
                let label = self.label();
                format!("(loop ${label} (br ${label}))")
            }
            Step::Trap => "(unreachable)".into(),
            Step::Fail => {
                "(i32.store8 (i32.const 16) (i32.const 1)) (i32.store (i32.const 20) (i32.const 2))
                (i32.store (i32.const 24) (i32.const 0)) (return (i32.const 16))"
                    .into()
            }
            Step::Large(count) => format!("(global.set $count (i32.const {count}))"),
        }
    }

    fn label(&mut self) -> String {
        self.labels += 1;
        format!("l{}", self.labels)
    }

    fn imports(&self) -> String {
        let mut text = String::new();
        for (name, items, _) in HOST.iter().filter(|(name, ..)| self.host.contains(name)) {
            let _ =
                write!(text, r#"(import "quoin:host/{name}@0.1.0" (instance ${name} {items}))"#);
        }
        let needed: BTreeSet<_> = self.needs.iter().map(|(interface, _)| *interface).collect();
        for name in needed {
            let functions = self.needs.iter().filter(|(of, _)| *of == name);
            let functions: String = functions
                .map(|(_, f)| format!(r#"(export "{f}" (func {}))"#, result_of(f, "$error")))
                .collect();
            let _ = write!(
                text,
                r#"(import "{}" (instance $need-{name} (type $e {ERROR})
                  (export "error" (type $error (eq $e))) {functions}))"#,
                interface(name)
            );
        }
        text
    }

    /// The core module and its instance, with what it imports lowered.
    fn main(&self, funcs: &str) -> String {
        let (mut lowered, mut given, mut imports) = (String::new(), String::new(), String::new());
        let mut import = |instance: &str, function: &str, id: &str, types: &str| {
            let _ = write!(
                lowered,
                r#"(core func ${id} (canon lower (func ${instance} "{function}")
                  (memory $libc "memory") (realloc (func $libc "realloc"))))"#
            );
            let _ = write!(given, r#"(export "{id}" (func ${id}))"#);
            let _ = write!(imports, r#"(import "host" "{id}" (func ${id} {types}))"#);
        };
        for (name, _, functions) in HOST.iter().filter(|(name, ..)| self.host.contains(name)) {
            for (function, types) in *functions {
                import(name, function, function, types);
            }
        }
        for (name, function) in &self.needs {
            let id = format!("{name}-{function}");
            import(&format!("need-{name}"), function, &id, "(param i32 i32 i32)");
        }
        format!(
            r#"{lowered}
            (core module $main
              (import "libc" "memory" (memory 64)) {imports}
              (global $count (mut i32) (i32.const 0))
              (global $served (mut i64) (i64.const 0))
              (func $push (param i64)
                (i64.store (i32.add (i32.const 1024) (i32.mul (global.get $count) (i32.const 8)))
                  (local.get 0))
                (global.set $count (i32.add (global.get $count) (i32.const 1))))
              (data (i32.const 65536) "{}") {funcs})
            (core instance $main (instantiate $main (with "libc" (instance $libc))
              (with "host" (instance {given}))))"#,
            self.data
        )
    }
}

fn push(value: &str) -> String {
    format!("(call $push {value})")
}
