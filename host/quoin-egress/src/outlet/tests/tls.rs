//! Encrypted requests. The certificates beside this file are for tests: an authority, and a server of it
//! that is called `tls.test`.

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig, crypto};

use super::*;
use crate::tls::trusting;

fn certificate(pem: &[u8]) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem).unwrap()
}

fn acceptor() -> TlsAcceptor {
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("server.key")).unwrap();
    let chain = vec![certificate(include_bytes!("server.pem"))];
    let provider = Arc::new(crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

fn room(roots: &[&[u8]]) -> Room {
    let mut store = RootCertStore::empty();
    for root in roots {
        store.add(certificate(root)).unwrap();
    }
    let config: Arc<ClientConfig> = trusting(store).unwrap();
    let room = Room::with(OnceCell::new_with(Some(config)), &["127.0.0.0/8"]);
    room.names.lead("tls.test", &[&["127.0.0.1"]]);
    room
}

#[tokio::test]
async fn a_server_is_spoken_to_that_proves_its_name_to_who_trusts_its_authority() {
    let server = Server::encrypted(acceptor(), "in private").await;
    let url = |host: &str| format!("https://{host}:{}/", server.port());
    let trusts = room(&[include_bytes!("ca.pem")]);
    for _ in 0..2 {
        assert_eq!(trusts.send(&get(url("tls.test"))).await.unwrap().body, "in private");
    }
    assert_eq!(server.connections.load(Ordering::Relaxed), 1);
    let nobody = room(&[]);
    for (room, host) in [(&trusts, "a.test"), (&trusts, "127.0.0.1"), (&nobody, "tls.test")] {
        let outcome = room.send(&get(url(host))).await;
        assert!(matches!(outcome, Err(Error::Unreachable(_))), "{host}: {outcome:?}");
    }
}

#[tokio::test]
async fn nothing_is_sent_in_the_open_to_a_server_that_speaks_no_tls() {
    let server = Server::silent().await;
    let room = room(&[include_bytes!("ca.pem")]);
    let request =
        Request { timeout_ms: Some(50), ..get(format!("https://tls.test:{}/", server.port())) };
    assert_eq!(room.send(&request).await, Err(Error::Timeout));
    assert_eq!(server.requests.load(Ordering::Relaxed), 0);
    // It would have been heard.
    let open = Request { url: server.url("/"), ..request };
    assert_eq!(room.send(&open).await, Err(Error::Timeout));
    assert_eq!(server.requests.load(Ordering::Relaxed), 1);
}
