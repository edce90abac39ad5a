//! Which rule and which route decide what becomes of HTTPS to Azure Backup. Pure.
//!
//! Every group that holds for an interface has to let traffic out; within one, the rule of the
//! lowest priority that fits decides. A rule that names addresses may cover a part of a service:
//! that is a doubt, and never a verdict.

use std::net::IpAddr;

use crate::azure::resource_id::ResourceId;
use crate::azure::views::{EffectiveGroup, EffectiveRoute, EffectiveRule};

use super::{NetworkFact, RouteFact, ServiceFact};

/// The service tags that a backup needs, where it needs the network at all (remediations.md 4.4).
const SERVICES: [&str; 3] = ["AzureBackup", "Storage", "AzureActiveDirectory"];

const HTTPS: u16 = 443;

/// Tags that hold for the platform's own addresses, the wire server among them.
const PLATFORM: &str = "AzurePlatform";

/// Where traffic comes from.
pub(super) struct From {
    pub(super) address: Option<IpAddr>,
    /// The region's short name, lower-cased.
    pub(super) region: String,
}

/// How much of something a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Covers {
    Nothing,
    Perhaps,
    All,
}

pub(super) fn rules(groups: &[EffectiveGroup], from: &From, fact: &mut NetworkFact) {
    for to in SERVICES {
        let mut service = ServiceFact {
            to: to.to_owned(),
            open: Some(true),
            ..ServiceFact::default()
        };
        for group in groups {
            let (open, rule) = decided(group, to, from, fact);
            let Some(rule) = rule.filter(|_| service.open != Some(false)) else {
                continue;
            };
            if open != Some(true) || service.rule.is_none() {
                service.open = open;
                service.rule = Some(name(rule).to_owned());
                service.group = group.group.as_ref().map(ToString::to_string);
                service.priority = rule.priority;
            }
        }
        fact.outbound.push(service);
    }
    let mut deciding: Vec<&ServiceFact> = Vec::new();
    for service in fact.outbound.iter().filter(|s| s.open == Some(false)) {
        if !deciding.iter().any(|one| one.same_rule(service)) {
            deciding.push(service);
        }
    }
    let denied = deciding
        .into_iter()
        .map(|service| told(service, &fact.outbound, groups));
    fact.denied = denied.collect();
    platform(groups, fact);
}

/// Whether a group lets it out, and the rule that says so; no rule, no objection.
fn decided<'a>(
    group: &'a EffectiveGroup,
    to: &str,
    from: &From,
    fact: &mut NetworkFact,
) -> (Option<bool>, Option<&'a EffectiveRule>) {
    let mut doubtful = None;
    for rule in outbound(group) {
        let allows = !rule.access.eq_ignore_ascii_case("Deny");
        match reach(rule, from).min(destinations(rule, to, from)) {
            Covers::Nothing => {}
            Covers::Perhaps if !allows => {
                let doubt = format!(
                    "the rule `{}` denies some addresses, which may be of {to}",
                    name(rule)
                );
                if !fact.doubts.contains(&doubt) {
                    fact.doubts.push(doubt);
                }
                doubtful = doubtful.or(Some(rule));
            }
            Covers::Perhaps => {}
            Covers::All if allows && doubtful.is_some() => return (None, doubtful),
            Covers::All => return (Some(allows), Some(rule)),
        }
    }
    (doubtful.is_none().then_some(true), doubtful)
}

fn outbound(group: &EffectiveGroup) -> Vec<&EffectiveRule> {
    let mut rules: Vec<&EffectiveRule> = group
        .rules
        .iter()
        .filter(|rule| rule.direction.eq_ignore_ascii_case("Outbound"))
        .collect();
    rules.sort_by_key(|rule| rule.priority.unwrap_or(u32::MAX));
    rules
}

/// Whether the rule is about HTTPS from this interface.
fn reach(rule: &EffectiveRule, from: &From) -> Covers {
    let protocol = rule.protocol.to_ascii_lowercase();
    let https = rule.ports.is_empty() || rule.ports.iter().any(|ports| has_https(ports));
    if !["tcp", "all", "*", ""].contains(&protocol.as_str()) || !https {
        return Covers::Nothing;
    }
    let sources = rule.sources.iter();
    sources
        .map(|s| source(s, from))
        .max()
        .unwrap_or(Covers::All)
}

fn has_https(ports: &str) -> bool {
    let number = |text: &str| text.trim().parse::<u16>();
    match ports.split_once('-') {
        _ if ports == "*" => true,
        Some((low, high)) => {
            matches!((number(low), number(high)), (Ok(l), Ok(h)) if (l..=h).contains(&HTTPS))
        }
        None => number(ports) == Ok(HTTPS),
    }
}

fn source(written: &str, from: &From) -> Covers {
    if is_everywhere(written) || written.eq_ignore_ascii_case("VirtualNetwork") {
        return Covers::All;
    }
    match (from.address, within(written)) {
        (Some(address), Some(holds)) if holds(address) => Covers::All,
        (Some(_), Some(_)) => Covers::Nothing,
        _ => Covers::Perhaps,
    }
}

fn destinations(rule: &EffectiveRule, to: &str, from: &From) -> Covers {
    let written = rule.destinations.iter();
    let covered = written.map(|one| destination(one, to, from));
    covered.max().unwrap_or(Covers::All)
}

