//! The beat at which running guests are asked for their turn and their deadline. It rests while no guest
//! runs, so that a host where nothing runs uses no processor.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::Thread;
use std::time::Duration;

/// A thread that beats while somebody asks it to. Ends when it is dropped.
pub(crate) struct Ticker {
    state: Arc<State>,
    thread: Thread,
}

/// As long as it lives, the ticker beats.
pub(crate) struct Ticking(Arc<Ticker>);

#[derive(Default)]
struct State {
    /// How many want it to beat.
    wanted: AtomicUsize,
    /// Whether the thread has to be woken, or is about to look whether it may rest.
    rests: AtomicBool,
    ended: AtomicBool,
}

impl Ticker {
    /// Starts the thread; it calls `beat` every `period` while somebody wants it to, until `beat` says
    /// that there is nothing left to beat for.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(
        period: Duration,
        mut beat: impl FnMut() -> bool + Send + 'static,
    ) -> io::Result<Arc<Ticker>> {
        let state = Arc::new(State::default());
        let of_thread = Arc::clone(&state);
        let thread = std::thread::Builder::new().name("ticker".into()).spawn(move || {
            while !of_thread.ended.load(Ordering::SeqCst) {
                if of_thread.rest() {
                    continue;
                }
                std::thread::sleep(period);
                if !beat() {
                    break;
                }
            }
        })?;
        Ok(Arc::new(Ticker { state, thread: thread.thread().clone() }))
    }

    /// Makes it beat for as long as the answer lives.
    pub fn tick(self: &Arc<Ticker>) -> Ticking {
        let before = self.state.wanted.fetch_add(1, Ordering::SeqCst);
        // Either this sees that the thread rests, or the thread sees that it is wanted.
        if before == 0 && self.state.rests.load(Ordering::SeqCst) {
            self.thread.unpark();
        }
        Ticking(Arc::clone(self))
    }
}

impl State {
    /// Rests until somebody may want it again; `false` if somebody does already.
    fn rest(&self) -> bool {
        let wanted = || self.wanted.load(Ordering::SeqCst) > 0 || self.ended.load(Ordering::SeqCst);
        if wanted() {
            return false;
        }
        self.rests.store(true, Ordering::SeqCst);
        if !wanted() {
            std::thread::park();
        }
        self.rests.store(false, Ordering::SeqCst);
        true
    }
}

impl Drop for Ticking {
    fn drop(&mut self) {
        self.0.state.wanted.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{RecvTimeoutError, channel};

    use super::*;

    const PERIOD: Duration = Duration::from_millis(1);
    /// Long enough for many beats.
    const WHILE: Duration = Duration::from_millis(100);
    /// What a busy machine needs for one.
    const PATIENCE: Duration = Duration::from_secs(30);

    #[test]
    fn it_beats_only_while_somebody_wants_it_to() {
        let (beats, beaten) = channel();
        let ticker = Ticker::start(PERIOD, move || beats.send(()).is_ok()).unwrap();
        assert_eq!(beaten.recv_timeout(WHILE), Err(RecvTimeoutError::Timeout));
        for _ in 0..3 {
            let (one, other) = (ticker.tick(), ticker.tick());
            drop(one);
            for _ in 0..3 {
                beaten.recv_timeout(PATIENCE).unwrap();
            }
            drop(other);
            // One may be under way; then it rests.
            std::thread::sleep(WHILE);
            while beaten.try_recv().is_ok() {}
            assert_eq!(beaten.recv_timeout(WHILE), Err(RecvTimeoutError::Timeout));
        }
    }

    #[test]
    fn it_ends_when_nobody_has_it_any_more() {
        for wanted in [false, true] {
            let (beats, beaten) = channel();
            let ticker = Ticker::start(PERIOD, move || beats.send(()).is_ok()).unwrap();
            let ticking = wanted.then(|| ticker.tick());
            drop(ticker);
            drop(ticking);
            // Its end of the channel goes with the thread.
            let mut end = std::iter::repeat_with(|| beaten.recv_timeout(PATIENCE));
            let end = end.find(Result::is_err);
            assert_eq!(end, Some(Err(RecvTimeoutError::Disconnected)));
        }
    }
}
