//! A request, taken apart: what the route handlers look at.

use jiff::Timestamp;
use serde_json::Value;

use crate::sim::ids;

/// One request.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Call {
    /// The verb.
    pub(in crate::sim) method: String,
    /// The decoded path, one `/` between segments, none at the end.
    pub(in crate::sim) path: String,
    /// The decoded query.
    pub(in crate::sim) query: Vec<(String, String)>,
    /// The JSON body, `null` when there is none or it is not JSON.
    pub(in crate::sim) body: Value,
    /// Scheme and authority, for the URLs in answers.
    pub(in crate::sim) origin: String,
    /// `Authorization`.
    pub(in crate::sim) authorization: Option<String>,
    /// `x-ms-client-request-id`.
    pub(in crate::sim) client_request: Option<String>,
    /// When it arrived.
    pub(in crate::sim) at: Timestamp,
}

impl Call {
    /// Takes `request` apart.
    pub(in crate::sim) fn new(request: &http::Request<Vec<u8>>, at: Timestamp) -> Self {
        let header = |name: &str| {
            request
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        let segments: Vec<String> = decoded(request.uri().path(), Plus::Stays)
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(str::to_owned)
            .collect();
        let query = request.uri().query().unwrap_or_default();
        Self {
            method: request.method().as_str().to_owned(),
            path: format!("/{}", segments.join("/")),
            query: query
                .split('&')
                .filter(|pair| !pair.is_empty())
                .map(pair)
                .collect(),
            body: serde_json::from_slice(request.body()).unwrap_or(Value::Null),
            origin: origin(request.uri(), header("host"), header("x-forwarded-proto")),
            authorization: header("authorization"),
            client_request: header("x-ms-client-request-id"),
            at,
        }
    }

    /// Scheme, authority and path, fit for a URL: `;` stays raw, as Azure sends it.
    fn url(&self) -> String {
        format!("{}{}", self.origin, path_encoded(&self.path))
    }

    /// The whole URL again, without the query parameters named in `but`.
    pub(in crate::sim) fn again(&self, but: &[&str]) -> String {
        let kept = |name: &str| !but.iter().any(|one| ids::same(one, name));
        let query = self.query.iter().filter(|(name, _)| kept(name));
        let query: Vec<String> = query
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        format!("{}?{}", self.url(), query.join("&"))
    }

    /// The query parameter `name`, whatever its case.
    pub(in crate::sim) fn query(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| ids::same(key, name));
        found.map(|(_, value)| value.as_str())
    }

    /// The api-version asked for.
    pub(in crate::sim) fn version(&self) -> &str {
        self.query("api-version").unwrap_or_default()
    }

    /// Whether `$expand` names `what`.
    pub(in crate::sim) fn expands(&self, what: &str) -> bool {
        self.query("$expand")
            .is_some_and(|list| list.split(',').any(|one| ids::same(one.trim(), what)))
    }

    /// The query without what signs a polling URL.
    pub(in crate::sim) fn unsigned_query(&self) -> Vec<(String, String)> {
        let signing = |name: &str| matches!(name, "t" | "c" | "s" | "h");
        self.query
            .iter()
            .filter(|(name, _)| !signing(name))
            .cloned()
            .collect()
    }
}

/// A socket's requests carry no scheme: they came over plain http, unless a proxy in front ended
/// TLS and says so.
fn origin(uri: &http::Uri, host: Option<String>, forwarded: Option<String>) -> String {
    match (uri.scheme_str(), uri.authority(), host) {
        (Some(scheme), Some(authority), _) => format!("{scheme}://{authority}"),
        (_, _, Some(host)) => match forwarded {
            Some(scheme) if ids::same(&scheme, "https") => format!("https://{host}"),
            _ => format!("http://{host}"),
        },
        _ => "https://management.azure.com".to_owned(),
    }
}

fn pair(text: &str) -> (String, String) {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    (decoded(name, Plus::IsBlank), decoded(value, Plus::IsBlank))
}

/// What a `+` means: a blank in queries, itself in paths.
#[derive(Clone, Copy, PartialEq)]
enum Plus {
    Stays,
    IsBlank,
}

/// `text` without its percent-encoding; a `%` that begins no code stays.
fn decoded(text: &str, plus: Plus) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let code = (byte == b'%')
            .then(|| bytes.get(at + 1..at + 3))
            .flatten()
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match code {
            Some(code) => {
                out.push(code);
                at += 3;
            }
            None => {
                out.push(if byte == b'+' && plus == Plus::IsBlank {
                    b' '
                } else {
                    byte
                });
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// `path` so that it can stand in a URL.
pub(in crate::sim) fn path_encoded(path: &str) -> String {
    let kept = |letter: char| matches!(letter, '/' | ';' | '(' | ')' | '$' | ',' | ':');
    let each = |letter: char| {
        if kept(letter) {
            letter.to_string()
        } else {
            encoded(letter.encode_utf8(&mut [0; 4]))
        }
    };
    path.chars().map(each).collect()
}

/// `text` so that it can stand in a query value.
fn encoded(text: &str) -> String {
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    text.bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(uri: &str) -> Call {
        let request = http::Request::get(uri).body(Vec::new()).unwrap();
        Call::new(&request, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn paths_and_queries_are_decoded_and_double_slashes_collapse() {
        let call = call("https://arm//subscriptions/s/x%3By/?%24filter=a+eq+%27b%27&api-version=1");
        assert_eq!(call.path, "/subscriptions/s/x;y");
        assert_eq!(call.query("$FILTER"), Some("a eq 'b'"));
        assert_eq!(call.origin, "https://arm");
    }

    #[test]
    fn a_stray_percent_sign_is_no_error() {
        assert_eq!(call("https://arm/a%zz%4").path, "/a%zz%4");
    }

    #[test]
    fn a_proxy_that_ends_tls_is_believed_and_nothing_else_it_says() {
        let origin = |forwarded: &str| {
            let request = http::Request::get("/subscriptions?api-version=1")
                .header("host", "localhost:8443")
                .header("x-forwarded-proto", forwarded);
            let request = request.body(Vec::new()).unwrap();
            Call::new(&request, Timestamp::UNIX_EPOCH).origin
        };
        assert_eq!(origin("https"), "https://localhost:8443");
        for other in ["http", "", "javascript", "https://elsewhere"] {
            assert_eq!(origin(other), "http://localhost:8443", "{other}");
        }
    }

    #[test]
    fn a_path_keeps_its_semicolons_and_loses_its_blanks() {
        let call = call("https://arm/gr%C3%BCn%20x/VM%3Ba");
        assert_eq!(call.url(), "https://arm/gr%C3%BCn%20x/VM;a");
    }

    #[test]
    fn what_is_encoded_comes_back_the_same() {
        let text = "status eq 'Failed' & more; 100%";
        assert_eq!(decoded(&encoded(text), Plus::IsBlank), text);
    }
}
