//! `guest.provider_service`: lets the backup extension's VSS provider start by itself.
//!
//! ```yaml
//! - id: provider
//!   title: Let the VSS provider of Azure Backup start by itself
//!   action: guest.provider_service
//! ```

use crate::actions::guest::script::Script;
use crate::actions::guest::scripted::{Guest, Plain, Scripted, Words};
use crate::actions::guest::windows::PROVIDER_SERVICE;
use crate::azure::views::OsType;

/// `guest.provider_service`.
pub type GuestProviderService = Guest<ProviderService>;

/// Sets the start mode of the provider.
#[derive(Debug)]
pub struct ProviderService;

impl Scripted for ProviderService {
    type Args = Plain;
    const NAME: &'static str = "guest.provider_service";
    const SENTENCE: &'static str =
        "Lets the backup extension's VSS provider start by itself in a Windows guest";
    const SCRIPTS: &'static [Script] = &[PROVIDER_SERVICE];

    fn script(_: &Plain, os: OsType) -> Option<Script> {
        (os == OsType::Windows).then_some(PROVIDER_SERVICE)
    }

    fn told(_: &Plain) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn words(_: &Plain) -> Words {
        Words {
            look: "whether Azure Backup's VSS provider starts by itself".to_owned(),
            act: "let Azure Backup's VSS provider start by itself".to_owned(),
            done: "Azure Backup's VSS provider starts by itself".to_owned(),
        }
    }

    fn otherwise(args: &Plain) -> Option<&str> {
        args.otherwise.as_deref()
    }
}
