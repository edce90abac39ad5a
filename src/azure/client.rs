//! The network: the one home of reqwest.

use std::{error::Error, sync::Arc, sync::OnceLock, time::Duration};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use reqwest::{Client, redirect::Policy};

use crate::base::{ErrorClass, Failure};

use super::cloud::is_loopback;
use super::transport::{Transport, WireError};

/// How a client reaches hosts that are not on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// Through the proxy that the environment names, when it names one.
    Proxied,
    /// Never through a proxy: loopback and the services that give out managed identities.
    Direct,
}

/// What requests for tokens travel over.
#[derive(Clone)]
pub(super) enum Network {
    /// The real one.
    Real(Arc<Clients>),
    /// One that the caller brought; it goes its own way.
    Brought(Arc<dyn Transport>),
}

/// Clients of the real network, made when they are first needed: reading the machine's root
/// certificates takes its time, and most credentials need one client or none.
#[derive(Debug, Default)]
pub(super) struct Clients {
    proxied: OnceLock<Arc<HttpTransport>>,
    direct: OnceLock<Arc<HttpTransport>>,
}

impl Network {
    pub(super) fn real() -> Self {
        Self::Real(Arc::default())
    }

    /// A transport along `route`.
    pub(super) fn transport(&self, route: Route) -> Result<Arc<dyn Transport>, Failure> {
        let clients = match self {
            Self::Brought(transport) => return Ok(Arc::clone(transport)),
            Self::Real(clients) => clients,
        };
        let kept = match route {
            Route::Proxied => &clients.proxied,
            Route::Direct => &clients.direct,
        };
        if let Some(transport) = kept.get() {
            return Ok(transport.clone());
        }
        let made = Arc::new(HttpTransport::along(route, TOKEN_TIMEOUT)?);
        Ok(kept.get_or_init(|| made).clone())
    }
}

/// The time that one request for a token may take.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(30);

/// An answer larger than this is not read to its end; ARM itself turns provider answers over
/// 8 MB into a 500 (`azure-api.md` section 2.1).
const LARGEST_ANSWER: usize = 32 << 20;

/// The real network: TLS by rustls with ring, no redirects, no cookies.
#[derive(Debug)]
pub struct HttpTransport {
    proxied: Client,
    direct: Client,
}

impl HttpTransport {
    /// A transport whose requests give up after `timeout` of the machine's time.
    ///
    /// ARM answers within 60 s by contract, so less than that turns slow answers into doubt.
    pub fn new(timeout: Duration) -> Result<Self, Failure> {
        Ok(Self {
            proxied: client(Route::Proxied, timeout)?,
            direct: client(Route::Direct, timeout)?,
        })
    }

    /// A transport that goes one way wherever the host is.
    fn along(route: Route, timeout: Duration) -> Result<Self, Failure> {
        let client = client(route, timeout)?;
        Ok(Self {
            proxied: client.clone(),
            direct: client,
        })
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, WireError> {
        let request = reqwest::Request::try_from(request).map_err(|e| broken(&e.without_url()))?;
        let client = if is_loopback(request.url()) {
            &self.direct
        } else {
            &self.proxied
        };
        let mut answer = client
            .execute(request)
            .await
            .map_err(|e| broken(&e.without_url()))?;
        let mut head = http::Response::builder().status(answer.status());
        for (name, value) in answer.headers() {
            head = head.header(name, value);
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(|e| broken(&e.without_url()))? {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                return Err(WireError::Lost(
                    "the answer is larger than 32 MiB".to_owned(),
                ));
            }
            body.extend_from_slice(&chunk);
        }
        head.body(body.freeze())
            .map_err(|e| WireError::Lost(e.to_string()))
    }
}

/// A client that follows no redirect; the crypto provider is installed first, because a client
/// built before it panics.
fn client(route: Route, timeout: Duration) -> Result<Client, Failure> {
    // A second installation reports that there is one already, which is what is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder()
        .redirect(Policy::none())
        .timeout(timeout)
        .user_agent(concat!("runbook/", env!("CARGO_PKG_VERSION")));
    let builder = match route {
        Route::Proxied => builder,
        Route::Direct => builder.no_proxy(),
    };
    builder.build().map_err(|error| {
        let message = format!(
            "{}; look at this machine's root certificates",
            chain(&error)
        );
        Failure::new(ErrorClass::Unreachable, "prepare the HTTPS client", message)
    })
}

fn broken(error: &reqwest::Error) -> WireError {
    let text = chain(error);
    if error.is_connect() || error.is_builder() {
        WireError::NotSent(text)
    } else {
        WireError::Lost(text)
    }
}

/// The error with its causes, which reqwest leaves out of its own text.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    /// Answers one connection with `answer` and gives back what it was sent.
    async fn once(answer: &'static str) -> (String, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let served = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut asked = vec![0; 16 << 10];
            let read = socket.read(&mut asked).await.unwrap();
            socket.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8_lossy(&asked[..read]).into_owned()
        });
        (origin, served)
    }

    fn get(url: &str) -> http::Request<Bytes> {
        http::Request::get(url).body(Bytes::new()).unwrap()
    }

    fn transport() -> HttpTransport {
        HttpTransport::new(Duration::from_secs(5)).unwrap()
    }

    #[tokio::test]
    async fn a_long_signed_url_arrives_as_it_was_given() {
        let (origin, served) = once("HTTP/1.1 204 No Content\r\n\r\n").await;
        let path = format!(
            "/a;b%3Bc/operations/1?api-version=x&c={}&s=a-b_c;d&h=~",
            "M".repeat(3_400)
        );
        let answer = transport()
            .send(get(&format!("{origin}{path}")))
            .await
            .unwrap();
        assert_eq!(answer.status(), 204);
        let asked = served.await.unwrap();
        assert!(
            asked.starts_with(&format!("GET {path} HTTP/1.1\r\n")),
            "{asked}"
        );
        assert!(
            asked.contains(concat!("user-agent: runbook/", env!("CARGO_PKG_VERSION"))),
            "{asked}"
        );
    }

    #[tokio::test]
    async fn a_redirect_is_given_back_and_not_followed() {
        let (origin, _) = once(
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/x\r\ncontent-length: 0\r\n\r\n",
        )
        .await;
        let answer = transport().send(get(&origin)).await.unwrap();
        assert_eq!(answer.status(), 302);
    }

    #[tokio::test]
    async fn a_refused_connection_was_not_sent_and_a_closed_one_may_have_been() {
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", free.local_addr().unwrap());
        drop(free);
        let error = transport()
            .send(get(&format!("{origin}/?sig=abc")))
            .await
            .unwrap_err();
        assert!(
            matches!(&error, WireError::NotSent(text) if !text.contains("sig=")),
            "{error:?}"
        );
        let (origin, _) = once("").await;
        let error = transport().send(get(&origin)).await.unwrap_err();
        assert!(matches!(error, WireError::Lost(_)), "{error:?}");
    }
}
