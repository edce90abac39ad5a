//! `guest.vss_writer`: restarts one named service whose VSS writer is not stable, and which serves
//! others: a person approves each.
//!
//! ```yaml
//! - id: writer
//!   title: Restart the service that was asked for, for its VSS writer
//!   action: guest.vss_writer
//!   with: { service: "{{params.service}}" }
//! ```

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::actions::guest::script::Script;
use crate::actions::guest::scripted::{Guest, Scripted, Words};
use crate::actions::guest::windows::VSS_WRITERS;
use crate::azure::views::OsType;

/// `guest.vss_writer`.
pub type GuestVssWriter = Guest<VssWriter>;

/// Restarts one service.
#[derive(Debug)]
pub struct VssWriter;

/// Which.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// The service; none is restarted that is not on this list.
    pub service: Service,
}

/// The services that hold a writer and serve others besides (remediations.md 4.7).
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[expect(
    missing_docs,
    reason = "they are the names of services, and say no more"
)]
pub enum Service {
    #[serde(rename = "IISADMIN")]
    IisAdmin,
    #[serde(rename = "NTDS")]
    Ntds,
    #[serde(rename = "adfssrv")]
    AdFs,
    CertSvc,
    #[serde(rename = "DFSR")]
    Dfsr,
    #[serde(rename = "DHCPServer")]
    DhcpServer,
    NtFrs,
    #[serde(rename = "srmsvc")]
    Srm,
    #[serde(rename = "vmms")]
    HyperV,
    #[serde(rename = "MSExchangeIS")]
    ExchangeStore,
    #[serde(rename = "MSMQ")]
    Msmq,
    EventSystem,
    #[serde(rename = "TSGateway")]
    TsGateway,
    TermServLicensing,
    SyncShareSvc,
    #[serde(rename = "WDSServer")]
    WdsServer,
    #[serde(rename = "WIDWriter")]
    WidWriter,
    #[serde(rename = "WINS")]
    Wins,
}

impl Service {
    fn name(self) -> String {
        serde_json::to_value(self)
            .ok()
            .and_then(|name| Some(name.as_str()?.to_owned()))
            .unwrap_or_default()
    }
}

impl Scripted for VssWriter {
    type Args = Args;
    const NAME: &'static str = "guest.vss_writer";
    const SENTENCE: &'static str =
        "Restarts one named service whose VSS writer is not stable in a Windows guest";
    const SCRIPTS: &'static [Script] = &[VSS_WRITERS];
    const ASKS: bool = true;
    const PASSES: bool = true;
    const NAMES: Option<(&'static str, &'static str)> = Some(("restarted", "restarted"));

    fn script(_: &Args, os: OsType) -> Option<Script> {
        (os == OsType::Windows).then_some(VSS_WRITERS)
    }

    fn told(args: &Args) -> Vec<(&'static str, String)> {
        // The wait that the script asks for is this action's own.
        vec![
            ("Service", args.service.name()),
            ("Settled", "true".to_owned()),
        ]
    }

    fn words(args: &Args) -> Words {
        let name = args.service.name();
        Words {
            look: format!("at the VSS writer of `{name}`"),
            act: format!("restart the service `{name}`"),
            done: format!("the VSS writer of `{name}` is stable"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_of_the_list_may_be_told_to_the_script_and_asks_a_person() {
        let schema = serde_json::to_value(schemars::schema_for!(Service)).unwrap();
        let names = schema["enum"].as_array().unwrap();
        let known = VSS_WRITERS.parameters[0].values;
        assert_eq!(known.split('|').count(), names.len() + 1, "and `LowRisk`");
        for name in names {
            let service: Service = serde_json::from_value(name.clone()).unwrap();
            let told = VssWriter::told(&Args { service });
            let mut told: Vec<(&str, &str)> = told.iter().map(|(k, v)| (*k, v.as_str())).collect();
            told.push(("Apply", "true"));
            assert_eq!(VSS_WRITERS.refusal(&told, false), None, "{name}");
            assert!(VSS_WRITERS.because(&told).is_some(), "{name}");
        }
    }
}
