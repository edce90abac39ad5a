//! Whether another process of this host is surely gone: a lease of a dead holder may be taken.

use std::fs;

/// When the process `pid` started, in the kernel's own count; none when there is no such process
/// or this system does not tell.
#[must_use]
pub fn started(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field, in parentheses, may hold blanks; the twenty-second is the start.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?;
    let start = fields.nth(18)?.parse().ok()?;
    // A zombie holds nothing any more.
    (state != "Z").then_some(start)
}

/// The name of this host; empty when it cannot be read.
#[must_use]
pub fn host() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    // Containers share names: the boot and the process namespace tell hosts apart.
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let space = fs::read_link("/proc/self/ns/pid").map(|p| p.display().to_string());
    let parts = [
        name.trim().to_owned(),
        boot.trim().chars().take(8).collect(),
        space.unwrap_or_default(),
    ];
    parts
        .into_iter()
        .filter(|p| !p.is_empty())
        .collect::<Vec<_>>()
        .join("/")
}

/// True only when the process `pid` that started at `started` is surely over.
#[must_use]
pub fn is_gone(pid: u32, started_then: u64) -> bool {
    // Where the system does not tell even of ourselves, nothing is sure.
    if started(std::process::id()).is_none() {
        return false;
    }
    started(pid) != Some(started_then)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_living_process_is_not_gone_and_a_reused_number_is() {
        let me = std::process::id();
        let Some(start) = started(me) else { return };
        assert!(!is_gone(me, start));
        assert!(is_gone(me, start.wrapping_add(1)));
        assert!(is_gone(u32::MAX, 1));
    }
}
