//! Which words are names, types and functions.

/// What a function is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// One row.
    Row,
    /// All rows of a group; also over a window.
    Group,
    /// A window only.
    Window,
}

/// Arguments of a function that takes any number of them.
const MANY: usize = 100;

/// The functions that a plugin may call: SQLite and PostgreSQL both have them, with the same meaning
/// for the same arguments, and they depend on nothing but these: no clock, no randomness, no file.
/// Each with the least and the most arguments.
pub(super) const FUNCTIONS: [(&str, usize, usize, Of); 31] = [
    ("abs", 1, 1, Of::Row),
    ("avg", 1, 1, Of::Group),
    ("coalesce", 2, MANY, Of::Row),
    ("concat", 1, MANY, Of::Row),
    ("concat_ws", 2, MANY, Of::Row),
    ("count", 1, 1, Of::Group),
    ("dense_rank", 0, 0, Of::Window),
    ("first_value", 1, 1, Of::Window),
    ("lag", 1, 3, Of::Window),
    ("last_value", 1, 1, Of::Window),
    ("lead", 1, 3, Of::Window),
    ("length", 1, 1, Of::Row),
    ("lower", 1, 1, Of::Row),
    ("ltrim", 1, 2, Of::Row),
    ("max", 1, 1, Of::Group),
    ("min", 1, 1, Of::Group),
    ("nth_value", 2, 2, Of::Window),
    ("ntile", 1, 1, Of::Window),
    ("nullif", 2, 2, Of::Row),
    ("octet_length", 1, 1, Of::Row),
    ("percent_rank", 0, 0, Of::Window),
    ("rank", 0, 0, Of::Window),
    ("replace", 3, 3, Of::Row),
    ("round", 1, 1, Of::Row),
    ("row_number", 0, 0, Of::Window),
    ("rtrim", 1, 2, Of::Row),
    ("string_agg", 2, 2, Of::Group),
    ("substr", 2, 3, Of::Row),
    ("sum", 1, 1, Of::Group),
    ("trim", 1, 2, Of::Row),
    ("upper", 1, 1, Of::Row),
];

/// What to do instead of calling a function that many know.
pub(super) const INSTEAD: [(&str, &str); 17] = [
    ("ifnull", "write coalesce(…, …)"),
    ("iif", "write CASE WHEN … THEN … ELSE … END"),
    ("if", "write CASE WHEN … THEN … ELSE … END"),
    ("group_concat", "write string_agg(…, ',')"),
    ("total", "write coalesce(sum(…), 0)"),
    ("greatest", "write CASE WHEN a > b THEN a ELSE b END"),
    ("least", "write CASE WHEN a < b THEN a ELSE b END"),
    ("instr", "use LIKE, or look in the plugin"),
    ("position", "use LIKE, or look in the plugin"),
    ("substring", "write substr(…, …, …)"),
    ("char_length", "write length(…)"),
    ("random", "a statement depends on its parameters only: pass random bytes as a parameter"),
    ("now", "a statement depends on its parameters only: pass the time as a parameter"),
    ("date", "pass times as parameters, in milliseconds since 1970"),
    ("datetime", "pass times as parameters, in milliseconds since 1970"),
    ("strftime", "pass times as parameters, in milliseconds since 1970"),
    ("last_insert_rowid", "write INSERT … RETURNING"),
];

/// A type that a column may have, and what SQLite's STRICT tables call it. A 64-bit integer is INT
/// there: INTEGER PRIMARY KEY would number rows by itself, which no other engine does.
pub(super) const TYPES: [(&[&str], &str); 7] = [
    (&["TEXT"], "TEXT"),
    (&["BIGINT"], "INT"),
    (&["INTEGER"], "INT"),
    (&["INT"], "INT"),
    (&["DOUBLE", "PRECISION"], "REAL"),
    (&["BLOB"], "BLOB"),
    (&["BYTEA"], "BLOB"),
];

/// The types that CAST may name; both engines know them by these names.
pub(super) const CAST_TYPES: [&[&str]; 3] = [&["TEXT"], &["BIGINT"], &["DOUBLE", "PRECISION"]];

