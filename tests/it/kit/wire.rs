//! A wire that a test can cut, and that remembers what went over it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use runbook::azure::{Transport, WireError};

use super::exchanges;
use runbook::ops::rehearse::{InProcess, Simulated};

pub(crate) type Request = http::Request<Bytes>;
pub(crate) type Answer = http::Response<Bytes>;

/// What happens to one request.
pub(crate) enum Passage {
    /// It passes.
    Free,
    /// It is answered in Azure's place, and nothing is done.
    Answered(Answer),
    /// The connection breaks before Azure sees it.
    LostBefore,
    /// The connection breaks after Azure has done what was asked.
    LostAfter,
}

/// What a test does to requests and answers; requests are numbered from 0.
pub(crate) trait Tamper: Send + Sync {
    /// Before a request leaves.
    fn before(&self, _number: usize, _request: &Request) -> Passage {
        Passage::Free
    }
    /// When an answer comes back.
    fn after(&self, _number: usize, _request: &Request, answer: Answer) -> Answer {
        answer
    }
}

/// Leaves everything as it is.
pub(crate) struct Untouched;

impl Tamper for Untouched {}

/// The simulator in this process behind a wire that may be tampered with.
pub(crate) struct Wire {
    azure: InProcess,
    tamper: Arc<dyn Tamper>,
    sent: AtomicUsize,
}

impl Wire {
    pub(crate) fn to(simulated: &Arc<Simulated>, tamper: Arc<dyn Tamper>) -> Self {
        Self {
            azure: InProcess(Arc::clone(simulated)),
            tamper,
            sent: AtomicUsize::new(0),
        }
    }
}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: Request) -> Result<Answer, WireError> {
        let number = self.sent.fetch_add(1, Ordering::SeqCst);
        let lost = || WireError::Lost("the connection was closed".to_owned());
        match self.tamper.before(number, &request) {
            Passage::Answered(answer) => return Ok(answer),
            Passage::LostBefore => return Err(lost()),
            Passage::LostAfter => {
                let answer = self.azure.send(request.clone()).await?;
                exchanges::keep(&request, Some(&answer));
                return Err(lost());
            }
            Passage::Free => {}
        }
        let answer = self.azure.send(request.clone()).await;
        exchanges::keep(&request, answer.as_ref().ok());
        let answer = answer?;
        Ok(self.tamper.after(number, &request, answer))
    }
}

/// ARM's error, with what headers a test wants.
pub(crate) fn refusal(status: u16, code: &str, headers: &[(&'static str, &str)]) -> Answer {
    let body = if code.is_empty() {
        Bytes::new()
    } else {
        let error =
            serde_json::json!({ "error": { "code": code, "message": "An injected fault." } });
        Bytes::from(error.to_string())
    };
    let mut answer = http::Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(*name, *value);
    }
    answer.body(body).unwrap()
}
