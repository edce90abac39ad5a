//! The port that carries requests, so that a test or a simulator can stand in for the network.

use async_trait::async_trait;
use bytes::Bytes;

/// Why no answer came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The request certainly did not arrive: name not found, connection refused, TLS.
    #[error("{0}")]
    NotSent(String),
    /// The request may have arrived: timeout, reset, closed.
    #[error("{0}")]
    Lost(String),
}

/// Carries one request and brings back one answer.
///
/// It sends the URL as it is, follows no redirect and repeats nothing: that is the pipeline's to
/// decide.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends `request` once.
    async fn send(&self, request: http::Request<Bytes>)
    -> Result<http::Response<Bytes>, WireError>;
}
