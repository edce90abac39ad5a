//! A recorded exchange, and an ARM that gives its answer to whatever is asked.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use runbook::azure::{
    Arm, Cloud, CredentialKind, CredentialSettings, TokenSource, Transport, WireError,
};
use runbook::base::{Chance, Clock, Secret};
use serde_json::Value;

/// One recorded exchange.
pub(super) struct Recording {
    /// `area/file`.
    pub(super) name: String,
    pub(super) method: String,
    /// The path and the query as they were sent.
    pub(super) target: String,
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    /// JSON, a text as it was, or null.
    pub(super) body: Value,
}

impl Recording {
    /// The path, decoded.
    pub(super) fn path(&self) -> String {
        decoded(self.target.split('?').next().unwrap())
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.iter();
        all.find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The same answer with another body.
    pub(super) fn with_body(&self, body: Value) -> Self {
        Self {
            name: self.name.clone(),
            method: self.method.clone(),
            target: self.target.clone(),
            headers: self.headers.clone(),
            body,
            ..*self
        }
    }
}

/// The recordings under `root` in the order of their names; none when there is no such folder.
/// A recording without an HTTP status is that of an alert, which no request of ours is answered
/// with: it has the status 0.
pub(super) fn all(root: &Path) -> Vec<Recording> {
    let mut files: Vec<PathBuf> = entries(root).iter().flat_map(|a| entries(a)).collect();
    files.retain(|file| file.extension().is_some_and(|e| e == "json"));
    files.sort();
    let recording = |file: &PathBuf| {
        let exchange = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        let area = file.parent().and_then(Path::file_name).unwrap();
        let name = Path::new(area).join(file.file_name().unwrap());
        read(name.display().to_string(), &exchange)
    };
    files.iter().map(recording).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

fn read(name: String, exchange: &Value) -> Recording {
    let (request, response) = (&exchange["request"], &exchange["response"]);
    let uri = request["uri"].as_str().unwrap_or_default();
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let headers = response["headers"].as_object().into_iter().flatten();
    let headers = headers.flat_map(|(name, values)| {
        let values = values.as_array().into_iter().flatten();
        let text = |value: &Value| whole(value.as_str().unwrap_or_default());
        values.map(move |value| (name.clone(), text(value)))
    });
    Recording {
        name,
        method: request["method"].as_str().unwrap_or_default().to_owned(),
        target: rest
            .find('/')
            .map_or(String::new(), |at| rest[at..].to_owned()),
        status: response["status"].as_u64().unwrap_or_default() as u16,
        headers: headers.collect(),
        body: response["body"].clone(),
    }
}

/// Some signatures were cut out by hand, and `<...>` put in their place: no URL has that.
fn whole(header: &str) -> String {
    if header.contains('<') {
        header.replace(['<', '>', ' '], "_")
    } else {
        header.to_owned()
    }
}

fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut out = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match part.get(..2).map(|hex| u8::from_str_radix(hex, 16)) {
            Some(Ok(byte)) => {
                out.push(byte);
                out.extend_from_slice(&part.as_bytes()[2..]);
            }
            _ => out.extend(format!("%{part}").bytes()),
        }
    }
    String::from_utf8(out).unwrap()
}

/// An ARM whose every answer is one recording's.
pub(super) struct Replay {
    pub(super) arm: Arc<Arm>,
    answers: Arc<Answers>,
    clock: Clock,
    began: Timestamp,
}

struct Answers {
    status: u16,
    headers: Vec<(String, String)>,
    body: Bytes,
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl Transport for Answers {
    async fn send(&self, ask: http::Request<Bytes>) -> Result<http::Response<Bytes>, WireError> {
        self.asked.lock().unwrap().push(ask.uri().to_string());
        let mut answer = http::Response::builder().status(self.status);
        for (name, value) in &self.headers {
            answer = answer.header(name, value);
        }
        Ok(answer.body(self.body.clone()).unwrap())
    }
}

impl Replay {
    pub(super) fn of(recording: &Recording) -> Self {
        let body = match &recording.body {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            json => json.to_string(),
        };
        let answers = Arc::new(Answers {
            status: recording.status,
            headers: recording.headers.clone(),
            body: body.into(),
            asked: Mutex::default(),
        });
        let cloud = Cloud::public();
        let settings = CredentialSettings {
            kind: CredentialKind::Token,
            access_token: Some(Secret::new("a token")),
            ..CredentialSettings::default()
        };
        let began = "2026-11-21T03:10:00Z".parse().unwrap();
        let clock = Clock::starting_at(began, 1.0);
        let arm = Arm::new(
            cloud.clone(),
            answers.clone(),
            TokenSource::new(settings, &cloud).unwrap(),
            clock.clone(),
            Chance::seeded(7),
        );
        Self {
            arm,
            answers,
            clock,
            began,
        }
    }

    /// The URLs that were asked for.
    pub(super) fn asked(&self) -> Vec<String> {
        self.answers.asked.lock().unwrap().clone()
    }

    /// Whole seconds that were slept.
    pub(super) fn waited(&self) -> i64 {
        self.clock.now().duration_since(self.began).as_secs()
    }
}
