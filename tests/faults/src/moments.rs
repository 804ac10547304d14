//! Numbers that look random and are the same in every run.

/// A generator; equal seeds give equal numbers.
pub struct Moments(u64);

impl Moments {
    /// A generator of this seed.
    pub fn new(seed: u64) -> Moments {
        // Never 0, which this generator would stay at.
        Moments(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `end`; 0 where `end` is.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        // The lower bits of this generator are its weaker ones.
        (self.0 >> 11) % end.max(1)
    }
}
