//! Listeners, and a provider that is away for a while.

use std::io::BufReader;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::wire::{Answer, Request};

/// How often it is looked whether to close or to open again.
const LOOK: Duration = Duration::from_millis(5);

/// Until when a listener is closed.
#[derive(Default)]
pub struct Closing(Mutex<Option<Instant>>);

impl Closing {
    /// Closes it for so long; not at all ends what was said before.
    pub fn close_for(&self, time: Duration) {
        *self.until() = Some(Instant::now() + time);
    }

    fn is_closed(&self) -> bool {
        self.until().is_some_and(|until| Instant::now() < until)
    }

    fn until(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How requests are answered.
pub type Answers = Arc<dyn Fn(&Request) -> Answer + Send + Sync>;

/// Begins to listen.
///
/// # Errors
/// The address is taken.
pub fn listen(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).map_err(|error| format!("{address}: {error}"))
}

/// Where it listens.
///
/// # Errors
/// The operating system does not say.
pub fn address(listener: &TcpListener) -> Result<SocketAddr, String> {
    listener.local_addr().map_err(|error| error.to_string())
}

/// Answers requests for ever. While it is closed nobody gets a connection, and those that are there end
/// without an answer.
pub fn serve(listener: TcpListener, closing: &Arc<Closing>, answers: Answers) {
    let Ok(address) = address(&listener) else { return };
    let mut open = Some(listener);
    loop {
        if closing.is_closed() {
            open = None;
            thread::sleep(LOOK);
            continue;
        }
        let Some(listener) = &open else {
            open = TcpListener::bind(address).ok();
            thread::sleep(LOOK);
            continue;
        };
        // So that it is seen when it is to close.
        if listener.set_nonblocking(true).is_err() {
            return;
        }
        match listener.accept() {
            Ok((stream, _)) => {
                let (closing, answers) = (closing.clone(), answers.clone());
                thread::spawn(move || speak(&stream, &closing, &answers));
            }
            Err(_) => thread::sleep(LOOK),
        }
    }
}

fn speak(stream: &TcpStream, closing: &Closing, answers: &Answers) {
    if stream.set_nonblocking(false).is_err() {
        return;
    }
    let mut reader = BufReader::new(stream);
    while let Some(request) = Request::read(&mut reader) {
        if closing.is_closed() {
            break;
        }
        let answer = answers(&request);
        thread::sleep(answer.late);
        let mut writer = stream;
        if answer.lost || answer.write(&mut writer).is_err() {
            break;
        }
    }
    // Nobody may be there to be told.
    let _ = stream.shutdown(Shutdown::Both);
}
