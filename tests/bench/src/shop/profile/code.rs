//! Whose code it is that a processor was seen in.

/// A kind of code in the host's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The plugins' own.
    Guest,
    /// SQLite.
    Sql,
    /// JSON and the values of calls: read, written, checked and carried into and out of plugins.
    Values,
    /// The rest of the engine: instances made, entered and taken down.
    Engine,
    /// Memory that is allocated, freed, copied and compared, for whomever: SQLite and values, too.
    Memory,
    /// The rest: HTTP, routes, calls, transactions, tasks.
    Other,
}

/// What values are called in the names of functions.
const VALUES: [&str; 8] = [
    "component::values",
    "component::func",
    "component::types",
    "component::resources",
    "quoin_runtime::json",
    "quoin_runtime::value",
    "quoin_gateway::bind",
    "serde",
];
/// How functions that take memory, give it back, copy or compare it are called.
const MEMORY: [&str; 8] = [
    "mi_",
    "_mi_",
    "__mem",
    "__rust_",
    "__rustc::__rust_",
    "operator new",
    "operator delete",
    "__str",
];
/// C functions in the host's file that are not SQLite's, besides those for memory.
const NOT_SQL: [&str; 4] = ["main", "_", "rust_", "wasmtime"];

impl Code {
    /// All, in the order in which they are shown.
    pub const ALL: [Code; 6] =
        [Code::Guest, Code::Sql, Code::Values, Code::Memory, Code::Engine, Code::Other];

    /// What it is, for people.
    pub fn name(self) -> &'static str {
        match self {
            Code::Guest => "the plugins' code",
            Code::Sql => "SQL (SQLite)",
            Code::Values => "values: JSON, and into and out of plugins",
            Code::Memory => "memory: allocated, freed, copied, compared",
            Code::Engine => "the engine: instances, ways in and out",
            Code::Other => "the host's other code",
        }
    }

    /// The kind of a function by the file that it was loaded from and by its name.
    pub fn of(file: &str, symbol: &str) -> Code {
        let begins = |names: &[&str]| names.iter().any(|name| symbol.starts_with(name));
        // Machine code of plugins is in files of its own or, where it is made anew, in none.
        if file.ends_with(".cwasm") || file.starts_with("//anon") || file == "[unknown]" {
            return Code::Guest;
        }
        if begins(&MEMORY) {
            return Code::Memory;
        }
        if !symbol.contains("::") {
            // The other code in C that the host's own file has is SQLite's.
            let sql = file == "quoin" && !symbol.starts_with("0x") && !begins(&NOT_SQL);
            return if sql { Code::Sql } else { Code::Other };
        }
        match symbol {
            _ if symbol.contains("rusqlite") => Code::Sql,
            _ if VALUES.iter().any(|name| symbol.contains(name)) => Code::Values,
            _ if symbol.contains("wasmtime") => Code::Engine,
            _ => Code::Other,
        }
    }
}

/// How often a processor was seen in which code.
#[derive(Default)]
pub struct Samples([u64; Code::ALL.len()]);

impl Samples {
    /// Counts so many looks more.
    pub fn add(&mut self, code: Code, count: u64) {
        self.0[code as usize] += count;
    }

    /// All looks.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The share of one kind of code.
    pub fn share(&self, code: Code) -> f64 {
        self.0[code as usize] as f64 / self.total().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_known_by_its_file_and_its_name() {
        for (file, symbol, code) in [
            ("3623c2da-9de319dd.cwasm", "0x0000000000001980", Code::Guest),
            ("//anon", "0x00007f0000001980", Code::Guest),
            ("quoin", "sqlite3VdbeExec", Code::Sql),
            ("quoin", "walChecksumBytes", Code::Sql),
            ("quoin", "rusqlite::cache::StatementCache::cache_stmt", Code::Sql),
            ("quoin", "serde_json::ser::format_escaped_str", Code::Values),
            ("quoin", "wasmtime::runtime::component::values::Val::load", Code::Values),
            (
                "quoin",
                "core::ptr::drop_in_place<wasmtime::runtime::component::values::Val>",
                Code::Values,
            ),
            (
                "quoin",
                "wasmtime::runtime::module::registry::ModuleRegistry::store_code",
                Code::Engine,
            ),
            ("quoin", "wasmtime_fiber_switch", Code::Other),
            ("quoin", "_mi_page_malloc_zero", Code::Memory),
            ("quoin", "operator delete[]", Code::Memory),
            ("libc.so.6", "__memmove_avx_unaligned_erms", Code::Memory),
            ("libc.so.6", "pthread_mutex_lock@@GLIBC_2.2.5", Code::Other),
            ("[vdso]", "__vdso_clock_gettime", Code::Other),
            ("quoin", "quoin_runtime::call::attempt::{{closure}}", Code::Other),
        ] {
            assert_eq!(Code::of(file, symbol), code, "{file} {symbol}");
        }
    }
}
