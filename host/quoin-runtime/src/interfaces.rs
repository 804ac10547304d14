//! The host interfaces, as `wit/host` defines them. Each use is checked against the installation's
//! grants and counted.

use std::time::Instant;

use quoin_core::limits::RANDOM_BYTES_MAX;
use quoin_core::manifest::HostInterface as H;
use quoin_storage::SqlError;
use wasmtime::component::{HasSelf, Linker};

use crate::call::storage_failure;
use crate::log::{Level, now_ms};
use crate::state::{Running, State};

mod bindings {
    #![allow(missing_docs)]
    wasmtime::component::bindgen!({
        inline: "package quoin:runtime;
            world host {
                import quoin:host/sql@0.1.0;
                import quoin:host/log@0.1.0;
                import quoin:host/config@0.1.0;
                import quoin:host/clock@0.1.0;
                import quoin:host/random@0.1.0;
                import quoin:host/call@0.1.0;
            }",
        path: "../../wit/host",
        imports: { "quoin:host/sql": async | trappable, default: trappable },
    });
}
use bindings::quoin::host::{call, clock, config, log, random, sql};

pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    bindings::Host_::add_to_linker::<_, HasSelf<State>>(linker, |state| state)
}

impl sql::Host for State {
    async fn query(
        &mut self,
        statement: String,
        params: Vec<sql::Value>,
    ) -> wasmtime::Result<Result<sql::Rows, sql::Error>> {
        let params: Vec<_> = params.into_iter().map(stored).collect();
        let running = begin(self).await?;
        let Some(transaction) = running.transaction.as_mut() else { return lost() };
        Ok(match transaction.query(&statement, &params) {
            Ok(rows) => {
                let row = |row: Vec<_>| row.into_iter().map(shown).collect();
                Ok(sql::Rows {
                    columns: rows.columns,
                    rows: rows.rows.into_iter().map(row).collect(),
                })
            }
            Err(error) => Err(refusal(error)),
        })
    }

    async fn execute(
        &mut self,
        statement: String,
        params: Vec<sql::Value>,
    ) -> wasmtime::Result<Result<u64, sql::Error>> {
        let params: Vec<_> = params.into_iter().map(stored).collect();
        let running = begin(self).await?;
        let Some(transaction) = running.transaction.as_mut() else { return lost() };
        Ok(transaction.execute(&statement, &params).map_err(refusal))
    }
}

/// The running call with its transaction begun: a snapshot for a function that only reads, the
/// database's one writer for any other.
async fn begin(state: &mut State) -> wasmtime::Result<&mut Running> {
    let running = state.using(H::Sql)?;
    if running.transaction.is_none() {
        let generation = &running.node.generation;
        let Some(database) = &generation.database else {
            return Err(wasmtime::Error::msg("the installation has no database"));
        };
        let begun = if running.export.reads {
            database.read(running.deadline).await
        } else {
            database.write(running.deadline).await
        };
        let transaction = begun.map_err(|error| {
            let label = &running.export.label;
            wasmtime::Error::new(storage_failure(&generation.installation, label, error))
        })?;
        running.transaction = Some(transaction);
    }
    Ok(running)
}

fn lost<T>() -> wasmtime::Result<T> {
    Err(wasmtime::Error::msg("the transaction was lost"))
}

fn stored(value: sql::Value) -> quoin_storage::Value {
    match value {
        sql::Value::Null => quoin_storage::Value::Null,
        sql::Value::Integer(v) => quoin_storage::Value::Integer(v),
        sql::Value::Real(v) => quoin_storage::Value::Real(v),
        sql::Value::Text(v) => quoin_storage::Value::Text(v),
        sql::Value::Blob(v) => quoin_storage::Value::Blob(v),
    }
}

fn shown(value: quoin_storage::Value) -> sql::Value {
    match value {
        quoin_storage::Value::Null => sql::Value::Null,
        quoin_storage::Value::Integer(v) => sql::Value::Integer(v),
        quoin_storage::Value::Real(v) => sql::Value::Real(v),
        quoin_storage::Value::Text(v) => sql::Value::Text(v),
        quoin_storage::Value::Blob(v) => sql::Value::Blob(v),
    }
}

fn refusal(error: SqlError) -> sql::Error {
    use quoin_storage::ConstraintKind as K;
    match error {
        SqlError::Constraint { kind, message } => {
            let kind = match kind {
                K::Unique => sql::ConstraintKind::Unique,
                K::ForeignKey => sql::ConstraintKind::ForeignKey,
                K::Check => sql::ConstraintKind::Check,
                K::NotNull => sql::ConstraintKind::NotNull,
                K::Other => sql::ConstraintKind::Other,
            };
            sql::Error::Constraint(sql::BrokenConstraint { kind, message })
        }
        SqlError::Denied(message) => sql::Error::Denied(message),
        SqlError::Syntax(message) => sql::Error::Syntax(message),
        SqlError::TooLarge(message) => sql::Error::TooLarge(message),
        SqlError::Timeout => sql::Error::Timeout,
        SqlError::Full => sql::Error::Full,
        SqlError::Other(message) => sql::Error::Other(message),
    }
}

impl log::Host for State {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        let running = self.using(H::Log)?;
        let level = match level {
            log::Level::Debug => Level::Debug,
            log::Level::Info => Level::Info,
            log::Level::Warn => Level::Warn,
            log::Level::Error => Level::Error,
        };
        running.origin.log(&running.node.generation, level, &message);
        Ok(())
    }
}

impl config::Host for State {
    fn get(&mut self, key: String) -> wasmtime::Result<Option<String>> {
        Ok(self.using(H::Config)?.node.generation.config.get(&key).cloned())
    }
}

impl clock::Host for State {
    fn now(&mut self) -> wasmtime::Result<u64> {
        self.using(H::Clock)?;
        Ok(now_ms())
    }
}

impl random::Host for State {
    fn bytes(&mut self, length: u32) -> wasmtime::Result<Vec<u8>> {
        let running = self.using(H::Random)?;
        if length > RANDOM_BYTES_MAX {
            let limit = format!("more than {RANDOM_BYTES_MAX} random bytes at once");
            return Err(wasmtime::Error::new(running.limit(limit)));
        }
        let mut bytes = vec![0; length as usize];
        getrandom::fill(&mut bytes).map_err(|e| wasmtime::Error::msg(e.to_string()))?;
        Ok(bytes)
    }
}

impl call::Host for State {
    fn id(&mut self) -> wasmtime::Result<String> {
        Ok(self.using(H::Call)?.id.clone())
    }

    fn trace(&mut self) -> wasmtime::Result<String> {
        Ok(self.using(H::Call)?.origin.trace.clone())
    }

    fn tenant(&mut self) -> wasmtime::Result<String> {
        Ok(self.using(H::Call)?.node.generation.tenant.to_string())
    }

    fn caller(&mut self) -> wasmtime::Result<Option<String>> {
        let caller = self.using(H::Call)?.caller.as_ref();
        Ok(caller.map(|node| node.generation.installation.to_string()))
    }

    fn principal(&mut self) -> wasmtime::Result<call::Identity> {
        let principal = &self.using(H::Call)?.origin.principal;
        Ok(call::Identity { role: principal.role.into(), id: principal.id.clone() })
    }

    fn remaining(&mut self) -> wasmtime::Result<u64> {
        let deadline = self.using(H::Call)?.deadline;
        let left = deadline.saturating_duration_since(Instant::now());
        Ok(u64::try_from(left.as_millis()).unwrap_or(u64::MAX))
    }
}
