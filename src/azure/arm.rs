//! What every request to one cloud shares: endpoint, transport, tokens, clock, chance, counts.

use std::sync::Arc;

use crate::base::{Chance, Clock, Failure};

use super::cloud::Cloud;
use super::counts::{Counts, Tally};
use super::credential::Who;
use super::tokens::TokenSource;
use super::transport::Transport;

/// One cloud's ARM, as one identity.
pub struct Arm {
    pub(super) cloud: Cloud,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) tokens: TokenSource,
    pub(super) clock: Clock,
    pub(super) chance: Chance,
    pub(super) tally: Tally,
}

impl Arm {
    /// Joins the parts; sends nothing.
    #[must_use]
    pub fn new(
        cloud: Cloud,
        transport: Arc<dyn Transport>,
        tokens: TokenSource,
        clock: Clock,
        chance: Chance,
    ) -> Arc<Self> {
        Arc::new(Self {
            cloud,
            transport,
            tokens,
            clock,
            chance,
            tally: Tally::default(),
        })
    }

    /// The cloud that is spoken to.
    #[must_use]
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// The requests made so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.tally.counts()
    }

    /// Who we are, from a token that is fetched when there is none; `None` when it is opaque.
    pub async fn who(&self) -> Result<Option<Who>, Failure> {
        self.tokens
            .token(&self.cloud.audience, self.clock.now())
            .await?;
        Ok(self.tokens.who())
    }
}
