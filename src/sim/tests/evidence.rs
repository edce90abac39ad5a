//! What is read for a person: the way out, load, and policies.

use serde_json::json;

use super::*;

fn nic(name: &str) -> String {
    format!("{S}/resourceGroups/rg-web/providers/Microsoft.Network/networkInterfaces/{name}-nic")
}

#[test]
fn rules_are_made_ready_in_a_while_and_lie_at_the_location_alone() {
    let world = "vms: [{ name: web1, group: rg-web, network: { rules: [{ name: NoWayOut }] } }]";
    let mut client = Client::of(world, "[]");
    let machine = client.get(&vm("web1"));
    let interface = &machine["properties"]["networkProfile"]["networkInterfaces"][0];
    assert_eq!(interface["id"], nic("web1"));
    let shown = client.get(&format!("{}?api-version=2023-09-01", nic("web1")));
    assert_eq!(shown["properties"]["virtualMachine"]["id"], vm("web1"));
    let url = format!(
        "{}/effectiveNetworkSecurityGroups?api-version=2023-09-01",
        nic("WEB1")
    );
    let begun = client.ask("POST", &url, Value::Null);
    assert_eq!(begun.status(), 202);
    let location = header(&begun, "Location");
    assert_eq!(client.status("GET", &location), 202);
    client.wait(1);
    let status = client.get(&header(&begun, "Azure-AsyncOperation"));
    assert_eq!(status, json!({"status": "Succeeded"}));
    let rules = &client.get(&location)["value"][0]["effectiveSecurityRules"];
    let names: Vec<&str> = rules
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|rule| rule["name"].as_str())
        .collect();
    assert_eq!(names[0], "securityRules/NoWayOut");
    assert!(names.contains(&"defaultSecurityRules/AllowInternetOutBound"));
}

#[test]
fn a_machine_that_is_off_has_no_effective_rules_as_recorded() {
    let world = "vms: [{ name: web1, group: rg-web, power: deallocated }]";
    let url = format!("{}/effectiveRouteTable", nic("web1"));
    let answer = Client::of(world, "[]").ask("POST", &url, Value::Null);
    assert_eq!(answer.status(), 400);
    assert_eq!(
        code(&answer),
        "NicMustBeAttachedToRunningVmToGetEffectiveRoutes"
    );
}

#[test]
fn a_spike_is_measured_while_it_lasts_and_an_unknown_metric_fails_the_whole_question() {
    let world = "vms: [{ name: web1, group: rg-web, load: { memory: null, \
                 spikes: [{ from: 10m ago, to: 5m ago, cpu: 97 }] } }]";
    let mut client = Client::of(world, "[]");
    let ask = |names: &str| {
        format!(
            "{}/providers/Microsoft.Insights/metrics?metricnames={names}&interval=PT1M\
             &timespan=2026-11-21T02:55:00Z/2026-11-21T03:10:00Z&aggregation=Average,Maximum\
             &metricnamespace=Microsoft.Compute/virtualMachines&api-version=2024-02-01",
            vm("web1")
        )
    };
    let told = client.get(&ask("Percentage%20CPU"));
    let data = told["value"][0]["timeseries"][0]["data"]
        .as_array()
        .unwrap();
    let busy = data.iter().filter(|point| point["average"] == 97.0).count();
    assert_eq!((data.len(), busy), (15, 5));
    let both = ask("Percentage%20CPU,Available%20Memory%20Percentage");
    assert_eq!(client.status("GET", &both), 400);
}

#[test]
fn a_policy_tells_its_schedule() {
    let world = "vms: [{ name: web1, group: rg-web }]\n\
                 vaults: [{ name: vault-web, policies: [{ name: p, schedule: { at: \"08:00\", every_hours: 4 } }] }]";
    let policy = Client::of(world, "[]").get(&format!(
        "{}/backupPolicies/p?api-version=2024-04-01",
        vault()
    ));
    let schedule = &policy["properties"]["schedulePolicy"];
    assert_eq!(policy["properties"]["policyType"], "V2");
    assert_eq!(schedule["hourlySchedule"]["interval"], 4);
}
