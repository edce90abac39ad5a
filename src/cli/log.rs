//! What `-v` says, on stderr.

use tracing_subscriber::filter::LevelFilter;

/// Starts the log; without `-v` only warnings are said.
pub(super) fn start(verbose: u8) {
    let level = match verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let log = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(level)
        .with_ansi(false)
        .with_target(false)
        .without_time();
    // Fails only when a log was started before, as in tests: that one goes on.
    let _ = log.try_init();
}
