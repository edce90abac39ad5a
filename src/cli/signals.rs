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
