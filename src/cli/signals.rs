//! Ctrl-C and SIGTERM: the first asks to stop, the second ends the process at once.

use std::future::Future;

use tokio::sync::watch;

/// A flag that the first signal sets, and a future that the second completes.
pub(super) fn watch() -> (watch::Receiver<bool>, impl Future<Output = ()>) {
    let (set, flag) = watch::channel(false);
    let second = async move {
        signal().await;
        set.send_replace(true);
        super::output::to_stderr(
            "\nstopping: nothing further is sent; a second signal ends this at once\n",
        );
        signal().await;
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
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        // Without it Ctrl-C still works.
        Err(_) => interrupt().await,
    }
}

#[cfg(not(unix))]
async fn signal() {
    interrupt().await;
}

async fn interrupt() {
    if tokio::signal::ctrl_c().await.is_err() {
        // No signal can be had: nothing will ever come.
        std::future::pending::<()>().await;
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
