//! What SQL may do: SQLite asks here for every table, column and function while it compiles a
//! statement.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use crate::owners::{Owners, Tables, is_named_after, prefix};

/// What the statement may do that is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Mode {
    /// The host's own: everything.
    Host,
    /// Of a function that only reads.
    Read,
    /// Of a function that may write rows.
    Write,
    /// A migration, which may change the schema too.
    Migrate,
}

/// Functions that SQLite and PostgreSQL both have, with the same meaning for the same arguments,
/// and that depend on nothing but their arguments: no clock, no randomness, no file.
const FUNCTIONS: [&str; 32] = [
    "abs",
    "avg",
    "coalesce",
    "concat",
    "concat_ws",
    "count",
    "dense_rank",
    "first_value",
    "lag",
    "last_value",
    "lead",
    "length",
    "like",
    "lower",
    "ltrim",
    "max",
    "min",
    "nth_value",
    "ntile",
    "nullif",
    "octet_length",
    "percent_rank",
    "rank",
    "replace",
    "round",
    "row_number",
    "rtrim",
    "string_agg",
    "substr",
    "sum",
    "trim",
    "upper",
];

/// What SQLite itself calls while it carries out ALTER TABLE.
const ALTER_FUNCTIONS: [&str; 4] = ["glob", "printf", "sqlite_", "raise"];

/// Names that no plugin's table has: SQLite's own tables, the host's, and the virtual tables that
/// exist without being created, which tell about the schema or are known to SQLite only.
const RESERVED: [&str; 9] = [
    "sqlite_",
    "_quoin_",
    "pragma_",
    "json_each",
    "json_tree",
    "jsonb_each",
    "jsonb_tree",
    "dbstat",
    "fts3tokenize",
];

/// The rules of one connection.
pub(crate) struct Rules(Arc<State>);

struct State {
    mode: AtomicU8,
    /// Who owns what, for all connections of the database.
    owners: Arc<Owners>,
    scope: Mutex<Scope>,
    /// The statement being compiled changes the schema, so SQLite will read and write its own tables.
    schema_change: AtomicBool,
    /// It is an ALTER TABLE, for which SQLite calls functions of its own.
    alter: AtomicBool,
    /// It is a DROP, for which SQLite removes what it knows about the size of what is dropped.
    drop: AtomicBool,
    /// SQLite has begun to write the change into its own tables, for which it reads them.
    own_write: AtomicBool,
    refusal: Mutex<Option<String>>,
}

/// Whose statement is compiled, and whose the tables are.
#[derive(Default)]
struct Scope {
    plugin: Arc<str>,
    /// Inside a migration that is not committed yet.
    migrated: Option<Migrated>,
    /// What the statement that is compiled names, if somebody wants to know.
    named: Option<Named>,
}

/// The plugin's tables that a statement names, in lower case.
#[derive(Default)]
pub(crate) struct Named {
    pub read: BTreeSet<String>,
    pub written: BTreeSet<String>,
}

/// What there is inside a migration.
pub(crate) struct Migrated {
    pub tables: Tables,
    /// All that have or make tables here.
    pub plugins: Arc<[Arc<str>]>,
}

