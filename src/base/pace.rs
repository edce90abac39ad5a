//! Backoff: the one home of the `backoff` crate.
//!
//! Only its `Backoff` trait and exponential sequence are used. Its own retry loop lets a server
//! that always sends `Retry-After` be retried for ever, has no limit of attempts, and its jitter
//! cannot be seeded; [`Budget`] adds these three.

use std::time::Duration;

use backoff::{backoff::Backoff, exponential::ExponentialBackoff};

use super::Chance;

/// tokio's clock, which a test may pause, for the `backoff` crate.
#[derive(Clone, Debug, Default)]
pub struct PausableClock;

impl backoff::Clock for PausableClock {
    fn now(&self) -> std::time::Instant {
        tokio::time::Instant::now().into_std()
    }
}

/// How often and how fast one request may be repeated.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The first wait.
    pub first: Duration,
    /// No wait is longer than this, unless the server asks for it.
    pub longest: Duration,
    /// Attempts in all, the first included.
    pub attempts: u32,
}

/// The waits between the attempts of one request: exponential, jittered upwards only, never
/// shorter than the server asked, and finite.
#[derive(Debug)]
pub struct Budget {
    sequence: ExponentialBackoff<PausableClock>,
    attempts_left: u32,
    chance: Chance,
}

impl Budget {
    /// A fresh budget.
    #[must_use]
    pub fn new(pace: Pace, chance: Chance) -> Self {
        let mut sequence = ExponentialBackoff::<PausableClock> {
            current_interval: pace.first,
            initial_interval: pace.first,
            randomization_factor: 0.0,
            multiplier: 2.0,
            max_interval: pace.longest,
            max_elapsed_time: None,
            ..ExponentialBackoff::default()
        };
        sequence.reset();
        Self {
            sequence,
            attempts_left: pace.attempts.saturating_sub(1),
            chance,
        }
    }

    /// The wait before the next attempt, or `None` when the attempts are used up.
    ///
    /// `asked` is what the server said (`Retry-After`); it is never undercut.
    pub fn next_wait(&mut self, asked: Option<Duration>) -> Option<Duration> {
        self.attempts_left = self.attempts_left.checked_sub(1)?;
        let own = self.sequence.next_backoff()?;
        Some(jittered(own.max(asked.unwrap_or_default()), &self.chance))
    }
}

/// `floor` plus up to a tenth of it: jitter only adds.
#[must_use]
pub fn jittered(floor: Duration, chance: &Chance) -> Duration {
    floor + floor.mul_f64(0.1 * chance.fraction())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace {
        first: Duration::from_secs(1),
        longest: Duration::from_secs(8),
        attempts: 5,
    };

    #[test]
    fn waits_grow_and_end() {
        let mut budget = Budget::new(PACE, Chance::seeded(1));
        let waits: Vec<_> = std::iter::from_fn(|| budget.next_wait(None)).collect();
        assert_eq!(waits.len(), 4, "five attempts have four waits between them");
        assert!(waits.windows(2).all(|w| w[1] > w[0]));
    }

    #[test]
    fn the_servers_wish_is_never_undercut_and_never_endless() {
        let mut budget = Budget::new(PACE, Chance::seeded(1));
        let asked = Duration::from_secs(1200);
        let waits: Vec<_> = std::iter::from_fn(|| budget.next_wait(Some(asked))).collect();
        assert_eq!(waits.len(), 4);
        assert!(waits.iter().all(|w| *w >= asked));
    }
}
