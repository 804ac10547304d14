//! Memory that was used and is not any more.

/// Gives memory back to the system that C code has freed, above all SQLite for databases that are closed:
/// the C library keeps it for whoever asks next. Of a thousand shops that were awake once, that is some
/// hundred megabytes. Takes some milliseconds. Where the C library is not GNU's, it does as it does.
pub fn give_back_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[allow(
        unsafe_code,
        reason = "the C library's function takes a number, asks nothing of its caller, and leaves \
                  alone what is in use"
    )]
    unsafe {
        unsafe extern "C" {
            fn malloc_trim(pad: usize) -> i32;
        }
        malloc_trim(0);
    }
}
