//! TLS to other systems, with the certificates that the operating system trusts.

use std::sync::Arc;

use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

/// Trusts what the operating system trusts, or what `SSL_CERT_FILE` and `SSL_CERT_DIR` name. Reads some
/// hundred files.
///
/// # Errors
/// There are no certificates.
pub(crate) fn system() -> Result<Arc<ClientConfig>, String> {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!("a certificate of the operating system is left out: {error}");
    }
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        return Err(
            "this machine has no certificates to trust: install its package ca-certificates, \
                    or name a file of them in SSL_CERT_FILE"
                .into(),
        );
    }
    trusting(roots)
}

/// Trusts these.
pub(crate) fn trusting(roots: RootCertStore) -> Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
