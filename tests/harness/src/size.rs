//! How much a test does: a little in every run, more where somebody has the time.

use std::io::Write as _;

/// How often a test does what it does: `usual`, or what `QUOIN_SOAK_<NAME>` says. It tells how far it
/// is to whoever set that, in lines `soak <done> <of>` on standard output.
pub struct Size {
    of: u64,
    tells: bool,
}

impl Size {
    /// The size of this name.
    ///
    /// # Panics
    /// What the environment says is no number.
    pub fn of(name: &str, usual: u64) -> Size {
        let given = std::env::var(format!("QUOIN_SOAK_{}", name.to_uppercase())).ok();
        let of = given.as_deref().map_or(usual, |text| text.parse().expect("a number"));
        Size { of, tells: given.is_some() }
    }

    /// The number itself.
    pub fn get(&self) -> u64 {
        self.of
    }

    /// 0, 1, 2 …, telling how far it is.
    pub fn rounds(&self) -> impl Iterator<Item = u64> {
        (0..self.of).inspect(|done| self.tell(*done, self.of))
    }

    /// Tells how far it is, where the test itself finds out how far it is to go.
    pub fn tell(&self, done: u64, of: u64) {
        if self.tells {
            // Past the capture of the test harness, which only knows `print`.
            let _ = std::io::stdout().write_all(format!("soak {done} {of}\n").as_bytes());
        }
    }
}
