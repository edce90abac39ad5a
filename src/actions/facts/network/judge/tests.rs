use super::*;

fn rule(name: &str, access: &str, priority: u32, to: &[&str]) -> EffectiveRule {
    EffectiveRule {
        name: format!("securityRules/{name}"),
        direction: "Outbound".into(),
        access: access.into(),
        priority: Some(priority),
        protocol: "All".into(),
        ports: vec!["0-65535".into()],
        sources: vec!["0.0.0.0/0".into()],
        destinations: to.iter().map(|t| (*t).to_owned()).collect(),
    }
}

fn group(name: &str, rules: Vec<EffectiveRule>) -> EffectiveGroup {
    let id = |kind: &str, name: &str| {
        let text =
            format!("/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/{kind}/{name}");
        ResourceId::parse(&text).unwrap()
    };
    EffectiveGroup {
        group: Some(id("networkSecurityGroups", name)),
        on: Some(id("networkInterfaces", "nic")),
        rules,
    }
}

fn judged(groups: &[EffectiveGroup]) -> NetworkFact {
    let mut fact = NetworkFact::default();
    let from = From {
        address: "10.0.0.4".parse().ok(),
        region: "westeurope".into(),
    };
    rules(groups, &from, &mut fact);
    fact
}

fn open(fact: &NetworkFact) -> Vec<Option<bool>> {
    fact.outbound.iter().map(|service| service.open).collect()
}

const ALL: [Option<bool>; 3] = [Some(true); 3];

#[test]
fn the_lowest_priority_that_fits_decides_and_is_named() {
    let fact = judged(&[group(
        "nsg",
        vec![
            rule("AllowInternetOutBound", "Allow", 65001, &["Internet"]),
            rule("DenyInternet", "Deny", 200, &["Internet"]),
            rule("AllowStorage", "Allow", 100, &["Storage"]),
        ],
    )]);
    assert_eq!(open(&fact), [Some(false), Some(true), Some(false)]);
    assert_eq!(
        fact.denied,
        [
            "AzureBackup, AzureActiveDirectory on port 443: denied by the rule `DenyInternet` (priority 200) of the network security group `nsg` on `nic`"
        ]
    );
}

#[test]
fn every_group_has_to_let_it_out() {
    let lets = || group("a", vec![rule("Allow", "Allow", 100, &["Internet"])]);
    let denies = || group("b", vec![rule("Deny", "Deny", 100, &["*"])]);
    assert_eq!(open(&judged(&[lets(), lets()])), ALL);
    assert_eq!(open(&judged(&[lets(), denies()])), [Some(false); 3]);
    assert_eq!(open(&judged(&[denies(), lets()])), [Some(false); 3]);
    assert_eq!(open(&judged(&[])), ALL, "no group, no objection");
}

#[test]
fn rules_about_something_else_decide_nothing() {
    let mut udp = rule("udp", "Deny", 100, &["Internet"]);
    udp.protocol = "Udp".into();
    let mut smtp = rule("smtp", "Deny", 101, &["Internet"]);
    smtp.ports = vec!["25-25".into()];
    let mut inbound = rule("in", "Deny", 102, &["*"]);
    inbound.direction = "Inbound".into();
    let mut other = rule("other", "Deny", 103, &["Internet"]);
    other.sources = vec!["10.9.0.0/16".into()];
    let elsewhere = rule(
        "eastus",
        "Deny",
        104,
        &[
            "Storage.EastUS",
            "AzureCloud.eastus",
            "VirtualNetwork",
            "10.0.0.0/8",
        ],
    );
    let default = rule("AllowInternetOutBound", "Allow", 65001, &["Internet"]);
    let fact = judged(&[group(
        "nsg",
        vec![udp, smtp, inbound, other, elsewhere, default],
    )]);
    assert_eq!(open(&fact), ALL);
    assert!(fact.doubts.is_empty(), "{:?}", fact.doubts);
}

#[test]
fn a_rule_on_public_addresses_is_a_doubt_and_no_verdict() {
    let fact = judged(&[group(
        "nsg",
        vec![
            rule("DenyRange", "Deny", 100, &["20.38.0.0/16"]),
            rule("AllowInternetOutBound", "Allow", 65001, &["Internet"]),
        ],
    )]);
    assert_eq!(open(&fact), [None; 3]);
    assert!(fact.denied.is_empty() && fact.doubts[0].contains("DenyRange"));
}

#[test]
fn the_own_address_and_the_own_region_count() {
    let mut own = rule("own", "Deny", 100, &["Storage.westeurope"]);
    own.sources = vec!["10.0.0.0/24".into()];
    own.ports = vec!["443".into()];
    own.protocol = "Tcp".into();
    let default = rule("AllowInternetOutBound", "Allow", 65001, &["Internet"]);
    let fact = judged(&[group("nsg", vec![own, default])]);
    assert_eq!(open(&fact), [Some(true), Some(false), Some(true)]);
}

#[test]
fn rules_on_the_platforms_tags_are_named() {
    let fact = judged(&[group(
        "nsg",
        vec![rule("NoImds", "Deny", 100, &["AzurePlatformIMDS"])],
    )]);
    assert_eq!(open(&fact), ALL);
    assert!(fact.doubts[0].contains("168.63.129.16"));
}

fn routed(next_hop: &str, source: &str, state: &str) -> NetworkFact {
    let route = |source: &str, state: &str, next_hop: &str, ips: &[&str]| EffectiveRoute {
        name: None,
        source: source.into(),
        state: state.into(),
        prefixes: vec!["0.0.0.0/0".into()],
        next_hop: next_hop.into(),
        next_hop_ips: ips.iter().map(|ip| (*ip).to_owned()).collect(),
    };
    let mut fact = NetworkFact::default();
    let given = route(source, state, next_hop, &["10.0.9.4"]);
    routes(
        &[route("Default", "Active", "Internet", &[]), given],
        &mut fact,
    );
    fact
}

#[test]
fn a_route_to_nowhere_blocks_and_one_to_an_appliance_is_a_doubt() {
    let dropped = routed("None", "User", "Active");
    assert!(dropped.denied[0].contains("next hop is None"));
    let diverted = routed("VirtualAppliance", "User", "Active");
    assert!(diverted.denied.is_empty());
    assert!(
        diverted.doubts[0].contains("an appliance at 10.0.9.4"),
        "{:?}",
        diverted.doubts
    );
    let invalid = routed("None", "User", "Invalid");
    assert!(invalid.denied.is_empty() && invalid.doubts.is_empty());
    assert_eq!(
        invalid.default_route.map(|r| r.next_hop).as_deref(),
        Some("Internet")
    );
}