impl Rules {
    /// Lets `sqlite` do nothing from now on but what the host does itself, until it is told for whom
    /// it works.
    pub(crate) fn install(
        sqlite: &mut rusqlite::Connection,
        owners: Arc<Owners>,
    ) -> rusqlite::Result<Rules> {
        let state = Arc::new(State {
            mode: AtomicU8::new(Mode::Read as u8),
            owners,
            scope: Mutex::default(),
            schema_change: AtomicBool::new(false),
            alter: AtomicBool::new(false),
            drop: AtomicBool::new(false),
            own_write: AtomicBool::new(false),
            refusal: Mutex::new(None),
        });
        let asked = Arc::clone(&state);
        sqlite.authorizer(Some(move |context: AuthContext<'_>| asked.answer(&context)))?;
        Ok(Rules(state))
    }

    /// Sets the mode and returns the one before.
    pub(crate) fn switch(&self, mode: Mode) -> Mode {
        Mode::from(self.0.mode.swap(mode as u8, Ordering::Relaxed))
    }

    /// What is compiled from now on is `plugin`'s.
    pub(crate) fn work_for(&self, plugin: &Arc<str>) {
        let mut scope = self.0.scope();
        if !Arc::ptr_eq(&scope.plugin, plugin) {
            scope.plugin = Arc::clone(plugin);
        }
    }

    /// What a migration has made so far, or none to look at what the database has.
    pub(crate) fn set_migrated(&self, migrated: Option<Migrated>) {
        self.0.scope().migrated = migrated;
    }

    /// Collects from now on which tables are named by what is compiled.
    pub(crate) fn collect(&self) {
        self.0.scope().named = Some(Named::default());
    }

    /// The tables that were named since [`Rules::collect`].
    pub(crate) fn collected(&self) -> Named {
        self.0.scope().named.take().unwrap_or_default()
    }

    /// To be called before each statement is compiled.
    pub(crate) fn begin_statement(&self) {
        self.0.schema_change.store(false, Ordering::Relaxed);
        self.0.alter.store(false, Ordering::Relaxed);
        self.0.drop.store(false, Ordering::Relaxed);
        self.0.own_write.store(false, Ordering::Relaxed);
        self.take_refusal();
    }

    /// Why the last statement was refused, if it was.
    pub(crate) fn take_refusal(&self) -> Option<String> {
        self.0.refusal.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl From<u8> for Mode {
    fn from(mode: u8) -> Mode {
        [Mode::Host, Mode::Write, Mode::Migrate]
            .into_iter()
            .find(|m| *m as u8 == mode)
            .unwrap_or(Mode::Read)
    }
}

impl State {
    fn scope(&self) -> std::sync::MutexGuard<'_, Scope> {
        self.scope.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, context: &AuthContext<'_>) -> Authorization {
        let mode = Mode::from(self.mode.load(Ordering::Relaxed));
        if mode == Mode::Host {
            return Authorization::Allow;
        }
        match self.judge(mode, context) {
            Ok(()) => {
                self.note(&context.action);
                Authorization::Allow
            }
            Err(refusal) => {
                *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(refusal);
                Authorization::Deny
            }
        }
    }

    /// Notes which table the statement names, if that is wanted. Only tables that there are count: what a
    /// statement names so itself is part of it.
    fn note(&self, action: &AuthAction<'_>) {
        use AuthAction as A;
        let (table, writes) = match action {
            A::Read { table_name, .. } => (table_name, false),
            A::Insert { table_name } | A::Delete { table_name } | A::Update { table_name, .. } => {
                (table_name, true)
            }
            _ => return,
        };
        let mut scope = self.scope();
        let Some(named) = &mut scope.named else { return };
        if self.owners.of(table).is_some() {
            let tables = if writes { &mut named.written } else { &mut named.read };
            tables.insert(table.to_ascii_lowercase());
        }
    }

    fn judge(&self, mode: Mode, context: &AuthContext<'_>) -> Result<(), String> {
        use AuthAction as A;
        let schema_change = self.schema_change.load(Ordering::Relaxed);
        let alter = self.alter.load(Ordering::Relaxed);
        let database = match context.action {
            // Here SQLite tells the name of the column in the place of the database's.
            A::AlterTable { database_name, .. } => Some(database_name),
            _ => context.database_name,
        };
        match database {
            None | Some("main") => {}
            // A rename looks for the old name in temporary views and triggers, too.
            Some("temp") if alter => {}
            Some(_) => return Err("a database other than the plugin's own".into()),
        }
        if mode != Mode::Migrate && changes_schema(&context.action) {
            return Err("changing the schema outside of a migration".into());
        }
        match context.action {
            A::Select | A::Recursive => Ok(()),
            A::Function { function_name: name } => match () {
                () if FUNCTIONS.iter().any(|f| name.eq_ignore_ascii_case(f)) => Ok(()),
                () if alter && has_prefix(&ALTER_FUNCTIONS, name) => Ok(()),
                () => Err(format!("the function {name}")),
            },
            A::Read { table_name, .. } | A::Delete { table_name }
                if self.drop.load(Ordering::Relaxed)
                    && has_prefix(&["sqlite_stat"], table_name) =>
            {
                Ok(())
            }
            // Not what a CREATE TABLE AS selects from, which is asked about before that.
            A::Read { table_name, .. }
                if (alter || self.own_write.load(Ordering::Relaxed))
                    && own_of_sqlite(table_name) =>
            {
                Ok(())
            }
            // SQLite's DEFENSIVE mode keeps everyone but SQLite itself from writing its schema.
            A::Insert { table_name } | A::Delete { table_name } | A::Update { table_name, .. }
                if own_schema(table_name) =>
            {
                self.own_write.store(schema_change, Ordering::Relaxed);
                Ok(())
            }
            // A migration knows all tables that there are. What it does not know is being made.
            A::Read { table_name, .. } if mode == Mode::Migrate => {
                self.is_own(table_name).map(drop)
            }
            A::Read { table_name, column_name } => self.own_or_part(table_name, column_name),
            A::Insert { table_name } | A::Delete { table_name } | A::Update { table_name, .. } => {
                if mode == Mode::Read {
                    return Err(READ_ONLY.into());
                }
                self.own(table_name)
            }
            A::CreateTable { table_name } => {
                self.named(table_name)?;
                self.schema_change.store(true, Ordering::Relaxed);
                Ok(())
            }
            A::CreateIndex { index_name, table_name } => {
                // What a table's own constraints are kept in is named by SQLite.
                if !has_prefix(&["sqlite_autoindex_"], index_name) {
                    self.named(index_name)?;
                    self.own(table_name)?;
                }
                self.schema_change.store(true, Ordering::Relaxed);
                Ok(())
            }
            A::DropTable { table_name }
            | A::AlterTable { table_name, .. }
            | A::DropIndex { table_name, .. } => {
                self.own(table_name)?;
                self.schema_change.store(true, Ordering::Relaxed);
                match context.action {
                    A::AlterTable { .. } => self.alter.store(true, Ordering::Relaxed),
                    _ => self.drop.store(true, Ordering::Relaxed),
                }
                Ok(())
            }
            // Filling a new index is a REINDEX to the authorizer.
            A::Reindex { .. } if schema_change => Ok(()),
            // A new column with a constraint is checked against the rows that are there.
            A::Pragma { pragma_name: "quick_check", .. } if alter => Ok(()),
            ref action => Err(describe(action).into()),
        }
    }

    /// The plugin that is worked for owns this table.
    fn own(&self, table: &str) -> Result<(), String> {
        match self.is_own(table)? {
            true => Ok(()),
            false => Err(format!("the table {table}")),
        }
    }

    /// The plugin that is worked for owns this table, or it is a part of the statement. SQLite has no name
    /// for a table that does not exist; it asks about a common table expression as about a table, but
    /// never about its columns.
    fn own_or_part(&self, table: &str, column: &str) -> Result<(), String> {
        match self.is_own(table)? || column.is_empty() {
            true => Ok(()),
            false => Err(format!("the table {table}")),
        }
    }

    /// Whether the table is known, and then the plugin's own.
    fn is_own(&self, table: &str) -> Result<bool, String> {
        if has_prefix(&RESERVED, table) {
            return Err(format!("the table {table}"));
        }
        let scope = self.scope();
        let owner = match &scope.migrated {
            Some(migrated) => migrated.tables.get(&table.to_ascii_lowercase()).cloned(),
            None => self.owners.of(table),
        };
        match owner {
            Some(owner) if owner == scope.plugin => Ok(true),
            None => Ok(false),
            Some(owner) => Err(format!(
                "the table {table}, which belongs to {owner}: call a function of {owner} instead"
            )),
        }
    }

    /// The plugin that is worked for may make a table or an index of this name.
    fn named(&self, name: &str) -> Result<(), String> {
        let scope = self.scope();
        let plugins = scope.migrated.as_ref().map(|migrated| &*migrated.plugins);
        let others = plugins.unwrap_or_default().iter().map(|other| &**other);
        match is_named_after(name, &scope.plugin, others) && !has_prefix(&RESERVED, name) {
            true => Ok(()),
            false => Err(format!(
                "the name {name}: the tables and indexes of {} begin with {}_",
                scope.plugin,
                prefix(&scope.plugin)
            )),
        }
    }
}

/// Why a statement that writes is refused where nothing may be written.
pub(crate) const READ_ONLY: &str = "writing in a function that only reads";

/// SQLite's schema.
fn own_schema(table: &str) -> bool {
    has_prefix(&["sqlite_master", "sqlite_schema", "sqlite_temp_"], table)
}

/// SQLite's schema, and the check that ALTER TABLE runs on old rows.
fn own_of_sqlite(table: &str) -> bool {
    own_schema(table) || has_prefix(&["pragma_quick_check"], table)
}

/// A statement that changes the schema is asked about as one that writes SQLite's, too.
fn changes_schema(action: &AuthAction<'_>) -> bool {
    use AuthAction as A;
    match action {
        A::Insert { table_name } | A::Delete { table_name } | A::Update { table_name, .. } => {
            own_schema(table_name)
        }
        A::CreateTable { .. }
        | A::CreateIndex { .. }
        | A::DropTable { .. }
        | A::DropIndex { .. }
        | A::AlterTable { .. } => true,
        _ => false,
    }
}

fn has_prefix(prefixes: &[&str], name: &str) -> bool {
    prefixes.iter().any(|prefix| {
        name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    })
}

fn describe(action: &AuthAction<'_>) -> &'static str {
    use AuthAction as A;
    match action {
        A::Pragma { .. } => "PRAGMA",
        A::Attach { .. } | A::Detach { .. } => "ATTACH and DETACH",
        A::Transaction { .. } | A::Savepoint { .. } => {
            "BEGIN, COMMIT, ROLLBACK and SAVEPOINT: a request is a transaction already"
        }
        A::CreateTrigger { .. } | A::DropTrigger { .. } => "triggers",
        A::Analyze { .. } | A::Reindex { .. } => "ANALYZE and REINDEX",
        _ => "this statement",
    }
}
