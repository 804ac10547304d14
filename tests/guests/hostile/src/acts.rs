//! What it may try with its own time and memory.

use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};

use quoin_sdk::host::log;

use crate::Hostile;
use crate::bindings::exports::test::hostile::acts::{Error, Guest};

static SERVED: AtomicU32 = AtomicU32::new(0);

/// Never ends.
pub fn spin() -> ! {
    loop {
        std::hint::spin_loop();
    }
}

#[inline(never)]
fn recurse(depth: u32) -> u32 {
    let room = black_box([depth; 64]);
    if depth == 0 { 0 } else { recurse(depth - 1) + room[63] / depth }
}

impl Guest for Hostile {
    fn nothing() -> Result<u32, Error> {
        Ok(0)
    }

    fn spin() -> Result<u32, Error> {
        spin()
    }

    fn swallow(mib: u32) -> Result<u32, Error> {
        let mut taken = Vec::new();
        for _ in 0..mib {
            taken.push(black_box(vec![1u8; 1 << 20]));
        }
        Ok(taken.len() as u32)
    }

    fn recurse(depth: u32) -> Result<u32, Error> {
        Ok(recurse(depth))
    }

    fn giant_string(bytes: u32) -> Result<String, Error> {
        Ok("x".repeat(bytes as usize))
    }

    fn giant_list(count: u32) -> Result<Vec<u64>, Error> {
        Ok((0..u64::from(count)).collect())
    }

    fn storm(lines: u32) -> Result<u32, Error> {
        for _ in 0..lines {
            log::write(log::Level::Debug, "drop");
        }
        Ok(lines)
    }

    fn not_a_number() -> f64 {
        f64::NAN
    }

    fn panic(text: String) -> Result<u32, Error> {
        log::write(log::Level::Error, &text);
        panic!("{text}")
    }

    fn refuse(text: String) -> Result<u32, Error> {
        Err(Error::Refused(text))
    }

    fn served() -> u32 {
        SERVED.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn take(
        small: u8,
        long: i64,
        text: String,
        numbers: Vec<u32>,
        maybe: Option<String>,
    ) -> Result<String, Error> {
        Ok(format!("{small} {long} {text} {numbers:?} {maybe:?}"))
    }

    fn take_text(text: String, dry_run: bool) -> Result<u32, Error> {
        Ok(if dry_run { 0 } else { text.len() as u32 })
    }
}
