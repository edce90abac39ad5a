//! `vm.deallocate`: releases a VM that was shut down from inside, so that its state is right.
//!
//! ```yaml
//! - id: deallocate
//!   title: Deallocate the VM that was shut down from inside
//!   action: vm.deallocate
//! ```
//!
//! Only a VM that is `stopped`: nothing that runs is ever turned off, and nothing is started.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::actions::limits;
use crate::actions::vm_ladder::{BoxedSend, Concern, Ladder, Rung, Sight, Traits};
use crate::azure::permitted::Writer;
use crate::azure::proof::{RuleBroken, ShutDownVm};
use crate::azure::views::Vm;
use crate::core::action::Repeat;
use crate::core::runbook::risk::Risk;

/// Deallocates a VM that is off.
pub type VmDeallocate = Ladder<Deallocate>;

/// Beside the ladder.
#[derive(Debug)]
pub struct Deallocate;

/// It takes no arguments.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {}

impl Rung for Deallocate {
    type Args = Args;
    const TRAITS: Traits = Traits {
        name: "vm.deallocate",
        sentence: "Releases a VM that was shut down from inside, with approval",
        method: "POST",
        verb: "deallocate",
        permission: "Microsoft.Compute/virtualMachines/deallocate/action",
        act: "deallocate",
        risk: Risk::Disruptive,
        because: Some(
            "a deallocated VM gives up its host and a dynamic public address, and somebody has \
             to start it",
        ),
        repeat: Repeat::LookAfter(120),
        patience: limits::AGENT_RETURNS,
        about: Concern::Machine,
    };

    fn complaint(_: &Args, sight: &Sight) -> Option<String> {
        let power = sight.vm.power.as_deref().unwrap_or_default();
        power
            .eq_ignore_ascii_case("stopped")
            .then(|| "the VM was shut down from inside and is still allocated".to_owned())
    }

    fn helped(_: &Args, sight: &Sight, _: &Value) -> bool {
        let power = sight.vm.power.as_deref().unwrap_or_default();
        power.eq_ignore_ascii_case("deallocated")
    }

    fn predict(vm: &mut Value) {
        vm["power"] = json!("deallocated");
    }

    fn send<'a>(writer: &'a Writer, vm: &Vm) -> Result<BoxedSend<'a>, RuleBroken> {
        let proof = ShutDownVm::prove(vm)?;
        Ok(Box::pin(writer.deallocate(proof)))
    }
}
