//! What a function is called with and what it returns: how the values cross to the guest and back.

use wasmtime::Store;
use wasmtime::component::Func;

use crate::Value;
use crate::program::Export;
use crate::state::State;

/// Parameters of a call. Their type says how they cross, and what comes back.
pub(crate) trait Params: Send + Sync {
    /// What the function returns.
    type Returned: Returned;

    /// Calls the function.
    fn call(
        &self,
        function: Func,
        export: &Export,
        store: &mut Store<State>,
    ) -> impl Future<Output = wasmtime::Result<Self::Returned>> + Send;
}

/// What a function returned.
pub(crate) trait Returned: Send + Sync + 'static {
    /// What of it may be more than the one who asked can pass on.
    type Checked;

    /// That, if it is there.
    fn checked(&self) -> Option<&Self::Checked>;

    /// It as a value of any type, if it is one.
    fn value(&self) -> Option<&Value> {
        None
    }

    /// Whether it is an error of the function's own.
    fn is_error(&self) -> bool;

    /// Whether the function answered that it could not because another plugin could not.
    fn is_unavailable(&self) -> bool;
}

/// Values of any types, which are known when the call is made.
impl Params for [Value] {
    type Returned = Option<Value>;

    async fn call(
        &self,
        function: Func,
        export: &Export,
        store: &mut Store<State>,
    ) -> wasmtime::Result<Option<Value>> {
        let mut results = [Value::Bool(false)];
        let has_result = export.function.result.is_some();
        let slots = if has_result { &mut results[..] } else { &mut [] };
        function.call_async(store, self, slots).await?;
        let [result] = results;
        Ok(has_result.then_some(result))
    }
}

impl Returned for Option<Value> {
    type Checked = Value;

    fn checked(&self) -> Option<&Value> {
        self.as_ref()
    }

    fn value(&self) -> Option<&Value> {
        self.as_ref()
    }

    fn is_error(&self) -> bool {
        matches!(self, Some(Value::Result(Err(_))))
    }

    fn is_unavailable(&self) -> bool {
        let Some(Value::Result(Err(Some(error)))) = self else { return false };
        matches!(&**error, Value::Variant(case, _) if case == "unavailable")
    }
}
