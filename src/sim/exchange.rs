//! One request and its answer as a client saw them: for people who look at what their program
//! sends, and for checks against Microsoft's API descriptions.

use http::{HeaderMap, Request, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A mark on answers that a fault made up: they break the contract on purpose.
#[derive(Clone, Copy, Debug)]
pub struct Injected;

/// A request and its answer, without credentials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// The verb.
    pub method: String,
    /// The URI as it was sent, percent-encoding included.
    pub uri: String,
    /// The JSON body; what is not JSON as a string; `null` without one, and for a token's request.
    pub body: Value,
    /// What was answered; nothing when the connection was dropped.
    pub answer: Option<Answered>,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The headers, by lower-case name.
    pub headers: Map<String, Value>,
    /// The JSON body; what is not JSON as a string; `null` without one.
    pub body: Value,
    /// A fault made it up.
    pub injected: bool,
}

impl Exchange {
    /// Writes down a request and what became of it.
    #[must_use]
    pub fn of(request: &Request<Vec<u8>>, answer: Option<&Response<Vec<u8>>>) -> Self {
        let is_token = request.uri().path().ends_with("/token");
        let without = is_token || request.body().is_empty();
        Self {
            method: request.method().to_string(),
            uri: request.uri().to_string(),
            body: if without {
                Value::Null
            } else {
                json_or_text(request.body())
            },
            answer: answer.map(|answer| Answered {
                status: answer.status().as_u16(),
                headers: headers(answer.headers()),
                body: if is_token {
                    Value::Null
                } else {
                    json_or_text(answer.body())
                },
                injected: answer.extensions().get::<Injected>().is_some(),
            }),
        }
    }
}

fn json_or_text(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()))
}

fn headers(headers: &HeaderMap) -> Map<String, Value> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), Value::String(text(value))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_signs_in_is_not_written_down() {
        let secret = b"client_secret=hunter2".to_vec();
        let request = Request::post("/t/oauth2/v2.0/token").body(secret).unwrap();
        let answer = Response::new(br#"{"access_token":"hunter3"}"#.to_vec());
        let written = serde_json::to_string(&Exchange::of(&request, Some(&answer))).unwrap();
        assert!(!written.contains("hunter"), "{written}");
        let request = Request::get("/x").header("Authorization", "Bearer hunter4");
        let written = Exchange::of(&request.body(Vec::new()).unwrap(), None);
        assert!(!serde_json::to_string(&written).unwrap().contains("hunter"));
    }

    #[test]
    fn a_body_that_is_not_json_is_kept_as_text() {
        let request = Request::get("/x").body(Vec::new()).unwrap();
        let answer = Response::new(b"<html>".to_vec());
        let exchange = Exchange::of(&request, Some(&answer));
        assert_eq!(exchange.body, Value::Null);
        assert_eq!(exchange.answer.unwrap().body, Value::from("<html>"));
    }
}
