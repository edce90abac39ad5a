//! What carries azure_identity's requests: our own transport, which also remembers why the last
//! one failed. azure_identity itself keeps no cause of a broken connection, and cannot read an
//! explanation of Microsoft Entra ID that has an escaped character in it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::{HeaderName, HeaderValue, Headers};
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Request};
use bytes::Bytes;

use crate::azure::client::{Network, Route};
use crate::azure::error::refusal::{self, Effect};
use crate::azure::error::table::Service;
use crate::azure::transport::WireError;
use crate::base::Failure;

use super::ATTEMPT;

/// Carries the requests of one credential.
pub(super) struct Carrier {
    network: Network,
    route: Route,
    last: Mutex<Option<Last>>,
}

/// What became of the last request.
#[derive(Clone)]
pub(super) struct Last {
    /// Whom it asked: scheme, host and port.
    pub(super) origin: String,
    /// Why it failed; `None` when it did not.
    pub(super) failure: Option<Failure>,
}

impl fmt::Debug for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Carrier").finish_non_exhaustive()
    }
}

impl Carrier {
    pub(super) fn new(network: Network, route: Route) -> Arc<Self> {
        Arc::new(Self {
            network,
            route,
            last: Mutex::default(),
        })
    }

    /// What became of the last request; `None` when there was none.
    pub(super) fn last(&self) -> Option<Last> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.clone()
    }

    fn remember(&self, request: &Request, failure: Option<Failure>) {
        let origin = request.url().origin().ascii_serialization();
        let last = Some(Last { origin, failure });
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = last;
    }
}

#[async_trait]
impl HttpClient for Carrier {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let sent = outward(request)?;
        let transport = self.network.transport(self.route).map_err(|failure| {
            let message = failure.to_string();
            self.remember(request, Some(failure));
            Error::with_message(ErrorKind::Other, message)
        })?;
        match transport.send(sent).await {
            Ok(answer) => {
                self.remember(request, refused(&answer));
                Ok(inward(answer))
            }
            Err(error) => {
                let failure = refusal::broken(ATTEMPT, Effect::Looks, &error);
                self.remember(request, Some(failure));
                // Both kinds are repeated by azure_core: a token may be asked for again.
                let kind = match error {
                    WireError::NotSent(_) => ErrorKind::Connection,
                    WireError::Lost(_) => ErrorKind::Io,
                };
                Err(Error::with_message(kind, error.to_string()))
            }
        }
    }
}

fn refused(answer: &http::Response<Bytes>) -> Option<Failure> {
    let status = answer.status();
    let told = (status.as_u16(), answer.headers(), answer.body().as_ref());
    let kind = (Effect::Looks, Service::Other);
    (!status.is_success()).then(|| refusal::refused(ATTEMPT, kind, told))
}

fn outward(request: &Request) -> azure_core::Result<http::Request<Bytes>> {
    let Body::Bytes(body) = request.body() else {
        let message = "a credential sends no stream";
        return Err(Error::with_message(ErrorKind::Other, message));
    };
    let mut sent = http::Request::builder()
        .method(request.method().as_str())
        .uri(request.url().as_str());
    for (name, value) in request.headers().iter() {
        sent = sent.header(name.as_str(), value.as_str());
    }
    let sent = sent.body(body.clone());
    sent.map_err(|error| Error::with_message(ErrorKind::Other, error.to_string()))
}

fn inward(answer: http::Response<Bytes>) -> AsyncRawResponse {
    let (head, body) = answer.into_parts();
    let mut headers = Headers::new();
    for (name, value) in &head.headers {
        // What is not text is nothing that a credential looks at.
        if let Ok(value) = value.to_str() {
            let name = HeaderName::from(name.as_str().to_owned());
            headers.insert(name, HeaderValue::from(value.to_owned()));
        }
    }
    AsyncRawResponse::from_bytes(head.status.as_u16().into(), headers, body)
}
