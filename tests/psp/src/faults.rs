//! What is to go wrong.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::Value;

/// Faults that wait for their request.
const FAULTS_MAX: usize = 1_000;

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done, and 500 answered.
    Error,
    /// Nothing is done, and nothing answered.
    Drop,
    /// It is done, and nothing answered.
    Lose,
    /// It is done, and answered after a while.
    Late(Duration),
    /// It is refused: nothing is done, and it is answered so.
    Decline,
}

struct Rule {
    at: String,
    fault: Fault,
    times: u64,
}

/// All of them.
#[derive(Default)]
pub struct Faults(VecDeque<Rule>);

impl Faults {
    /// Adds one: `{"at": "create", "fault": "late", "ms": 500, "times": 2}`. Steps are `create`, `confirm`,
    /// `capture`, `cancel`, `refund`, `read` and `any`.
    ///
    /// # Errors
    /// There is no such fault, or there are too many.
    pub fn add(&mut self, rule: &Value) -> Result<(), String> {
        if self.0.len() >= FAULTS_MAX {
            return Err(format!("{FAULTS_MAX} faults wait already"));
        }
        let fault = match rule["fault"].as_str() {
            Some("error") => Fault::Error,
            Some("drop") => Fault::Drop,
            Some("lose") => Fault::Lose,
            Some("late") => Fault::Late(Duration::from_millis(rule["ms"].as_u64().unwrap_or(0))),
            Some("decline") => Fault::Decline,
            _ => return Err("a fault is error, drop, lose, late or decline".into()),
        };
        let at = rule["at"].as_str().unwrap_or("any").to_owned();
        self.0.push_back(Rule { at, fault, times: rule["times"].as_u64().unwrap_or(1) });
        Ok(())
    }

    /// Takes all back.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault of a request at this step, if it has one.
    pub fn take(&mut self, step: &str) -> Option<Fault> {
        let found = self.0.iter().position(|rule| rule.at == step || rule.at == "any")?;
        let rule = self.0.get_mut(found)?;
        let fault = rule.fault;
        rule.times = rule.times.saturating_sub(1);
        if rule.times == 0 {
            self.0.remove(found);
        }
        Some(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_hits_its_step_so_many_times() {
        let mut faults = Faults::default();
        faults.add(&serde_json::json!({"at": "capture", "fault": "lose", "times": 2})).unwrap();
        assert!(faults.add(&serde_json::json!({"fault": "smile"})).is_err());
        let at = ["create", "capture", "capture", "capture"].map(|step| faults.take(step));
        assert_eq!(at, [None, Some(Fault::Lose), Some(Fault::Lose), None]);
    }
}
