//! Reads through the pipeline: one answer, every page of a list, a POST that only looks.

use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::base::{ErrorClass, Failure};

use super::arm::Arm;
use super::counts::Purpose;
use super::pipeline::{self, Answer, Call};
use super::url_text;
use super::versions::Api;

/// A list of more pages than this is taken for one that has no end.
const MOST_PAGES: usize = 1_000;

impl Arm {
    /// One GET of a resource, or of a path below one.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        api: Api,
        query: &[(&str, &str)],
        attempted: &str,
    ) -> Result<T, Failure> {
        let url = self.url(path, api, query, attempted)?;
        self.read(Purpose::Read, url, None, attempted).await
    }

    /// Every page of a list; a page that fails fails the list.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        api: Api,
        query: &[(&str, &str)],
        attempted: &str,
    ) -> Result<Vec<T>, Failure> {
        #[derive(Deserialize)]
        struct Page<T> {
            value: Option<Vec<T>>,
            #[serde(rename = "nextLink")]
            next: Option<String>,
        }
        let mut url = self.url(path, api, query, attempted)?;
        let mut items = Vec::new();
        for _ in 0..MOST_PAGES {
            let page: Page<T> = self
                .read(Purpose::Read, url.clone(), None, attempted)
                .await?;
            items.extend(page.value.unwrap_or_default());
            match page.next.filter(|next| !next.is_empty()) {
                None => return Ok(items),
                Some(next) if next == url => break,
                Some(next) => url = next,
            }
        }
        Err(Failure::new(
            ErrorClass::Invalid,
            attempted,
            "the list has no end: its pages lead in a circle",
        ))
    }

    /// A POST that only looks.
    pub(super) async fn query<T: DeserializeOwned>(
        &self,
        path: &str,
        api: Api,
        body: Value,
        attempted: &str,
    ) -> Result<T, Failure> {
        let url = self.url(path, api, &[], attempted)?;
        self.read(Purpose::Query, url, Some(body), attempted).await
    }

    /// A GET of a URL that ARM gave, with its head.
    pub(super) async fn follow(&self, url: &str, attempted: &str) -> Result<Answer, Failure> {
        let call = Call {
            purpose: Purpose::Read,
            method: Method::GET,
            url: url.to_owned(),
            body: None,
            attempted: attempted.to_owned(),
        };
        pipeline::send(self, &call).await
    }

    pub(super) fn url(
        &self,
        path: &str,
        api: Api,
        query: &[(&str, &str)],
        attempted: &str,
    ) -> Result<String, Failure> {
        url_text::build(&self.cloud, path, self.cloud.version(api), query)
            .map_err(|why| Failure::new(ErrorClass::Invalid, attempted, why))
    }

    async fn read<T: DeserializeOwned>(
        &self,
        purpose: Purpose,
        url: String,
        body: Option<Value>,
        attempted: &str,
    ) -> Result<T, Failure> {
        let method = if body.is_some() {
            Method::POST
        } else {
            Method::GET
        };
        let call = Call {
            purpose,
            method,
            url,
            body,
            attempted: attempted.to_owned(),
        };
        let answer = pipeline::send(self, &call).await?;
        answer.parsed(attempted)
    }
}
