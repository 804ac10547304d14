//! Shops that nobody uses sleep.

use std::sync::Arc;
use std::time::Duration;

use super::Supervisor;
use crate::tenant::Tenant;

/// How long a shop that did not come up stays as it is, for all who ask. Then it is tried again.
const FAULT_KEPT: Duration = Duration::from_secs(10);

impl Supervisor {
    /// Milliseconds since this host started.
    pub(super) fn now(&self) -> u64 {
        millis(self.clock.instant().saturating_duration_since(self.started))
    }

    /// Notes that a tenant has woken.
    pub(super) fn is_awake(&self, tenant: &Arc<Tenant>) {
        self.awake.lock().unwrap_or_else(|e| e.into_inner()).push(Arc::downgrade(tenant));
    }

    /// Whether some have to sleep so that not more are awake than may be.
    pub(super) fn too_many_are_awake(&self) -> bool {
        self.awake.lock().unwrap_or_else(|e| e.into_inner()).len() > self.awake_max
    }

    /// The tenants that are awake, those first that were used the longest ago.
    pub(super) fn awake(&self) -> Vec<Arc<Tenant>> {
        let mut awake = self.awake.lock().unwrap_or_else(|e| e.into_inner());
        awake.retain(|tenant| tenant.strong_count() > 0);
        let mut tenants: Vec<_> = awake.iter().filter_map(|tenant| tenant.upgrade()).collect();
        drop(awake);
        tenants.sort_by_cached_key(|tenant| tenant.used());
        tenants
    }

    /// Lets those shops sleep that nobody has used for a while and, where more are awake than may be,
    /// those that were used the longest ago. Blocks the thread.
    pub(super) fn let_sleep(&self) {
        self.let_sleep_beyond(self.awake_max);
    }

    fn let_sleep_beyond(&self, awake_max: usize) {
        // Who comes meanwhile leaves it to the one who is at it, or to the next time.
        let Ok(_turn) = self.sleeping.try_lock() else { return };
        let awake = self.awake();
        let mut over = awake.len().saturating_sub(awake_max);
        let (now, after) = (self.now(), millis(self.sleep_after));
        for tenant in awake {
            let long_ago = |then: u64, limit: u64| now.saturating_sub(then) >= limit;
            let tried = tenant.fault().is_some() && long_ago(tenant.woken(), millis(FAULT_KEPT));
            if over == 0 && !tried && !long_ago(tenant.used(), after) {
                continue;
            }
            // First, so that who wakes it at once notes it again.
            self.is_awake_no_more(&tenant);
            match tenant.sleep(|tenant| self.note_later(tenant)) {
                true => over = over.saturating_sub(1),
                false => self.is_awake(&tenant),
            }
        }
    }

