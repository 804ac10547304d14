//! The host's own tables in a shop's database, besides those that tell which table is whose.

/// Later calls. Numbers are not given again, so that a call that was replaced is not taken for the new one:
/// SQLite's own way to that is a table which the host's rules for tables do not know.
pub(crate) const LATER: &str = "
    CREATE TABLE IF NOT EXISTS _quoin_later (
        number INTEGER PRIMARY KEY, plugin TEXT NOT NULL, interface TEXT NOT NULL,
        function TEXT NOT NULL, params TEXT NOT NULL, due INTEGER NOT NULL, key TEXT, lane TEXT,
        asker TEXT NOT NULL, behalf TEXT NOT NULL, trace TEXT NOT NULL, cause INTEGER,
        depth INTEGER NOT NULL, asked INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0, error TEXT,
        parked INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX IF NOT EXISTS _quoin_later_due ON _quoin_later (parked, due, number);
    CREATE INDEX IF NOT EXISTS _quoin_later_lane ON _quoin_later (plugin, lane, number)
        WHERE lane IS NOT NULL;
    CREATE INDEX IF NOT EXISTS _quoin_later_key ON _quoin_later (asker, key) WHERE key IS NOT NULL;
    CREATE INDEX IF NOT EXISTS _quoin_later_trace ON _quoin_later (trace);
    CREATE TABLE IF NOT EXISTS _quoin_later_sum (
        asker TEXT PRIMARY KEY, calls INTEGER NOT NULL, bytes INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS _quoin_later_last (
        one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL
    ) STRICT;
    INSERT OR IGNORE INTO _quoin_later_last (one, number) VALUES (1, 0);";

/// The answers of requests that take effect once. Rows with a lower number are older.
pub(crate) const ONCE: &str = "
    CREATE TABLE IF NOT EXISTS _quoin_once (
        number INTEGER PRIMARY KEY, who TEXT NOT NULL, key TEXT NOT NULL, trace TEXT NOT NULL,
        request TEXT NOT NULL, status INTEGER NOT NULL, body BLOB, at INTEGER NOT NULL,
        UNIQUE (who, key)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS _quoin_once_sum (
        one INTEGER PRIMARY KEY CHECK (one = 1), answers INTEGER NOT NULL, bytes INTEGER NOT NULL
    ) STRICT;
    INSERT OR IGNORE INTO _quoin_once_sum (one, answers, bytes) VALUES (1, 0, 0);";

/// Files, and which plugins keep them.
pub(crate) const FILES: &str = "
    CREATE TABLE IF NOT EXISTS _quoin_file (
        digest TEXT PRIMARY KEY, bytes INTEGER NOT NULL, media_type TEXT NOT NULL, at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS _quoin_file_kept (
        digest TEXT NOT NULL, plugin TEXT NOT NULL, public INTEGER NOT NULL, PRIMARY KEY (digest, plugin)
    ) STRICT, WITHOUT ROWID;";
