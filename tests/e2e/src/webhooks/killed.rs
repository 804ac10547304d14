//! A host that is killed loses no event, and sends none again under another id.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{create, happen, start, taking, text, until_settled};

#[test]
fn each_event_arrives_under_one_id_however_often_the_host_is_killed() {
    let remote = taking();
    let (mut host, shop) = start(&[&remote], "");
    let (id, _) = create(&shop, &remote, &["*"]);
    let mut wanted = Vec::new();
    for round in 0..5_u64 {
        for n in 0..6 {
            let text = format!("{round}-{n}");
            happen(&shop, &[&text]);
            wanted.push(text);
        }
        std::thread::sleep(Duration::from_millis(7 * round));
        host.kill();
        host.run();
    }
    let done = until_settled(&shop, &id);
    assert_eq!(done.len(), wanted.len());
    assert!(done.iter().all(|d| d["state"] == "delivered"), "{done:?}");
    let mut came: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for received in remote.received() {
        let ids = came.entry(text(&received)).or_default();
        ids.push(received.header("webhook-id").to_owned());
    }
    assert_eq!(came.keys().cloned().collect::<Vec<_>>(), {
        wanted.sort();
        wanted.clone()
    });
    assert!(came.values().all(|ids| ids.iter().all(|id| *id == ids[0])), "{came:?}");
    // Sent again is only what was under way when the host died.
    let again: usize = came.values().map(|ids| ids.len() - 1).sum();
    assert!(again <= 5, "{again} were sent again");
}
