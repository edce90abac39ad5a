use crate::kit::Stage;

#[tokio::test(start_paused = true)]
async fn each_scenario_ends() {
    for (scenario, code) in [
        ("rp-limit", "UserErrorRpCollectionLimitReached"),
        ("vm-failed", "UserErrorVmProvisioningStateFailed"),
        ("extension-stuck", "ExtensionStuckInDeletionState"),
        ("snapshot-sql", "GuestAgentSnapshotTaskStatusError"),
        ("backup-running", "UserErrorBackupOperationInProgress"),
        ("healthy", "UserErrorRpCollectionLimitReached"),
    ] {
        println!("==== {scenario}");
        let stage = Stage::scenario(scenario);
        let plan = stage.plan(code, "web1").await.unwrap();
        println!("incident {:?}", plan.incident);
        println!("verdict {:?}", plan.verdict);
        for s in &plan.steps {
            println!(
                "  {} {:?} {} changes {:?} ceiling {:?}",
                s.id,
                s.forecast,
                s.why,
                s.changes.iter().map(|c| &c.summary).collect::<Vec<_>>(),
                s.ceiling.is_some()
            );
        }
        println!(
            "missing {:?} warnings {:?}",
            plan.missing_permissions, plan.warnings
        );
        if plan.verdict.is_none() {
            let records = stage.apply(plan).await.unwrap();
            for r in &records[1..] {
                let text = serde_json::to_string(&r.event).unwrap();
                println!("  {} {}", r.at, text.chars().take(330).collect::<String>());
            }
        }
        for e in stage.ledger() {
            println!("    {:?} {} {}", e.status, e.method, e.path);
        }
    }
}
