//! From what a plugin wrote to what is sent.

use bytes::Bytes;
use data_encoding::{BASE64, HEXLOWER};
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Uri};
use http_body_util::Full;
use quoin_core::limits::{
    HTTP_HEADER_BYTES_MAX, HTTP_HEADERS_MAX, HTTP_REQUEST_BYTES_MAX, HTTP_URL_BYTES_MAX,
};
use quoin_core::manifest::{HttpGrant, HttpMethod};
use ring::hmac;

use crate::fill::fill;
use crate::message::{Encoding, Error, Request, Signature};
use crate::place::Place;

/// Headers that belong to the connection, or say what the host knows better.
const HOSTS_OWN: [&str; 11] = [
    "host",
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A request that may be sent.
pub(crate) struct Prepared {
    pub place: Place,
    pub message: http::Request<Full<Bytes>>,
    /// Bytes of its body.
    pub bytes: usize,
}

/// Checks a request against the grant, and puts in the secrets that it names.
///
/// # Errors
/// It is not granted, names no secret of the plugin, is too large, or is no request.
pub(crate) fn prepare<'a>(
    request: &Request,
    grant: &HttpGrant,
    secret: &impl Fn(&str) -> Result<&'a [u8], Error>,
) -> Result<Prepared, Error> {
    let (uri, place) = url(&request.url)?;
    allowed(request.method, grant, &place)?;
    let headers = headers(request, &place, secret)?;
    let body = match request.secrets_in_body {
        true => fill(&request.body, HTTP_REQUEST_BYTES_MAX, secret)?.into(),
        false => request.body.clone(),
    };
    if body.len() > HTTP_REQUEST_BYTES_MAX {
        return Err(Error::TooLarge(format!(
            "the body has more than {HTTP_REQUEST_BYTES_MAX} bytes: send less"
        )));
    }
    let bytes = body.len();
    let mut message = http::Request::new(Full::new(body));
    *message.method_mut() = Method::from_bytes(request.method.as_str().as_bytes())
        .map_err(|e| Error::Invalid(e.to_string()))?;
    *message.uri_mut() = uri;
    *message.headers_mut() = headers;
    Ok(Prepared { place, message, bytes })
}

/// Whether a grant lets requests with this method out to where this URL leads.
///
/// # Errors
/// It does not, or the URL is none.
pub fn granted(method: HttpMethod, target: &str, grant: &HttpGrant) -> Result<(), Error> {
    let (_, place) = url(target)?;
    allowed(method, grant, &place)
}

/// The target of a URL, and where it leads.
fn url(url: &str) -> Result<(Uri, Place), Error> {
    if url.len() > HTTP_URL_BYTES_MAX {
        return Err(Error::TooLarge(format!("the URL has more than {HTTP_URL_BYTES_MAX} bytes")));
    }
    if url.contains("{{") {
        return Err(Error::Invalid(
            "a secret belongs into a header, the body or a signature: URLs are written down by every \
             server on the way"
                .into(),
        ));
    }
    let uri: Uri = url.parse().map_err(|e| Error::Invalid(format!("the URL is none: {e}")))?;
    let place = Place::of(&uri)?;
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let target = target.parse().map_err(|e| Error::Invalid(format!("the URL is none: {e}")))?;
    Ok((target, place))
}

fn allowed(method: HttpMethod, grant: &HttpGrant, place: &Place) -> Result<(), Error> {
    let (encrypted, host, port) = place.parts();
    if !grant.hosts.iter().any(|pattern| pattern.matches(encrypted, host, port)) {
        let scheme = if encrypted { "" } else { "http://" };
        let place = place.authority();
        return Err(Error::Denied(format!(
            "the plugin has no grant for requests to {scheme}{place}; if it may send some, write hosts = \
             [\"{scheme}{place}\"] into its http table in the shop file, and apply it"
        )));
    }
    if !grant.methods.contains(&method) {
        let method = method.as_str();
        return Err(Error::Denied(format!(
            "the plugin has no grant for {method} requests; if it may send some, write methods = \
             [\"{method}\"] into its http table in the shop file, and apply it"
        )));
    }
    Ok(())
}

fn headers<'a>(
    request: &Request,
    place: &Place,
    secret: &impl Fn(&str) -> Result<&'a [u8], Error>,
) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    let mut bytes = 0;
    let mut add = |name: &str, value: &[u8], sensitive: bool| {
        bytes += name.len() + value.len();
        if headers.len() >= HTTP_HEADERS_MAX || bytes > HTTP_HEADER_BYTES_MAX {
            return Err(Error::TooLarge(format!(
                "a request has at most {HTTP_HEADERS_MAX} headers of together {HTTP_HEADER_BYTES_MAX} \
                 bytes"
            )));
        }
        let shown: String = name.chars().take(80).collect();
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| Error::Invalid(format!("{shown:?} is no name of a header")))?;
        if HOSTS_OWN.contains(&name.as_str()) {
            return Err(Error::Invalid(format!("the host sets the header {name} itself")));
        }
        let mut value = HeaderValue::from_bytes(value).map_err(|_| {
            let why = format!("what is to stand in the header {name} has line breaks");
            if sensitive { Error::Secret(why) } else { Error::Invalid(why) }
        })?;
        value.set_sensitive(sensitive);
        headers.append(name, value);
        Ok(())
    };
    for (name, value) in &request.headers {
        let filled = fill(value.as_bytes(), HTTP_HEADER_BYTES_MAX, secret)?;
        add(name, &filled, filled != value.as_bytes())?;
    }
    if let Some(signature) = &request.signature {
        add(&signature.header, signed(signature, secret)?.as_bytes(), true)?;
    }
    let authority = HeaderValue::from_str(&place.authority());
    headers.insert(header::HOST, authority.map_err(|e| Error::Invalid(e.to_string()))?);
    if !headers.contains_key(header::USER_AGENT) {
        headers.insert(header::USER_AGENT, HeaderValue::from_static("quoin"));
    }
    Ok(headers)
}

/// The value of a header with a signature.
fn signed<'a>(
    signature: &Signature,
    secret: &impl Fn(&str) -> Result<&'a [u8], Error>,
) -> Result<String, Error> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret(&signature.secret)?);
    let tag = hmac::sign(&key, &signature.payload);
    let text = match signature.encoding {
        Encoding::Hex => HEXLOWER.encode(tag.as_ref()),
        Encoding::Base64 => BASE64.encode(tag.as_ref()),
    };
    Ok(format!("{}{text}", signature.prefix))
}

#[cfg(test)]
mod tests;
