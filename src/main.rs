//! Command line, environment and terminal in; exit code out.

use std::io::IsTerminal;
use std::process::ExitCode;

use runbook::base::process;
use runbook::cli::{Input, Terminal, run};
use runbook::core::journal::store::Holder;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        // Without threads or sockets nothing can be said in a better form: 71 is EX_OSERR.
        Err(_) => return ExitCode::from(71),
    };
    let exit = runtime.block_on(run(input()));
    // Work that a second signal left behind is not waited for.
    runtime.shutdown_background();
    ExitCode::from(exit.code())
}

fn input() -> Input {
    let pid = std::process::id();
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    Input {
        arguments: std::env::args_os().collect(),
        environment: std::env::vars_os().filter_map(text).collect(),
        terminal: Terminal {
            stdin: std::io::stdin().is_terminal(),
            stdout: std::io::stdout().is_terminal(),
            stderr: std::io::stderr().is_terminal(),
        },
        holder: Holder {
            host: process::host(),
            pid,
            started: process::started(pid).unwrap_or(0),
        },
    }
}
