//! The admin API behind the gateway's server.

use http::{Request, Response};
use quoin_console::{Admitted, Console};
use quoin_core::Problem;
use quoin_gateway::{Answer, Body, Service, Upload, receive, reply};

/// The service of the admin port.
pub struct Admin(pub Console);

impl Service for Admin {
    fn answer(&self, request: Request<Upload>) -> Answer<'_> {
        Box::pin(async move {
            let (parts, upload) = request.into_parts();
            let most = match self.0.admit(&parts).await {
                Ok(Admitted::Body(most)) => most,
                Ok(Admitted::File(receiving)) => {
                    let received = receive(receiving, &parts.headers, upload).await;
                    return received.unwrap_or_else(|problem| reply::problem(&problem, None));
                }
                Err(refusal) => return translate(*refusal),
            };
            match upload.collect(most).await {
                Ok(body) => translate(self.0.handle(Request::from_parts(parts, body)).await),
                Err(error) => reply::problem(&Problem::from(error), None),
            }
        })
    }
}

fn translate(response: Response<quoin_console::Body>) -> Response<Body> {
    response.map(|body| match body {
        quoin_console::Body::Whole(bytes) => Body::full(bytes),
        quoin_console::Body::Pieces(pieces) => Body::stream(pieces),
    })
}
