//! The scripts for Linux. Each says in its own head what it cites, prints and how it is undone.

use crate::azure::views::OsType;

use super::script::{APPLY, Ask, Parameter, Script};

/// A script of `linux/` with the shared end.
macro_rules! text {
    ($stem:literal) => {
        concat!(
            include_str!(concat!("linux/", $stem, ".sh")),
            include_str!("linux/common.sh")
        )
    };
}

/// A script of `linux/` that can undo what it did, with the part that knows how.
macro_rules! undoable {
    ($stem:literal) => {
        concat!(
            include_str!(concat!("linux/", $stem, ".sh")),
            include_str!("linux/undo.sh"),
            include_str!("linux/common.sh")
        )
    };
}

const fn probe(name: &'static str, text: &'static str) -> Script {
    Script::probe(OsType::Linux, name, text)
}

const fn writer(name: &'static str, text: &'static str) -> Script {
    Script::writer(OsType::Linux, name, text)
}

/// The copy of the old file that a script kept, as it names them.
const UNDO: Parameter = Parameter {
    name: "Undo",
    values: r"[A-Za-z0-9._-]{1,100}\.runbook-[0-9]{8}T[0-9]{6}Z(\.again){0,9}",
};

/// What the agent is, and what keeps it or the extension from working.
pub const AGENT_CHECK: Script = probe("lin-agent-check", text!("agent-check"));

/// Enables and starts the agent; restarts it, detached.
pub const AGENT_SERVICE: Script = Script {
    parameters: &[
        Parameter {
            name: "Restart",
            values: "true|false",
        },
        Parameter {
            name: "Undo",
            values: "disabled",
        },
        APPLY,
    ],
    ..writer("lin-agent-service", text!("agent-service"))
};

/// Updates the agent from the distribution, detached.
pub const AGENT_UPDATE: Script = Script {
    parameters: &[
        Parameter {
            name: "Least",
            values: r"[0-9]{1,6}(\.[0-9]{1,6}){1,3}",
        },
        APPLY,
    ],
    states: &[
        "already",
        "busy",
        "changed",
        "failed",
        "needs_human",
        "planned",
    ],
    ..writer("lin-agent-update", text!("agent-update"))
};

/// Sets a key of `waagent.conf`.
pub const WAAGENT_CONF: Script = Script {
    ask: Ask::When(
        "Key",
        "Provisioning.Agent",
        "it chooses what provisions the machine when it starts",
    ),
    parameters: &[
        Parameter {
            name: "Key",
            values: r"Extensions\.Enabled|Provisioning\.Agent|Logs\.Verbose",
        },
        Parameter {
            name: "Value",
            values: "y|n|auto",
        },
        UNDO,
        APPLY,
    ],
    ..writer("lin-waagent-conf", undoable!("waagent-conf"))
};

/// Sets a key of `vmbackup.conf`.
pub const VMBACKUP_CONF: Script = Script {
    ask: Ask::When(
        "Key",
        "MountsToSkip",
        "a file system that is not frozen may be caught in the middle of a write",
    ),
    parameters: &[
        Parameter {
            name: "Key",
            values: "seqsnapshot|isanysnapshotfailed|SafeFreezeWaitInSeconds|MountsToSkip",
        },
        Parameter {
            name: "Value",
            values: r"2|False|[1-9][0-9]{1,2}|/[A-Za-z0-9._-][A-Za-z0-9/._-]*",
        },
        Parameter {
            values: r"absent|[A-Za-z0-9._-]{1,100}\.runbook-[0-9]{8}T[0-9]{6}Z(\.again){0,9}",
            ..UNDO
        },
        APPLY,
    ],
    ..writer("lin-vmbackup-conf", undoable!("vmbackup-conf"))
};

/// Rewrites `vmbackup.conf` as ASCII.
pub const VMBACKUP_ENCODING: Script = Script {
    parameters: &[UNDO, APPLY],
    ..writer("lin-vmbackup-encoding", undoable!("vmbackup-encoding"))
};

/// Which file system did not freeze, and why.
pub const FREEZE_CHECK: Script = probe("lin-freeze-check", text!("freeze-check"));

/// Takes rights away from the scripts around a snapshot.
pub const PREPOST_PERMS: Script = writer("lin-prepost-perms", text!("prepost-perms"));

/// Whether the wire server answers.
pub const NETWORK: Script = probe("lin-network", text!("network"));

/// Processor, memory and disk.
pub const RESOURCES: Script = probe("lin-resources", text!("resources"));

/// The end of a log.
pub const LOGS: Script = Script {
    parameters: &[Parameter {
        name: "Log",
        values: "agent|extension",
    }],
    states: &["failed", "not_applicable", "reported"],
    ..probe("lin-logs", text!("logs"))
};

/// All of them.
pub const ALL: &[Script] = &[
    AGENT_CHECK,
    AGENT_SERVICE,
    AGENT_UPDATE,
    WAAGENT_CONF,
    VMBACKUP_CONF,
    VMBACKUP_ENCODING,
    FREEZE_CHECK,
    PREPOST_PERMS,
    NETWORK,
    RESOURCES,
    LOGS,
];
