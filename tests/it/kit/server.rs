//! Servers on loopback that remember what they were asked, and a way to them from anywhere.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use runbook::azure::{HttpTransport, Transport, WireError};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use url::{Url, form_urlencoded};

use super::wire::{Answer, Request};

/// What [`Server::https`] shows: a program trusts it that is given this file as `SSL_CERT_FILE`.
pub(crate) const CERTIFICATE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/it/data/test-only-server.pem"
);

type Clerk = dyn Fn(Request) -> BoxFuture<'static, Answer> + Send + Sync;

/// A server in a thread of its own, for as long as the tests run.
#[derive(Clone)]
pub(crate) struct Server {
    /// `http://127.0.0.1:port`, or `https://localhost:port`.
    pub(crate) origin: String,
    asked: Arc<Mutex<Vec<Request>>>,
    clerk: Arc<Clerk>,
}

impl Server {
    pub(crate) fn http(clerk: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        Self::start("http://127.0.0.1", ready(clerk), None)
    }

    pub(crate) fn https(clerk: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        Self::start("https://localhost", ready(clerk), Some(acceptor()))
    }

    /// One whose answers come from another transport.
    pub(crate) fn before(inner: impl Transport + 'static) -> Self {
        let inner = Arc::new(inner);
        let clerk = move |request| -> BoxFuture<'static, Answer> {
            let inner = Arc::clone(&inner);
            Box::pin(async move { inner.send(request).await.unwrap() })
        };
        Self::start("http://127.0.0.1", Arc::new(clerk), None)
    }

    fn start(host: &str, clerk: Arc<Clerk>, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            origin: format!("{host}:{}", listener.local_addr().unwrap().port()),
            asked: Arc::default(),
            clerk,
        };
        let serving = server.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(serving.serve(listener, tls));
        });
        server
    }

    /// Everything that it was asked, in order.
    pub(crate) fn asked(&self) -> Vec<Request> {
        self.asked.lock().unwrap().clone()
    }

    async fn serve(self, listener: TcpListener, tls: Option<TlsAcceptor>) {
        listener.set_nonblocking(true).unwrap();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let (server, tls) = (self.clone(), tls.clone());
            tokio::spawn(async move {
                match tls {
                    None => server.connection(stream).await,
                    // A client that does not trust us has gone: its test says so.
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            server.connection(stream).await;
                        }
                    }
                }
            });
        }
    }

    async fn connection(&self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let service = service_fn(|request| self.one(request));
        let http = hyper::server::conn::http1::Builder::new();
        // It ends when the client has gone.
        let _ = http.serve_connection(TokioIo::new(stream), service).await;
    }

    async fn one(
        &self,
        request: http::Request<Incoming>,
    ) -> Result<http::Response<Full<Bytes>>, Infallible> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Ok(self
            .ask(Request::from_parts(head, body))
            .await
            .map(Full::new))
    }

    async fn ask(&self, request: Request) -> Answer {
        self.asked.lock().unwrap().push(request.clone());
        (self.clerk)(request).await
    }
}

fn ready(clerk: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Arc<Clerk> {
    Arc::new(move |request| Box::pin(std::future::ready(clerk(&request))))
}

fn acceptor() -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_file(CERTIFICATE).unwrap();
    let key = PrivateKeyDer::from_pem_file(CERTIFICATE).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// Leads every request to one server on loopback, whoever it is for; `host` tells for whom.
pub(crate) struct Reroute {
    network: HttpTransport,
    to: Server,
}

impl Reroute {
    pub(crate) fn to(server: &Server) -> Arc<Self> {
        Arc::new(Self {
            network: HttpTransport::new(Duration::from_secs(20)).unwrap(),
            to: server.clone(),
        })
    }
}

#[async_trait]
impl Transport for Reroute {
    async fn send(&self, request: Request) -> Result<Answer, WireError> {
        let (mut head, body) = request.into_parts();
        let host = head.uri.host().unwrap().parse().unwrap();
        head.headers.insert("host", host);
        let path = head.uri.path_and_query().unwrap();
        head.uri = format!("{}{path}", self.to.origin).parse().unwrap();
        let request = Request::from_parts(head, body);
        // The probe has half a second, which a busy machine may not keep: it takes no socket.
        if request.uri().path() == "/metadata/instance" {
            return Ok(self.to.ask(request).await);
        }
        self.network.send(request).await
    }
}

/// An answer with a JSON body.
pub(crate) fn json(status: u16, body: &serde_json::Value) -> Answer {
    let answer = http::Response::builder().status(status);
    let answer = answer.header("content-type", "application/json");
    answer.body(Bytes::from(body.to_string())).unwrap()
}

/// A header of a request; empty when there is none.
pub(crate) fn header<'r>(request: &'r Request, name: &str) -> &'r str {
    let value = request.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

/// The fields of a form that was posted.
pub(crate) fn form(request: &Request) -> BTreeMap<String, String> {
    form_urlencoded::parse(request.body())
        .into_owned()
        .collect()
}

/// The parameters of a request's query.
pub(crate) fn query(request: &Request) -> BTreeMap<String, String> {
    let url = Url::parse("http://any.invalid").unwrap();
    let url = url.join(&request.uri().to_string()).unwrap();
    url.query_pairs().into_owned().collect()
}
