//! What an import of a file told.

use serde_json::Value;

use crate::Reply;

/// Created, updated, unchanged; there must be no fault.
///
/// # Panics
/// There is one, or it is no report.
#[track_caller]
pub fn counts(report: &Value) -> (u64, u64, u64) {
    assert_eq!(report["faultCount"], 0, "{report}");
    let count = |name: &str| report[name].as_u64().expect("a count");
    (count("created"), count("updated"), count("unchanged"))
}

/// Lines and problems of a file that was refused. What stands for lines beyond those has none: 0.
///
/// # Panics
/// It was not refused for its lines.
#[track_caller]
pub fn faults(refused: Reply) -> Vec<(u64, String)> {
    let problem = refused.refused(422, "invalid");
    let faults = problem["error"]["val"].as_array().expect("faults").iter();
    let text = |fault: &Value, of: &str| fault[of].as_str().expect("a text").to_owned();
    let line = |field: String| match field.strip_prefix("csv/") {
        Some(line) => line.parse().expect("a line"),
        None => u64::from(field != "csv"),
    };
    faults.map(|fault| (line(text(fault, "field")), text(fault, "problem"))).collect()
}
