//! again
