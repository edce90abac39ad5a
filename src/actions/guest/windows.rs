//! The scripts for Windows. Each says in its own head what it cites, prints and how it is undone.

use crate::azure::views::OsType;
use crate::core::runbook::risk::Risk;

use super::script::{APPLY, Ask, Parameter, Script};

/// A script of `windows/` with the shared end.
macro_rules! text {
    ($stem:literal) => {
        concat!(
            include_str!(concat!("windows/", $stem, ".ps1")),
            include_str!("windows/common.ps1")
        )
    };
}

/// `Name:Set:Was`, of the services whose start mode a script sets, with dots between.
macro_rules! services {
    () => {
        concat!(service!(), r"(\.", service!(), ")*")
    };
}

macro_rules! service {
    () => {
        "(MSDTC|COMSysApp|VSS|IaasVmProvider|RdAgent|WindowsAzureGuestAgent|msiserver):(Auto|Manual):(Manual|Disabled)"
    };
}

const fn probe(name: &'static str, text: &'static str) -> Script {
    Script::probe(OsType::Windows, name, text)
}

const fn writer(name: &'static str, text: &'static str) -> Script {
    Script::writer(OsType::Windows, name, text)
}

const RESTART: Parameter = Parameter {
    name: "Restart",
    values: "true|false",
};

/// Puts start modes of services back: what was set, and what was there before.
pub const START_MODE: Script = Script {
    parameters: &[
        Parameter {
            name: "Undo",
            values: services!(),
        },
        APPLY,
    ],
    ..writer("win-start-mode", text!("start-mode"))
};

/// What the agent and the services around a snapshot are.
pub const AGENT_CHECK: Script = probe("win-agent-check", text!("agent-check"));

/// Starts the agent's services; restarts them, detached.
pub const AGENT_RESTART: Script = Script {
    parameters: &[RESTART, APPLY],
    ..writer("win-agent-restart", text!("agent-restart"))
};

/// Sets a documented registry switch of the backup extension.
pub const REG_STRING: Script = Script {
    parameters: &[
        Parameter {
            name: "Switch",
            values: "UseVssCopy|WithoutThreads|HostFirst|HostTime|ReinstallProvider|ReinstallCommon|\
                     VcRedistInstalled",
        },
        Parameter {
            name: "Undo",
            values: "absent|String:[A-Za-z0-9._-]{1,64}|(DWord|QWord):[0-9]{1,19}",
        },
        APPLY,
    ],
    states: &[
        "already",
        "changed",
        "failed",
        "needs_human",
        "not_applicable",
        "planned",
    ],
    ..writer("win-reg-string", text!("reg-string"))
};

/// Gets the VSS service out of a bad state.
pub const VSS_SERVICE: Script = Script {
    parameters: &[RESTART, APPLY],
    states: &[
        "already",
        "busy",
        "changed",
        "failed",
        "needs_human",
        "planned",
    ],
    ..writer("win-vss-service", text!("vss-service"))
};

/// Restarts the services of VSS writers that are not stable.
pub const VSS_WRITERS: Script = Script {
    risk: Risk::Disruptive,
    ask: Ask::Unless(
        "Service",
        "LowRisk",
        "the service is outside the low-risk list",
    ),
    parameters: &[
        Parameter {
            name: "Service",
            values: "LowRisk|IISADMIN|NTDS|adfssrv|CertSvc|DFSR|DHCPServer|NtFrs|srmsvc|vmms|\
                     MSExchangeIS|MSMQ|EventSystem|TSGateway|TermServLicensing|SyncShareSvc|\
                     WDSServer|WIDWriter|WINS",
        },
        Parameter {
            name: "Settled",
            values: "true|false",
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
    ..writer("win-vss-writers", text!("vss-writers"))
};

/// Gets COM+ and its transaction coordinator to run.
pub const COMPLUS: Script = writer("win-complus", text!("complus"));

/// Installs the transaction coordinator anew.
pub const MSDTC_REINSTALL: Script = Script {
    risk: Risk::Destructive,
    ask: Ask::Always("settings of the transaction coordinator and transactions in doubt are lost"),
    ..writer("win-msdtc-reinstall", text!("msdtc-reinstall"))
};

/// Lets the extension's VSS provider start by itself.
pub const PROVIDER_SERVICE: Script = Script {
    states: &["already", "changed", "failed", "not_applicable", "planned"],
    ..writer("win-provider-service", text!("provider-service"))
};

/// Repairs the Visual C++ runtime.
pub const VCREDIST: Script = Script {
    ask: Ask::Always("it installs a runtime that other programs use, and may want a restart"),
    ..writer("win-vcredist", text!("vcredist"))
};

/// Lets .NET programs use TLS 1.2.
pub const STRONG_CRYPTO: Script = Script {
    parameters: &[
        Parameter {
            name: "Undo",
            values: r"(64|32)v[24]:(none|[0-9]{1,9})(\.(64|32)v[24]:(none|[0-9]{1,9}))*",
        },
        APPLY,
    ],
    ..writer("win-strong-crypto", text!("strong-crypto"))
};

/// Excludes the extension's folders from Defender.
pub const AV_EXCLUSIONS: Script = Script {
    risk: Risk::Sensitive,
    ask: Ask::Always("an antivirus exclusion weakens security"),
    ..writer("win-av-exclusions", text!("av-exclusions"))
};

/// Whether AppLocker or code integrity lets the extension run.
pub const APPLOCKER_CHECK: Script = probe("win-applocker-check", text!("applocker-check"));

/// Rights of `MachineKeys`, and old certificates.
pub const MACHINEKEYS_CHECK: Script = probe("win-machinekeys-check", text!("machinekeys-check"));

/// Takes the proxy away from the LocalSystem account.
pub const SYSTEM_PROXY: Script = Script {
    ask: Ask::Always("where all traffic must go through a proxy, it cuts the agent off"),
    states: &["already", "changed", "failed", "planned"],
    ..writer("win-system-proxy", text!("system-proxy"))
};

/// Whether the wire server answers.
pub const NETWORK: Script = probe("win-network", text!("network"));

/// Processor, memory and disk.
pub const RESOURCES: Script = probe("win-resources", text!("resources"));

/// The end of a log.
pub const LOGS: Script = Script {
    parameters: &[Parameter {
        name: "Log",
        values: "agent|installer|extension|commands",
    }],
    states: &["failed", "not_applicable", "reported"],
    ..probe("win-logs", text!("logs"))
};

/// All of them.
pub const ALL: &[Script] = &[
    AGENT_CHECK,
    AGENT_RESTART,
    REG_STRING,
    VSS_SERVICE,
    VSS_WRITERS,
    COMPLUS,
    MSDTC_REINSTALL,
    PROVIDER_SERVICE,
    VCREDIST,
    START_MODE,
    STRONG_CRYPTO,
    AV_EXCLUSIONS,
    APPLOCKER_CHECK,
    MACHINEKEYS_CHECK,
    SYSTEM_PROXY,
    NETWORK,
    RESOURCES,
    LOGS,
];
