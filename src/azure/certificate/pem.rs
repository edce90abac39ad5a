//! The parts of a PEM text (RFC 7468), with what older tools write around them.

use base64::{Engine, engine::general_purpose::STANDARD};

/// What stands between two marks; no `Debug`, for it may be a key.
pub(super) struct Part<'a> {
    /// What the marks call it, as in `-----BEGIN CERTIFICATE-----`.
    pub(super) label: &'a str,
    lines: Vec<&'a str>,
}

impl Part<'_> {
    /// Its bytes; none when the text between the marks is not Base64.
    pub(super) fn der(&self) -> Option<Vec<u8>> {
        STANDARD.decode(self.lines.concat()).ok()
    }

    /// Whether it takes a password: PKCS#8 says so in the mark, PKCS#1 in a header.
    pub(super) fn is_encrypted(&self) -> bool {
        self.label.starts_with("ENCRYPTED ")
            || self.lines.iter().any(|line| line.starts_with("Proc-Type:"))
    }
}

/// Every part of `text`, in order; what stands outside of marks counts for nothing.
pub(super) fn parts(text: &str) -> Vec<Part<'_>> {
    let mut found = Vec::new();
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        if let Some(label) = label(line, "-----BEGIN ") {
            let inside = lines.by_ref();
            let lines = inside.take_while(|line| self::label(line, "-----END ").is_none());
            found.push(Part {
                label,
                lines: lines.collect(),
            });
        }
    }
    found
}

fn label<'a>(line: &'a str, mark: &str) -> Option<&'a str> {
    line.strip_prefix(mark)?.strip_suffix("-----")
}
