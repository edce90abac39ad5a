//! Ctrl-C and SIGTERM: the first asks to stop, the second ends the process at once.

use std::future::Future;
#[cfg(unix)]
use std::task::Poll;

use tokio::sync::watch;

/// A flag that the first signal sets, and a future that the second completes.
///
/// It listens from here on, before anything is said or done: whoever has read the address of a
/// simulator may stop it at once.
pub(super) fn watch() -> (watch::Receiver<bool>, impl Future<Output = ()>) {
    let (set, flag) = watch::channel(false);
    let mut signals = Signals::listen();
    let second = async move {
        signals.next().await;
        set.send_replace(true);
        super::output::to_stderr(
            "\nstopping: nothing further is sent; a second signal ends this at once\n",
        );
        signals.next().await;
    };
    (flag, second)
}

/// What `work` gives, unless somebody asks to stop before: for work that may be dropped.
pub(super) async fn unless_stopped<T>(
    stop: &mut watch::Receiver<bool>,
    work: impl Future<Output = T>,
) -> Option<T> {
    let asked = async {
        // A flag that nobody can set any more never stops anything.
        if stop.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        given = work => Some(given),
        () = asked => None,
    }
}

#[cfg(unix)]
struct Signals(Vec<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Signals {
    /// Listens to those that can be had: without SIGTERM, Ctrl-C still works.
    fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let both = [SignalKind::interrupt(), SignalKind::terminate()];
        Self(
            both.into_iter()
                .filter_map(|kind| signal(kind).ok())
                .collect(),
        )
    }

    /// Waits for one of them; for ever where none can be had.
    async fn next(&mut self) {
        std::future::poll_fn(|context| {
            let mut each = self.0.iter_mut();
            if each.any(|signal| signal.poll_recv(context).is_ready()) {
                return Poll::Ready(());
            }
            Poll::Pending
        })
        .await;
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> Self {
        Self
    }

    /// Waits for Ctrl-C; for ever where it cannot be had.
    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_dropped_when_somebody_asks_to_stop_and_not_otherwise() {
        let (set, mut flag) = watch::channel(false);
        assert_eq!(unless_stopped(&mut flag, async { 1 }).await, Some(1));
        set.send_replace(true);
        assert_eq!(
            unless_stopped(&mut flag, std::future::pending::<u8>()).await,
            None
        );
        let (set, mut flag) = watch::channel(false);
        drop(set);
        assert_eq!(unless_stopped(&mut flag, async { 2 }).await, Some(2));
    }
}
