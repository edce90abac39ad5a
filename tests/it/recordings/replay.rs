//! An ARM that gives one recorded answer to whatever is asked.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use runbook::azure::{
    Arm, Cloud, CredentialKind, CredentialSettings, TokenSource, Transport, WireError,
};
use runbook::base::{Chance, Clock, Secret};

use super::recording::Recording;

/// An ARM whose answers are those of recordings.
pub(super) struct Replay {
    pub(super) arm: Arc<Arm>,
    answers: Arc<Answers>,
    clock: Clock,
    began: Timestamp,
}

struct Answers {
    /// Each but the last is given once.
    given: Vec<Recording>,
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl Transport for Answers {
    async fn send(&self, ask: http::Request<Bytes>) -> Result<http::Response<Bytes>, WireError> {
        let mut asked = self.asked.lock().unwrap();
        let turn = asked.len().min(self.given.len() - 1);
        asked.push(ask.uri().to_string());
        Ok(self.given[turn].answer())
    }
}

impl Replay {
    pub(super) fn of(recording: &Recording) -> Self {
        Self::in_turn(&[recording])
    }

    /// Gives one answer after another; the last again and again.
    pub(super) fn in_turn(recordings: &[&Recording]) -> Self {
        let answers = Arc::new(Answers {
            given: recordings.iter().map(|r| (*r).clone()).collect(),
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
