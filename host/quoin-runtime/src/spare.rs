//! Instances that the calls of a request are done with: later calls of the same request take them again,
//! and those of other requests when what it wrote is kept.

use std::sync::Arc;

use crate::pool::{Lot, Parked};

/// Instances, with the place where each may idle later. There is one of a generation at most, because no
/// plugin calls itself in a roundabout way.
#[derive(Default)]
pub(crate) struct Spare {
    last: u64,
    entries: Vec<Entry>,
}

struct Entry {
    /// The later it came, the larger.
    number: u64,
    lot: Arc<Lot>,
    instance: Parked,
}

/// A moment in a request, for [`Spare::since`].
#[derive(Clone, Copy)]
pub(crate) struct Mark(u64);

impl Spare {
    /// A call is done with an instance.
    pub fn put(&mut self, lot: &Arc<Lot>, instance: Parked) {
        self.last += 1;
        self.entries.push(Entry { number: self.last, lot: Arc::clone(lot), instance });
    }

    /// An instance for the next call.
    pub fn take(&mut self, lot: &Arc<Lot>) -> Option<Parked> {
        let at = self.entries.iter().position(|entry| Arc::ptr_eq(&entry.lot, lot))?;
        Some(self.entries.remove(at).instance)
    }

    /// Now.
    pub fn mark(&self) -> Mark {
        Mark(self.last)
    }

    /// Takes out all that came after a moment: one that was there, was taken and came back is among
    /// them.
    pub fn since(&mut self, Mark(mark): Mark) -> Vec<(Arc<Lot>, Parked)> {
        let came = self.entries.extract_if(.., |entry| entry.number > mark);
        came.map(|entry| (entry.lot, entry.instance)).collect()
    }
}

impl Mark {
    /// Before everything.
    pub const START: Mark = Mark(0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::Pool;

    fn lots<const N: usize>() -> [Arc<Lot>; N] {
        let shop = Pool::new(8).shop(&"shop".parse().unwrap());
        std::array::from_fn(|_| Arc::new(shop.lot()))
    }

    fn number(instance: Parked) -> i32 {
        *instance.downcast().unwrap()
    }

    fn take(spare: &mut Spare, lot: &Arc<Lot>) -> Option<i32> {
        spare.take(lot).map(number)
    }

    fn since(spare: &mut Spare, mark: Mark) -> Vec<i32> {
        spare.since(mark).into_iter().map(|(_, instance)| number(instance)).collect()
    }

    #[test]
    fn each_is_taken_once_and_by_whose_it_is() {
        let [a, b, other] = lots();
        let mut spare = Spare::default();
        spare.put(&a, Box::new(1));
        spare.put(&b, Box::new(2));
        let taken = [&other, &a, &a].map(|lot| take(&mut spare, lot));
        assert_eq!(taken, [None, Some(1), None]);
        assert_eq!(since(&mut spare, Mark::START), [2]);
        assert!(since(&mut spare, Mark::START).is_empty());
    }

    #[test]
    fn what_came_back_after_a_moment_came_after_it() {
        let [a, b, c] = lots();
        let mut spare = Spare::default();
        spare.put(&a, Box::new(1));
        spare.put(&b, Box::new(2));
        let mark = spare.mark();
        let used = spare.take(&a).unwrap();
        spare.put(&c, Box::new(3));
        spare.put(&a, used);
        assert_eq!(since(&mut spare, mark), [3, 1]);
        assert_eq!(since(&mut spare, Mark::START), [2]);
    }
}
