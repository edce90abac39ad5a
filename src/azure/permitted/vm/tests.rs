//! Each verb is one request, as the documents have it.

use serde_json::json;

use crate::azure::operation::Sent;
use crate::azure::permitted::Writer;
use crate::azure::proof::{ClosedVm, RunningVm, SettledVm, ShutDownVm};
use crate::azure::scripted::{Stage, reply};
use crate::azure::views::Vm;

const ID: &str =
    "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/web1";

fn vm(power: &str) -> Vm {
    serde_json::from_value(json!({
        "id": ID, "name": "web1", "provisioning_state": "Succeeded", "power": power,
        "allow_extension_operations": false,
    }))
    .unwrap()
}

#[tokio::test(start_paused = true)]
async fn each_verb_is_one_post_without_a_body() {
    for verb in ["reapply", "restart", "redeploy", "deallocate"] {
        let headers = [(
            "Azure-AsyncOperation",
            "https://management.azure.com/op;1?c=M",
        )];
        let stage = Stage::new(vec![reply(202, &headers, "")]);
        let writer = Writer::new(stage.arm.clone());
        let running = vm("running");
        let sent = match verb {
            "reapply" => writer.reapply(SettledVm::prove(&running).unwrap()).await,
            "restart" => writer.restart(RunningVm::prove(&running).unwrap()).await,
            "redeploy" => writer.redeploy(RunningVm::prove(&running).unwrap()).await,
            _ => {
                let off = ShutDownVm::prove(&vm("stopped")).unwrap();
                writer.deallocate(off).await
            }
        };
        assert!(matches!(sent, Ok(Sent::Accepted(_))), "{verb}: {sent:?}");
        let line = format!("POST {ID}/{verb}?api-version=2024-07-01");
        assert_eq!(stage.lines(), [line]);
        assert_eq!(stage.arm.counts().writes, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn allowing_extensions_sets_one_property_and_no_other() {
    let stage = Stage::new(vec![reply(200, &[], "{}")]);
    let proof = ClosedVm::prove(&vm("running")).unwrap();
    let sent = Writer::new(stage.arm.clone()).allow_extensions(proof).await;
    assert_eq!(sent, Ok(Sent::Done(json!({}))));
    let line = format!("PATCH {ID}?api-version=2024-07-01");
    assert_eq!(stage.lines(), [line]);
    let wanted = json!({ "properties": { "osProfile": { "allowExtensionOperations": true } } });
    assert_eq!(stage.asked()[0].body, wanted);
}
