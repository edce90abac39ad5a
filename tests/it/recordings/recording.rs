//! A recorded exchange, or one of our own making in the same form.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde_json::Value;

/// One recorded exchange.
#[derive(Clone)]
pub(super) struct Recording {
    /// `area/file`.
    pub(super) name: String,
    /// What it shows; of a recorded one its name says that.
    pub(super) shows: String,
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

    /// What it answers, as the wire has it.
    pub(super) fn answer(&self) -> http::Response<Bytes> {
        let body = match &self.body {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            json => json.to_string(),
        };
        let mut answer = http::Response::builder().status(self.status);
        for (name, value) in &self.headers {
            answer = answer.header(name, value);
        }
        answer.body(body.into()).unwrap()
    }

    /// What its body says of how things are, after a space; nothing when it says nothing.
    pub(super) fn state(&self) -> String {
        let body = &self.body;
        let words = [
            &body["status"],
            &body["properties"]["status"],
            &body["error"]["code"],
            &body["Code"],
        ];
        match (words.iter().find_map(|word| word.as_str()), body) {
            (Some(word), _) => format!(" {word}"),
            (None, Value::String(text)) if !text.is_empty() => " (a page)".to_owned(),
            _ => String::new(),
        }
    }

    /// `area/number`.
    pub(super) fn short_name(&self) -> &str {
        let number = self.name.find('/').unwrap_or_default();
        let end = self.name[number..].find('-').map(|at| number + at);
        &self.name[..end.unwrap_or(self.name.len())]
    }

    /// Seconds that it asks to wait, in a header or in words.
    pub(super) fn wait(&self) -> Option<u64> {
        let said = |message: &Value| {
            let (_, rest) = message.as_str()?.split_once("try again after '")?;
            rest.split_once("' seconds")?.0.parse().ok()
        };
        match self.header("retry-after") {
            Some(seconds) => Some(seconds.parse().unwrap()),
            None => said(&self.body["error"]["message"]),
        }
    }

    /// The same answer with another body.
    pub(super) fn with_body(&self, body: Value) -> Self {
        Self {
            body,
            ..self.clone()
        }
    }
}

/// The files under `root` as `area/file`, in the order of their names; none when there is no such
/// folder.
pub(super) fn files(root: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<PathBuf> = entries(root).iter().flat_map(|a| entries(a)).collect();
    files.retain(|file| file.extension().is_some_and(|e| e == "json"));
    files.sort();
    let named = |file: &PathBuf| {
        let name = file.strip_prefix(root).unwrap().display().to_string();
        (name, fs::read(file).unwrap())
    };
    files.iter().map(named).collect()
}

/// The recordings of the real Azure, which lie beside the repository and are no part of it; none
/// where they do not.
///
/// A recording without an HTTP status is that of an alert, which no request of ours is answered
/// with: it has the status 0.
pub(super) fn beside() -> Vec<Recording> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/recordings");
    let files = files(&root).into_iter();
    files
        .map(|(name, bytes)| read(name, &serde_json::from_slice(&bytes).unwrap()))
        .collect()
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
        shows: String::new(),
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
