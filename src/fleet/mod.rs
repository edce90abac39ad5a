//! Many VMs at once: which backups failed, and what answers each.

pub mod triage;