fn destination(written: &str, to: &str, from: &From) -> Covers {
    // `Internet` holds all public addresses, Azure's own too.
    if is_everywhere(written) || written.eq_ignore_ascii_case("Internet") {
        return Covers::All;
    }
    if written.starts_with(|c: char| c.is_ascii_digit()) || written.contains(':') {
        return if is_private(written) {
            Covers::Nothing
        } else {
            Covers::Perhaps
        };
    }
    let (tag, region) = match written.split_once('.') {
        Some((tag, region)) => (tag, Some(region.to_lowercase())),
        None => (written, None),
    };
    let ours = tag.eq_ignore_ascii_case(to) || tag.eq_ignore_ascii_case("AzureCloud");
    match region {
        _ if !ours => Covers::Nothing,
        None => Covers::All,
        Some(region) if region == from.region => Covers::All,
        Some(_) => Covers::Nothing,
    }
}

fn is_everywhere(written: &str) -> bool {
    ["*", "any", "0.0.0.0/0"]
        .iter()
        .any(|all| written.eq_ignore_ascii_case(all))
}

/// The wire server's own address is beyond these rules, whatever they say of it.
fn is_private(prefix: &str) -> bool {
    if prefix.starts_with("168.63.129.16") {
        return true;
    }
    let address = prefix
        .split('/')
        .next()
        .and_then(|a| a.parse::<IpAddr>().ok());
    matches!(address, Some(IpAddr::V4(v4)) if v4.is_private() || v4.is_loopback())
}

/// What tells whether an address is within a prefix of IPv4.
fn within(prefix: &str) -> Option<impl Fn(IpAddr) -> bool> {
    let (base, bits) = prefix.split_once('/').unwrap_or((prefix, "32"));
    let IpAddr::V4(base) = base.parse().ok()? else {
        return None;
    };
    let bits: u32 = bits.parse().ok().filter(|bits| *bits <= 32)?;
    let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
    Some(move |address: IpAddr| match address {
        IpAddr::V4(v4) => u32::from(v4) & mask == u32::from(base) & mask,
        IpAddr::V6(_) => false,
    })
}

impl ServiceFact {
    fn same_rule(&self, other: &Self) -> bool {
        self.open == other.open && self.rule == other.rule && self.group == other.group
    }
}

fn told(service: &ServiceFact, all: &[ServiceFact], groups: &[EffectiveGroup]) -> String {
    let same_rule = all.iter().filter(|one| one.same_rule(service));
    let names: Vec<&str> = same_rule.map(|one| one.to.as_str()).collect();
    let same =
        |group: &&EffectiveGroup| group.group.as_ref().map(ToString::to_string) == service.group;
    let group = groups.iter().find(same);
    let named = |id: Option<&ResourceId>| id.map_or("unnamed", ResourceId::name).to_owned();
    let on = group.and_then(|g| g.on.as_ref());
    format!(
        "{} on port {HTTPS}: denied by the rule `{}` (priority {}) of the network security group `{}` on `{}`",
        names.join(", "),
        service.rule.as_deref().unwrap_or("unnamed"),
        service
            .priority
            .map_or_else(|| "none".to_owned(), |p| p.to_string()),
        named(group.and_then(|g| g.group.as_ref())),
        named(on),
    )
}

/// Rules on the platform's tags are the only ones that touch the wire server.
fn platform(groups: &[EffectiveGroup], fact: &mut NetworkFact) {
    for rule in groups.iter().flat_map(outbound) {
        let denies = rule.access.eq_ignore_ascii_case("Deny");
        let of = rule
            .destinations
            .iter()
            .find(|tag| tag.starts_with(PLATFORM));
        if let Some(tag) = of.filter(|_| denies) {
            fact.doubts.push(format!(
                "the rule `{}` denies `{tag}`, which may stop the way to 168.63.129.16",
                name(rule)
            ));
        }
    }
}

/// The route to everywhere: dropped is blocked, an appliance is a doubt.
pub(super) fn routes(routes: &[EffectiveRoute], fact: &mut NetworkFact) {
    let active = routes
        .iter()
        .filter(|route| route.state.eq_ignore_ascii_case("Active"));
    let Some(route) = active
        .filter(|route| route.prefixes.iter().any(|p| p == "0.0.0.0/0"))
        .max_by_key(|route| route.source.eq_ignore_ascii_case("User"))
    else {
        return;
    };
    let known = RouteFact {
        name: route.name.clone(),
        source: route.source.clone(),
        next_hop: route.next_hop.clone(),
        address: route.next_hop_ips.first().cloned(),
    };
    let name = known
        .name
        .as_deref()
        .map(|n| format!(" `{n}`"))
        .unwrap_or_default();
    match known.next_hop.to_ascii_lowercase().as_str() {
        "none" => fact.denied.push(format!(
            "everything outside: dropped by the route{name} to 0.0.0.0/0, whose next hop is None"
        )),
        "internet" => {}
        hop => {
            let at = known
                .address
                .as_deref()
                .map(|a| format!(" at {a}"))
                .unwrap_or_default();
            fact.doubts.push(format!(
                "the route{name} to 0.0.0.0/0 leads to {}{at}, which has to let {} through on port {HTTPS}",
                if hop == "virtualappliance" { "an appliance" } else { "a gateway" },
                SERVICES.join(", "),
            ));
        }
    }
    fact.default_route = Some(known);
}

/// The name without its kind: `securityRules/DenyInternet`.
fn name(rule: &EffectiveRule) -> &str {
    rule.name.rsplit('/').next().unwrap_or(&rule.name)
}

#[cfg(test)]
mod tests;
