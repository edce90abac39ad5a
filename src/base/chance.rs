//! The only door to chance: identifiers and jitter, seedable so that a test can repeat a run.

use std::sync::{Arc, Mutex, PoisonError};

use rand::{Rng, SeedableRng, rngs::SmallRng};
use uuid::Uuid;

/// A shared source of chance; clones draw from the same sequence.
#[derive(Clone, Debug)]
pub struct Chance(Arc<Mutex<SmallRng>>);

impl Chance {
    /// Seeded by the operating system.
    #[must_use]
    pub fn from_entropy() -> Self {
        Self(Arc::new(Mutex::new(SmallRng::from_os_rng())))
    }

    /// The same sequence for the same seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(SmallRng::seed_from_u64(seed))))
    }

    /// A random (version 4) identifier.
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        let bytes: [u8; 16] = self.draw().random();
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// A number in `0.0..1.0`.
    #[must_use]
    pub fn fraction(&self) -> f64 {
        self.draw().random()
    }

    /// A key that nobody can guess, from the operating system: never from a seed.
    #[must_use]
    pub fn key() -> [u8; 32] {
        let mut key = [0; 32];
        rand::rngs::StdRng::from_os_rng().fill(&mut key);
        key
    }

    fn draw(&self) -> std::sync::MutexGuard<'_, SmallRng> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_identifiers() {
        let (a, b) = (Chance::seeded(7), Chance::seeded(7));
        assert_eq!((a.uuid(), a.uuid()), (b.uuid(), b.uuid()));
        assert_ne!(a.uuid(), a.uuid());
    }
}
