//! The only door to time.
//!
//! One clock serves `now` and every wait, so that a rehearsal can run hours in milliseconds and
//! a simulator can be run many times faster than life. It counts with tokio's clock, which a
//! test may pause.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// A clock that everything in one process shares; cheap to clone.
#[derive(Clone, Debug)]
pub struct Clock {
    origin: Timestamp,
    started: tokio::time::Instant,
    scale: f64,
}

impl Clock {
    /// Wall-clock time at its own pace.
    #[must_use]
    pub fn system() -> Self {
        Self::starting_at(wall_now(), 1.0)
    }

    /// A clock that shows `origin` now and runs `scale` times as fast as life.
    ///
    /// A scale that is not a positive finite number counts as 1.
    #[must_use]
    pub fn starting_at(origin: Timestamp, scale: f64) -> Self {
        let scale = if scale.is_finite() && scale > 0.0 {
            scale
        } else {
            1.0
        };
        Self {
            origin,
            started: tokio::time::Instant::now(),
            scale,
        }
    }

    /// The time this clock shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let elapsed = self.started.elapsed().mul_f64(self.scale);
        add(self.origin, elapsed)
    }

    /// Waits for `duration` of this clock's time.
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    pub async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration.div_f64(self.scale)).await;
    }

    /// Waits until this clock shows `when`; returns at once when it already does.
    pub async fn sleep_until(&self, when: Timestamp) {
        let left = when.duration_since(self.now());
        if left.is_positive() {
            self.sleep(left.unsigned_abs()).await;
        }
    }

    /// `duration` of this clock's time as time of the machine, for time-outs of real sockets.
    #[must_use]
    pub fn on_the_wall(&self, duration: Duration) -> Duration {
        duration.div_f64(self.scale)
    }

    /// How many times faster than life this clock runs.
    #[must_use]
    pub fn scale(&self) -> f64 {
        self.scale
    }
}

/// The wall clock of this machine; only for stamping the start of a [`Clock`].
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub fn wall_now() -> Timestamp {
    Timestamp::now()
}

/// Does `work` in virtual time: a clock that stands still while something is done and leaps over
/// each wait, so that hours pass in milliseconds and come out the same every time.
///
/// # Errors
/// When the system has nothing left to run it with.
///
/// # Panics
/// Where another runtime already runs: it takes a thread of its own.
pub fn in_virtual_time<T>(work: impl Future<Output = T>) -> std::io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()?;
    Ok(runtime.block_on(work))
}

/// `when` plus `duration`, held at the end of time instead of overflowing.
#[must_use]
pub fn add(when: Timestamp, duration: Duration) -> Timestamp {
    SignedDuration::try_from(duration)
        .ok()
        .and_then(|d| when.checked_add(d).ok())
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_scaled_clock_waits_for_its_own_time() {
        let origin = Timestamp::from_second(1_000).unwrap();
        let clock = Clock::starting_at(origin, 600.0);
        clock.sleep(Duration::from_secs(3600)).await;
        assert_eq!(clock.now().duration_since(origin).as_secs(), 3600);
        assert_eq!(clock.started.elapsed(), Duration::from_secs(6));
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_that_has_passed_is_not_waited_for() {
        let clock = Clock::starting_at(Timestamp::from_second(1_000).unwrap(), 1.0);
        clock.sleep_until(Timestamp::from_second(10).unwrap()).await;
        assert_eq!(clock.now().as_second(), 1_000);
    }
}
