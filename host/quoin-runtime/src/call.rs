//! Calls: one invocation of an exported function in its own sandbox, inside the transaction of its
//! request.

use quoin_core::limits::CALL_DEPTH_MAX;

use crate::failure::{Failure, FailureKind, Outcome};
use crate::log::Level;
use crate::node::Node;
use crate::params::{Params, Returned};
use crate::program::Export;
use crate::running::Running;

/// Whether a call ended well: the function returned something other than an error of its own.
pub(crate) fn is_good<T: Returned>(outcome: &Outcome<T>) -> bool {
    outcome.as_ref().is_ok_and(|returned| !returned.is_error())
}

/// Runs a call in a fresh or kept instance. What it wrote, and what its callees wrote, is kept for the
/// caller if it ends well; otherwise it is undone, and nothing else with it.
pub(crate) async fn run<P: Params + ?Sized>(
    node: &Node,
    export: &Export,
    running: Box<Running>,
    params: &P,
) -> Outcome<P::Returned> {
    let generation = &node.generation;
    let (tree, deadline, depth) = (running.tree.clone(), running.deadline, running.depth);
    let (writes, mark) = (running.writes, tree.mark());
    let failed = |kind| Failure::new(&generation.installed.name, &export.label, kind);
    let mut outcome = {
        // Pinned here: moved into the timeout, this large future would be copied for each call.
        let attempt = std::pin::pin!(attempt(node, export, running, params));
        match tokio::time::timeout_at(deadline.into(), attempt).await {
            // A host interface tells a guest that its time is over; giving up is all that is left to it.
            Ok(Err(Failure { kind: FailureKind::Trap(_), .. }))
                if tree.clock.instant() >= deadline =>
            {
                Err(failed(FailureKind::Timeout))
            }
            // Most guests have nothing to go on with where there is no room.
            Ok(Err(Failure { kind: FailureKind::Trap(reason), .. })) if tree.met_full() => {
                Err(failed(FailureKind::Full(reason)))
            }
            Ok(outcome) => outcome,
            Err(_) => Err(failed(FailureKind::Timeout)),
        }
    };
    // The call is gone, with all that it called: what is left of them are savepoints.
    if depth > 0
        && let Some(transaction) = tree.open().await.as_mut()
    {
        let keep = is_good(&outcome);
        if let Err(error) = transaction.end_call(depth, keep).await {
            outcome = Err(failed(FailureKind::Host(error.to_string())));
        }
        if writes && !keep {
            tree.throw_away_since(mark);
        }
    }
    if let Err(failure) = &outcome {
        // The next time it may not fail.
        tree.uses.other();
        generation.count_failure(failure);
        let message = failure.to_string();
        if depth == 0 {
            tree.log_failure(&message);
        } else {
            tree.log(&generation.installed, Level::Error, &message);
        }
    }
    outcome
}

async fn attempt<P: Params + ?Sized>(
    node: &Node,
    export: &Export,
    running: Box<Running>,
    params: &P,
) -> Outcome<P::Returned> {
    let generation = &node.generation;
    if running.depth > CALL_DEPTH_MAX {
        let limit = format!("more than {CALL_DEPTH_MAX} calls in each other");
        return Err(running.failure(FailureKind::Limit(limit)));
    }
    let deadline = running.deadline;
    // Others wait for the transaction of this request, and may have all places while they do: it takes
    // one if there is one, and goes on without where it would wait for those who wait for it. So many
    // more than its concurrency allows cannot be: a shop has few transactions at once.
    let beyond = running.depth > 0 && running.tree.has_transaction();
    let _permit = match beyond {
        true => generation.try_admit(),
        false => Some(generation.admit(&export.label, deadline).await?),
    };
    let tree = running.tree.clone();
    if generation.program.uses_wasi {
        // It has a clock and randomness that are not the request's.
        tree.uses.other();
    }
    let mut live = generation.instance(&tree, running.depth == 0, deadline).await?;
    let returned = live.run(export, running, params).await?;
    generation.give_back(&tree, live);
    Ok(returned)
}
