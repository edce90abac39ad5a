//! Tokens, kept until five minutes before they expire and fetched once however many ask at the
//! same time: the Azure CLI, for one, is started for every token.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Mutex;

use crate::base::{Failure, Secret, clock};

use super::claims;
use super::client::Network;
use super::cloud::Cloud;
use super::credential::{CredentialSettings, Issued, Issuer, Who};
use super::identity;
use super::transport::Transport;

/// A token this near its end is replaced: the Azure SDKs use the same five minutes.
const REFRESH_BEFORE: Duration = Duration::from_secs(300);

/// Tokens for ARM; clones share what is kept.
#[derive(Clone)]
pub struct TokenSource(Arc<Inner>);

struct Inner {
    issuer: Box<dyn Issuer>,
    kept: Mutex<HashMap<String, Issued>>,
    last: StdMutex<Option<Issued>>,
}

impl TokenSource {
    /// A source for `settings`; fails at once when something that the kind needs is missing.
    pub fn new(settings: CredentialSettings, cloud: &Cloud) -> Result<Self, Failure> {
        let issuer = identity::issuer(settings, cloud, Network::real())?;
        Ok(Self::from_issuer(issuer))
    }

    /// The same, whose requests `transport` carries: for programs and tests that bring their own
    /// network.
    pub fn over(
        settings: CredentialSettings,
        cloud: &Cloud,
        transport: Arc<dyn Transport>,
    ) -> Result<Self, Failure> {
        let issuer = identity::issuer(settings, cloud, Network::Brought(transport))?;
        Ok(Self::from_issuer(issuer))
    }

    pub(super) fn from_issuer(issuer: Box<dyn Issuer>) -> Self {
        Self(Arc::new(Inner {
            issuer,
            kept: Mutex::default(),
            last: StdMutex::default(),
        }))
    }

    /// A token for `audience` that is good for five more minutes after `now`, when one can be had;
    /// else the kept one for as long as it lives.
    pub async fn token(&self, audience: &str, now: Timestamp) -> Result<Secret, Failure> {
        let mut kept = self.0.kept.lock().await;
        if let Some(issued) = kept
            .get(audience)
            .filter(|i| lives_past(i, clock::add(now, REFRESH_BEFORE)))
        {
            return Ok(issued.token.clone());
        }
        match self.0.issuer.issue(audience).await {
            Ok(issued) => Ok(self.keep(&mut kept, audience, issued)),
            Err(failure) => match kept.get(audience).filter(|issued| lives_past(issued, now)) {
                Some(issued) => Ok(issued.token.clone()),
                None => Err(failure),
            },
        }
    }

    /// Whether there is another token now than `refused`, which the server did not accept;
    /// somebody else's renewal since then counts.
    pub(super) async fn renew(&self, audience: &str, refused: &Secret) -> Result<bool, Failure> {
        let mut kept = self.0.kept.lock().await;
        if kept
            .get(audience)
            .is_some_and(|issued| issued.token != *refused)
        {
            return Ok(true);
        }
        let issued = self.0.issuer.issue(audience).await?;
        Ok(self.keep(&mut kept, audience, issued) != *refused)
    }

    /// Who the last token says that we are; `None` before the first and for an opaque token.
    #[must_use]
    pub fn who(&self) -> Option<Who> {
        let last = self.0.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref()
            .and_then(|issued| claims::who(issued.token.expose(), issued.by))
    }

    fn keep(&self, kept: &mut HashMap<String, Issued>, audience: &str, issued: Issued) -> Secret {
        let token = issued.token.clone();
        *self.0.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(issued.clone());
        kept.insert(audience.to_owned(), issued);
        token
    }
}

fn lives_past(issued: &Issued, when: Timestamp) -> bool {
    issued.expires.is_none_or(|expires| expires > when)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::azure::credential::CredentialKind;
    use crate::base::ErrorClass;
    use async_trait::async_trait;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Gives `token-1`, `token-2` … that live for an hour after `origin`, and counts.
    pub(in crate::azure) struct Counting {
        pub(in crate::azure) given: Arc<AtomicU32>,
        pub(in crate::azure) origin: Timestamp,
        pub(in crate::azure) at_most: u32,
    }

    #[async_trait]
    impl Issuer for Counting {
        async fn issue(&self, audience: &str) -> Result<Issued, Failure> {
            tokio::task::yield_now().await;
            let n = self.given.fetch_add(1, Ordering::SeqCst) + 1;
            if n > self.at_most {
                return Err(Failure::new(
                    ErrorClass::Auth,
                    format!("get a token for {audience}"),
                    "no more",
                ));
            }
            let expires = clock::add(self.origin, Duration::from_secs(3_600));
            let token = Secret::new(format!("token-{n}"));
            Ok(Issued {
                token,
                expires: Some(expires),
                by: CredentialKind::Cli,
            })
        }
    }

    fn source(at_most: u32) -> (TokenSource, Arc<AtomicU32>) {
        let given = Arc::new(AtomicU32::new(0));
        let origin = Timestamp::UNIX_EPOCH;
        let issuer = Counting {
            given: given.clone(),
            origin,
            at_most,
        };
        (TokenSource::from_issuer(Box::new(issuer)), given)
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[tokio::test]
    async fn many_who_ask_at_once_get_one_token() {
        let (source, given) = source(9);
        let asks = (0..10).map(|_| source.token("a", at(0)));
        let tokens = futures_util::future::join_all(asks).await;
        assert!(
            tokens
                .iter()
                .all(|t| t.as_ref().unwrap().expose() == "token-1")
        );
        assert_eq!(given.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_token_is_replaced_five_minutes_before_its_end_and_not_sooner() {
        let (source, _) = source(9);
        for (now, token) in [(0, "token-1"), (3_299, "token-1"), (3_301, "token-2")] {
            assert_eq!(
                source.token("a", at(now)).await.unwrap().expose(),
                token,
                "{now}"
            );
        }
    }

    #[tokio::test]
    async fn a_living_token_is_used_when_no_new_one_can_be_had() {
        let (source, _) = source(1);
        source.token("a", at(0)).await.unwrap();
        assert_eq!(
            source.token("a", at(3_500)).await.unwrap().expose(),
            "token-1"
        );
        assert_eq!(
            source.token("a", at(3_601)).await.unwrap_err().class,
            ErrorClass::Auth
        );
    }

    #[tokio::test]
    async fn a_refused_token_is_renewed_once_for_all_who_met_the_refusal() {
        let (source, given) = source(9);
        let first = source.token("a", at(0)).await.unwrap();
        assert!(source.renew("a", &first).await.unwrap());
        assert!(source.renew("a", &first).await.unwrap());
        assert_eq!(source.token("a", at(0)).await.unwrap().expose(), "token-2");
        assert_eq!(given.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_token_that_was_given_cannot_be_renewed() {
        let settings = CredentialSettings {
            kind: CredentialKind::Token,
            access_token: Some(Secret::new("opaque")),
            ..CredentialSettings::default()
        };
        let source = TokenSource::new(settings, &Cloud::public()).unwrap();
        let token = source.token("a", at(0)).await.unwrap();
        assert_eq!((token.expose(), source.who()), ("opaque", None));
        assert!(!source.renew("a", &token).await.unwrap());
    }
}
