//! For tests: a transport that answers from a script and remembers what it was asked.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, atomic::AtomicU32},
};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;

use crate::base::{Chance, Clock};

use super::arm::Arm;
use super::cloud::Cloud;
use super::tokens::TokenSource;
use super::tokens::tests::Counting;

use super::transport::{Transport, WireError};

pub(super) type Reply = Result<http::Response<Bytes>, WireError>;

/// What a request was, in the order of sending.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) token: String,
    pub(super) request_id: String,
    pub(super) language: String,
    pub(super) body: Value,
    pub(super) at: Timestamp,
}

pub(super) struct Script {
    replies: Mutex<VecDeque<Reply>>,
    asked: Mutex<Vec<Asked>>,
    clock: Clock,
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: http::Request<Bytes>) -> Reply {
        let text = |name: &str| {
            request
                .headers()
                .get(name)
                .map_or_else(String::new, |v| v.to_str().unwrap().to_owned())
        };
        self.asked.lock().unwrap().push(Asked {
            method: request.method().to_string(),
            url: request.uri().to_string(),
            token: text("authorization"),
            request_id: text("x-ms-client-request-id"),
            language: text("accept-language"),
            body: serde_json::from_slice(request.body()).unwrap_or_default(),
            at: self.clock.now(),
        });
        self.replies
            .lock()
            .unwrap()
            .pop_front()
            .expect("the script has an answer for every request")
    }
}

/// An ARM whose every answer is in the script, at 2026-11-21T03:10:00Z.
pub(super) struct Stage {
    pub(super) arm: Arc<Arm>,
    script: Arc<Script>,
}

impl Stage {
    pub(super) fn new(replies: Vec<Reply>) -> Self {
        let origin: Timestamp = "2026-11-21T03:10:00Z".parse().unwrap();
        let clock = Clock::starting_at(origin, 1.0);
        let script = Arc::new(Script {
            replies: Mutex::new(replies.into()),
            asked: Mutex::default(),
            clock: clock.clone(),
        });
        let issuer = Counting {
            given: Arc::new(AtomicU32::new(0)),
            origin,
            at_most: 9,
        };
        let tokens = TokenSource::from_issuer(Box::new(issuer));
        let arm = Arm::new(
            Cloud::public(),
            script.clone(),
            tokens,
            clock,
            Chance::seeded(7),
        );
        Self { arm, script }
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.script.asked.lock().unwrap().clone()
    }

    /// `GET path?query` of every request, without the ARM endpoint.
    pub(super) fn lines(&self) -> Vec<String> {
        let line = |a: &Asked| {
            format!(
                "{} {}",
                a.method,
                a.url.replace("https://management.azure.com", "")
            )
        };
        self.asked().iter().map(line).collect()
    }

    /// Whole seconds between the first request and the last.
    pub(super) fn seconds(&self) -> i64 {
        let asked = self.asked();
        asked
            .last()
            .unwrap()
            .at
            .duration_since(asked[0].at)
            .as_secs()
    }

    /// Whether every answer of the script was given.
    pub(super) fn is_played(&self) -> bool {
        self.script.replies.lock().unwrap().is_empty()
    }
}

pub(super) fn reply(status: u16, headers: &[(&str, &str)], body: impl Into<String>) -> Reply {
    let mut answer = http::Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(*name, *value);
    }
    Ok(answer.body(Bytes::from(body.into())).unwrap())
}

pub(super) fn json(status: u16, body: Value) -> Reply {
    reply(
        status,
        &[("content-type", "application/json; charset=utf-8")],
        body.to_string(),
    )
}

pub(super) fn error(status: u16, code: &str, message: &str) -> Reply {
    json(
        status,
        serde_json::json!({ "error": { "code": code, "message": message } }),
    )
}
