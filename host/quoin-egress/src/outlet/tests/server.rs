//! A server that answers as a test says.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// At the end of an answer: the connection is closed after it.
pub const CLOSE: &[u8] = b"\0close";

/// From the text of a request to the bytes of its answer; none closes the connection.
type Answer = Arc<dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync>;

/// A server on a port of its own, at all IPv4 addresses of this machine.
pub struct Server {
    port: u16,
    /// Connections that were made.
    pub connections: Arc<AtomicUsize>,
    open: Arc<AtomicUsize>,
    /// Requests that came.
    pub requests: Arc<AtomicUsize>,
    peers: Arc<Mutex<Vec<String>>>,
    close: watch::Sender<u32>,
    task: JoinHandle<()>,
}

impl Server {
    pub async fn start(answer: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static) -> Server {
        Server::with(Some(Arc::new(answer)), None).await
    }

    /// One that takes requests and says nothing.
    pub async fn silent() -> Server {
        Server::with(None, None).await
    }

    pub async fn encrypted(tls: TlsAcceptor, body: &'static str) -> Server {
        Server::with(Some(Arc::new(move |_: &str| Some(super::answer(body)))), Some(tls)).await
    }

    async fn with(answer: Option<Answer>, tls: Option<TlsAcceptor>) -> Server {
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (connections, open): (Arc<AtomicUsize>, Arc<AtomicUsize>) = Default::default();
        let peers: Arc<Mutex<Vec<String>>> = Arc::default();
        let requests: Arc<AtomicUsize> = Arc::default();
        let heard = requests.clone();
        let close = watch::Sender::new(0);
        let (made, are_open, came, closing) =
            (connections.clone(), open.clone(), peers.clone(), close.clone());
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                made.fetch_add(1, Ordering::Relaxed);
                came.lock().unwrap().push(stream.local_addr().unwrap().ip().to_string());
                let (answer, tls, are_open) = (answer.clone(), tls.clone(), are_open.clone());
                let (mut closed, heard) = (closing.subscribe(), heard.clone());
                tokio::spawn(async move {
                    are_open.fetch_add(1, Ordering::Relaxed);
                    let speak = async {
                        match tls {
                            None => speak(stream, answer, &heard).await,
                            Some(tls) => {
                                if let Ok(stream) = tls.accept(stream).await {
                                    speak(stream, answer, &heard).await;
                                }
                            }
                        }
                    };
                    tokio::select! {
                        () = speak => {}
                        _ = closed.changed() => {}
                    }
                    are_open.fetch_sub(1, Ordering::Relaxed);
                });
            }
        });
        Server { port, connections, open, requests, peers, close, task }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self, target: &str) -> String {
        format!("http://a.test:{}{target}", self.port)
    }

    /// Connections that are open.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// The addresses that were connected to.
    pub fn peers(&self) -> Vec<String> {
        self.peers.lock().unwrap().clone()
    }

    /// Closes all connections, and waits until they are.
    pub async fn close_all(&self) {
        self.close.send_modify(|times| *times += 1);
        while self.open() > 0 {
            tokio::task::yield_now().await;
        }
    }

    /// Takes no connections any more.
    pub async fn stop(self) {
        self.close_all().await;
        self.task.abort();
        let _ = self.task.await;
    }
}

async fn speak(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    answer: Option<Answer>,
    heard: &AtomicUsize,
) {
    while let Some(request) = request(&mut stream).await {
        heard.fetch_add(1, Ordering::Relaxed);
        let Some(answer) = &answer else { return std::future::pending().await };
        let Some(answer) = answer(&request) else { return };
        let whole = answer.strip_suffix(CLOSE);
        let closes = whole.is_some() || answer.windows(17).any(|part| part == b"connection: close");
        if stream.write_all(whole.unwrap_or(&answer)).await.is_err() {
            return;
        }
        let _ = stream.flush().await;
        if closes {
            return;
        }
    }
}

/// The next request on a connection.
async fn request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        if let Some(head) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.map_or(0, |length| length.parse().unwrap());
            if bytes.len() >= head + 4 + length {
                return Some(String::from_utf8_lossy(&bytes).into_owned());
            }
        }
        let mut part = [0; 4_096];
        match stream.read(&mut part).await {
            Ok(read) if read > 0 => bytes.extend_from_slice(&part[..read]),
            _ => return None,
        }
    }
}