/// What to write instead of a type that one of the engines lacks or means otherwise.
pub(super) const TYPE_INSTEAD: [(&str, &str); 16] = [
    ("REAL", "has half the precision elsewhere: write DOUBLE PRECISION"),
    ("FLOAT", "is no shared type: write DOUBLE PRECISION"),
    ("DOUBLE", "is no shared type: write DOUBLE PRECISION"),
    ("NUMERIC", "is no shared type: write BIGINT and keep the smallest unit"),
    ("DECIMAL", "is no shared type: write BIGINT and keep the smallest unit"),
    ("VARCHAR", "is no shared type: write TEXT, with CHECK (length(…) <= n) for a limit"),
    ("CHAR", "is no shared type: write TEXT"),
    ("BOOLEAN", "is no shared type: write BIGINT with CHECK (… IN (0, 1))"),
    ("BOOL", "is no shared type: write BIGINT with CHECK (… IN (0, 1))"),
    ("SMALLINT", "is no shared type: write BIGINT"),
    ("SERIAL", "is no shared type: write BIGINT and pass the id"),
    ("BIGSERIAL", "is no shared type: write BIGINT and pass the id"),
    ("TIMESTAMP", "is no shared type: write BIGINT for milliseconds since 1970"),
    ("DATE", "is no shared type: write TEXT for 2026-01-31, or BIGINT for milliseconds"),
    ("JSON", "is no shared type: write TEXT"),
    ("ANY", "is no type: say which one"),
];

/// Columns that an engine has besides those of the schema.
pub(super) const HIDDEN: [&str; 9] =
    ["rowid", "oid", "_rowid_", "ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"];

/// What the names of no plugin's tables and indexes start with.
pub(super) const RESERVED_PREFIXES: [&str; 3] = ["sqlite_", "pg_", "_quoin_"];

/// Words that are no names: what either engine keeps for itself. Sorted.
const KEYWORDS: &[&str] = &[
    "ADD",
    "ALL",
    "ALTER",
    "ANALYSE",
    "ANALYZE",
    "AND",
    "ANY",
    "ARRAY",
    "AS",
    "ASC",
    "ASYMMETRIC",
    "AUTHORIZATION",
    "BETWEEN",
    "BINARY",
    "BOTH",
    "CASE",
    "CAST",
    "CHECK",
    "COLLATE",
    "COLLATION",
    "COLUMN",
    "COMMIT",
    "CONCURRENTLY",
    "CONSTRAINT",
    "CREATE",
    "CROSS",
    "CURRENT_CATALOG",
    "CURRENT_DATE",
    "CURRENT_ROLE",
    "CURRENT_SCHEMA",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "CURRENT_USER",
    "DEFAULT",
    "DEFERRABLE",
    "DELETE",
    "DESC",
    "DISTINCT",
    "DO",
    "DROP",
    "ELSE",
    "END",
    "ESCAPE",
    "EXCEPT",
    "EXISTS",
    "FALSE",
    "FETCH",
    "FOR",
    "FOREIGN",
    "FREEZE",
    "FROM",
    "FULL",
    "GLOB",
    "GRANT",
    "GROUP",
    "HAVING",
    "ILIKE",
    "IN",
    "INDEX",
    "INDEXED",
    "INITIALLY",
    "INNER",
    "INSERT",
    "INTERSECT",
    "INTO",
    "IS",
    "ISNULL",
    "JOIN",
    "LATERAL",
    "LEADING",
    "LEFT",
    "LIKE",
    "LIMIT",
    "LOCALTIME",
    "LOCALTIMESTAMP",
    "MATCH",
    "NATURAL",
    "NOT",
    "NOTHING",
    "NOTNULL",
    "NULL",
    "OFFSET",
    "ON",
    "ONLY",
    "OR",
    "ORDER",
    "OUTER",
    "OVERLAPS",
    "PLACING",
    "PRIMARY",
    "REFERENCES",
    "REGEXP",
    "RETURNING",
    "RIGHT",
    "SELECT",
    "SESSION_USER",
    "SET",
    "SIMILAR",
    "SOME",
    "SYMMETRIC",
    "SYSTEM_USER",
    "TABLE",
    "TABLESAMPLE",
    "THEN",
    "TO",
    "TRAILING",
    "TRANSACTION",
    "TRUE",
    "UNION",
    "UNIQUE",
    "UPDATE",
    "USER",
    "USING",
    "VALUES",
    "VARIADIC",
    "VERBOSE",
    "WHEN",
    "WHERE",
    "WINDOW",
    "WITH",
];

/// Whether a word is kept by one of the engines.
pub(super) fn is_keyword(word: &str) -> bool {
    KEYWORDS.iter().any(|k| k.eq_ignore_ascii_case(word))
}
