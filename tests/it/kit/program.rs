//! The binary from outside.

use assert_cmd::Command;

/// How a run of it ended, and what it said.
pub(crate) struct End {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl End {
    /// Runs `command` with nobody at its standard input.
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.write_stdin("").output().unwrap();
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// All that it said, on one line: text for people is broken where it is too long.
    pub(crate) fn said(&self) -> String {
        let words: Vec<&str> = self.out.split_whitespace().collect();
        let more: Vec<&str> = self.err.split_whitespace().collect();
        [words, more].concat().join(" ")
    }
}