    fn is_awake_no_more(&self, tenant: &Arc<Tenant>) {
        let mut awake = self.awake.lock().unwrap_or_else(|e| e.into_inner());
        awake.retain(|other| !std::ptr::eq(other.as_ptr(), Arc::as_ptr(tenant)));
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use quoin_core::shop::StoredShop;
    use quoin_core::{ManualClock, Name};
    use tempfile::TempDir;

    use super::*;
    use crate::supervisor::Options;

    const SECOND: Duration = Duration::from_secs(1);

    /// A host with shops of these names that have no plugins, made a second apart.
    async fn host(names: &[&str]) -> (Arc<Supervisor>, ManualClock, TempDir) {
        let (data, hand) = (tempfile::tempdir().unwrap(), ManualClock::at(5_000));
        let options = Options {
            data: data.path().into(),
            compiler: "/nowhere".into(),
            clock: hand.clock(),
            sleep_after: 60 * SECOND,
            egress: Default::default(),
        };
        let supervisor = Supervisor::open(options).await.unwrap();
        for name in names {
            let domains = [format!("{name}.test").parse().unwrap()].into();
            let name = name.parse().unwrap();
            let shop = StoredShop { name, domains, plugins: Default::default() };
            supervisor.apply(shop, "").await.unwrap();
            hand.forward(SECOND);
        }
        (supervisor, hand, data)
    }

    fn awake(supervisor: &Supervisor) -> Vec<String> {
        let awake = supervisor.tenants().into_iter().filter(|tenant| tenant.awake().is_some());
        awake.map(|tenant| tenant.name.to_string()).collect()
    }

    #[tokio::test]
    async fn shops_sleep_when_nobody_has_used_them_for_a_while() {
        let (supervisor, hand, _data) = host(&["a", "b"]).await;
        hand.forward(57 * SECOND);
        supervisor.let_sleep();
        assert_eq!(awake(&supervisor), ["a", "b"]);
        let b = supervisor.tenant_of_host("b.test").unwrap();
        assert_eq!(supervisor.wiring(&b).await.revision, 1);
        hand.forward(59 * SECOND);
        supervisor.let_sleep();
        assert_eq!(awake(&supervisor), ["b"]);
        hand.forward(SECOND);
        supervisor.let_sleep();
        assert!(awake(&supervisor).is_empty());
        let a = supervisor.tenant_of_host("a.test").unwrap();
        let wiring = supervisor.wiring(&a).await;
        assert_eq!((wiring.revision, wiring.fault.is_none()), (1, true));
        assert_eq!(awake(&supervisor), ["a"]);
    }

    #[tokio::test]
    async fn of_too_many_those_sleep_that_were_used_the_longest_ago() {
        let (supervisor, _hand, _data) = host(&["a", "b", "c", "d"]).await;
        let a = supervisor.tenant("a").unwrap();
        supervisor.wiring(&a).await;
        let b = supervisor.tenant("b").unwrap();
        let _changing = b.changing.lock().await;
        supervisor.let_sleep_beyond(2);
        assert_eq!(awake(&supervisor), ["a", "b"], "the second one is being changed");
    }

    #[tokio::test]
    async fn a_shop_does_not_sleep_while_somebody_has_its_wiring() {
        let (supervisor, _hand, _data) = host(&["a"]).await;
        let a = supervisor.tenant("a").unwrap();
        let held = supervisor.wiring(&a).await;
        assert!(!a.sleep(|_| ()));
        assert!(Arc::ptr_eq(&held, &supervisor.wiring(&a).await));
        drop(held);
        assert!(a.sleep(|_| ()));
    }

    #[tokio::test]
    async fn many_that_ask_for_a_shop_that_sleeps_wake_it_once() {
        let (supervisor, _hand, _data) = host(&["a"]).await;
        let a = supervisor.tenant("a").unwrap();
        assert!(a.sleep(|_| ()));
        let asked = || async { supervisor.wiring(&a).await };
        let (one, two, three) = tokio::join!(asked(), asked(), asked());
        assert!(Arc::ptr_eq(&one, &two) && Arc::ptr_eq(&two, &three));
    }

    #[tokio::test]
    async fn a_domain_that_a_shop_gave_up_answers_no_more_while_it_sleeps_either() {
        let (supervisor, _hand, _data) = host(&["a"]).await;
        let name: Name = "a".parse().unwrap();
        let domains = ["b.test".parse().unwrap()].into();
        let shop = StoredShop { name: name.clone(), domains, plugins: Default::default() };
        supervisor.apply(shop, "").await.unwrap();
        assert!(supervisor.tenant("a").unwrap().sleep(|_| ()));
        assert!(supervisor.tenant_of_host("a.test").is_none());
        assert!(supervisor.tenant_of_host("b.test").is_some());
        supervisor.remove_tenant(&name).await.unwrap();
        assert!(supervisor.tenant_of_host("b.test").is_none());
    }

    #[tokio::test]
    async fn a_shop_that_did_not_come_up_is_not_tried_again_by_every_request() {
        let (supervisor, hand, _data) = host(&["a"]).await;
        let a = supervisor.tenant("a").unwrap();
        assert!(a.sleep(|_| ()));
        // As if somebody had taken it out of the control database.
        supervisor.control.remove_tenant(&a.name).unwrap();
        let first = supervisor.wiring(&a).await;
        assert!(first.fault.is_some() && a.fault() == first.fault);
        drop(first);
        for (passed, stays) in [(9 * SECOND, true), (SECOND, false)] {
            hand.forward(passed);
            supervisor.wiring(&a).await;
            supervisor.let_sleep();
            assert_eq!(a.awake().is_some(), stays);
        }
        assert!(a.fault().is_some(), "a list tells it all the time");
    }
}
