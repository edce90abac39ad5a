//! `vm.allow_extensions`: lets extensions run again on a VM that forbids them, with approval.
//!
//! ```yaml
//! - id: allow-extensions
//!   title: Allow extensions on the VM
//!   action: vm.allow_extensions
//! ```
//!
//! Somebody forbade them for a reason, perhaps a security one: it is never done unasked.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::actions::limits;
use crate::actions::vm_ladder::{BoxedSend, Concern, Ladder, Rung, Sight, Traits};
use crate::azure::permitted::Writer;
use crate::azure::proof::{ClosedVm, RuleBroken};
use crate::azure::views::Vm;
use crate::core::action::Repeat;
use crate::core::runbook::risk::Risk;

/// Allows extensions.
pub type VmAllowExtensions = Ladder<AllowExtensions>;

/// Beside the ladder.
#[derive(Debug)]
pub struct AllowExtensions;

/// It takes no arguments.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {}

impl Rung for AllowExtensions {
    type Args = Args;
    const TRAITS: Traits = Traits {
        name: "vm.allow_extensions",
        sentence: "Lets extensions run again on a VM that forbids them, with approval",
        method: "PATCH",
        verb: "",
        permission: "Microsoft.Compute/virtualMachines/write",
        act: "allow extensions on",
        risk: Risk::Sensitive,
        because: Some(
            "somebody forbade extensions on this VM (`allowExtensionOperations: false`), perhaps \
             for security",
        ),
        repeat: Repeat::Safe,
        patience: limits::AGENT_RETURNS,
        about: Concern::Machine,
    };

    fn complaint(_: &Args, sight: &Sight) -> Option<String> {
        (!sight.vm.extensions_allowed).then(|| "the VM forbids extensions".to_owned())
    }

    fn helped(_: &Args, sight: &Sight, _: &Value) -> bool {
        sight.vm.extensions_allowed
    }

    fn predict(vm: &mut Value) {
        vm["extensions_allowed"] = json!(true);
    }

    fn send<'a>(writer: &'a Writer, vm: &Vm) -> Result<BoxedSend<'a>, RuleBroken> {
        let proof = ClosedVm::prove(vm)?;
        Ok(Box::pin(writer.allow_extensions(proof)))
    }
}
