//! `network`: what becomes of the VM's way out to Azure Backup, by the rules and routes that hold
//! for its primary interface. Evidence for a person: network security groups are never edited.

mod judge;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::facts::vm::VmFact;
use crate::actions::facts::{known, parse, schema, unread, value};
use crate::azure::reader::{Reader, rights};
use crate::azure::resource_id::ResourceId;
use crate::azure::views::NetworkInterface;
use crate::base::Failure;
use crate::core::facts::{FactKey, Facts, Looker, Target};

pub(super) struct NetworkLooker(pub(super) Reader);

/// What rules cannot say of the address that the agent needs.
const WIRE_SERVER: &str = "168.63.129.16 is outside ordinary network security rules: only rules on \
    Azure's platform service tags touch it, and a firewall or a proxy inside the VM may block it";

/// The way out.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct NetworkFact {
    /// Why some of it could not be read; null when all of it was.
    pub unread: Option<String>,
    /// True when a rule or a route is known to stop HTTPS to a service of Azure Backup.
    #[schemars(extend("x-yes" = "rules or routes stop the way to Azure Backup", "x-no" = "no known rule or route stops the way to Azure Backup"))]
    pub blocked: bool,
    /// Each service that is stopped, and by what, for people.
    pub denied: Vec<String>,
    /// What else may be in the way, for people: an appliance, a rule that only may apply.
    pub doubts: Vec<String>,
    /// HTTPS to each service, as the rules have it.
    pub outbound: Vec<ServiceFact>,
    /// Where traffic to everywhere goes next.
    pub default_route: Option<RouteFact>,
    /// The primary interface.
    pub interface: Option<InterfaceFact>,
    /// How many interfaces the VM has.
    pub interfaces: usize,
    /// What rules cannot say of the wire server.
    pub wire_server: String,
}

/// HTTPS to one service tag.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ServiceFact {
    /// The service tag.
    pub to: String,
    /// Whether it is let out; null when the rules cannot tell.
    pub open: Option<bool>,
    /// The rule that decides.
    pub rule: Option<String>,
    /// Its network security group.
    pub group: Option<String>,
    /// Its priority.
    pub priority: Option<u32>,
}

/// A route.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RouteFact {
    /// Its name, when somebody made it.
    pub name: Option<String>,
    /// `Default`, `User`, `VirtualNetworkGateway` …
    pub source: String,
    /// `Internet`, `VirtualAppliance`, `VirtualNetworkGateway`, `None` …
    pub next_hop: String,
    /// The appliance's address.
    pub address: Option<String>,
}

/// A network interface, as Azure has it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct InterfaceFact {
    /// Its resource id.
    pub id: String,
    /// Its private address.
    pub address: Option<String>,
    /// `Dynamic` or `Static`: how Azure gives the address; inside the VM it is DHCP either way.
    pub allocation: Option<String>,
    /// Its subnet's resource id.
    pub subnet: Option<String>,
    /// The network security group on the interface itself.
    pub security_group: Option<String>,
    /// DNS servers that are set on it; none means those of the virtual network.
    pub dns_servers: Vec<String>,
}

#[async_trait]
impl Looker for NetworkLooker {
    fn name(&self) -> &'static str {
        "network"
    }

    fn schema(&self) -> Value {
        schema::<NetworkFact>()
    }

    fn reads(&self) -> Vec<&'static str> {
        rights::NETWORK.to_vec()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        vec![FactKey::named("vm")]
    }

    async fn load(&self, _: &Target, _: &Value, facts: &Facts) -> Result<Value, Failure> {
        let vm: VmFact = known(facts, "vm")?;
        let mut fact = NetworkFact {
            interfaces: vm.network_interfaces.len(),
            wire_server: WIRE_SERVER.to_owned(),
            ..NetworkFact::default()
        };
        let Some(id) = vm.network_interfaces.first() else {
            fact.unread = Some(format!("Azure lists no network interface of `{}`", vm.name));
            return value(&fact);
        };
        if let Err(failure) = self.look(&parse(id)?, &vm, &mut fact).await {
            fact.unread = Some(unread(failure)?);
        }
        value(&fact)
    }
}

impl NetworkLooker {
    async fn look(
        &self,
        id: &ResourceId,
        vm: &VmFact,
        fact: &mut NetworkFact,
    ) -> Result<(), Failure> {
        let interface = self.0.network_interface(id).await?;
        let from = judge::From {
            address: interface
                .addresses
                .iter()
                .find_map(|a| a.ip.as_deref()?.parse().ok()),
            region: vm.location.replace(' ', "").to_lowercase(),
        };
        fact.interface = Some(described(&interface));
        if !vm.is_running() {
            let power = vm.power.as_deref().unwrap_or("in an unknown state");
            fact.unread = Some(format!(
                "`{}` is {power}, and Azure tells the rules and routes of a running VM alone",
                vm.name
            ));
            return Ok(());
        }
        judge::rules(&self.0.effective_rules(id).await?, &from, fact);
        judge::routes(&self.0.effective_routes(id).await?, fact);
        fact.blocked = !fact.denied.is_empty();
        Ok(())
    }
}

fn described(interface: &NetworkInterface) -> InterfaceFact {
    let first = interface.addresses.first();
    let text = |id: Option<&ResourceId>| id.map(ToString::to_string);
    InterfaceFact {
        id: interface.id.to_string(),
        address: first.and_then(|a| a.ip.clone()),
        allocation: first.and_then(|a| a.allocation.clone()),
        subnet: text(first.and_then(|a| a.subnet.as_ref())),
        security_group: text(interface.security_group.as_ref()),
        dns_servers: interface.dns_servers.clone(),
    }
}
