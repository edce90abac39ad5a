//! What is done to the machine itself, one rung after the other: reapply, restart, redeploy; and
//! two that stand beside the ladder.
//!
//! A rung is climbed only when the facts complain, and once in a run. It ends `Satisfied` whether
//! it helped or not (`outputs.helped`): the next one looks at the facts for itself.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::time::Duration;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::actions::facts::agent::Agent;
use crate::actions::facts::jobs::Jobs;
use crate::actions::facts::vm::VmFact;
use crate::actions::facts::vm_locks::VmLocks;
use crate::actions::limits;
use crate::actions::operations::applied;
use crate::actions::restore_points_delete::wait_for;
use crate::actions::words::names;
use crate::azure::operation;
use crate::azure::permitted::Writer;
use crate::azure::proof::RuleBroken;
use crate::azure::reader::rights;
use crate::azure::resource_id::ResourceId;
use crate::azure::views::Vm;
use crate::base::clock::add;
use crate::base::{ErrorClass, Failure};
use crate::core::action::{
    About, Applied, Ceiling, Change, Decision, Fate, Kind, Past, Patience, Permission, Remedy,
    Repeat, Sent,
};
use crate::core::facts::{FactKey, Facts, Seen};
use crate::core::runbook::risk::{Approval, Risk};

/// What a rung sees.
#[derive(Debug)]
pub struct Sight {
    /// The VM.
    pub vm: VmFact,
    /// Its agent, where the rung is about it.
    pub agent: Option<Agent>,
}

impl Sight {
    /// What is wrong with the agent, if anything is.
    pub(super) fn silent(&self) -> Option<String> {
        let agent = self.agent.as_ref()?;
        agent.needs_repair.then(|| agent.complaint())
    }

    /// Whether the agent gives signs of life that it did not give before.
    pub(super) fn is_back(&self, baseline: &Value) -> bool {
        self.agent
            .as_ref()
            .is_some_and(|a| a.answers && json!(a.seen) != baseline["seen"])
    }
}

/// What a rung is, in numbers and words.
#[derive(Clone, Copy, Debug)]
pub struct Traits {
    /// `vm.reapply` …
    pub name: &'static str,
    /// One sentence: what it does.
    pub sentence: &'static str,
    /// HTTP method.
    pub method: &'static str,
    /// The verb of a POST; empty for the VM itself.
    pub verb: &'static str,
    /// The RBAC action it needs.
    pub permission: &'static str,
    /// Before "`web1`": "restart".
    pub act: &'static str,
    /// What it may cost.
    pub risk: Risk,
    /// Why a person must approve it, where one must.
    pub because: Option<&'static str>,
    /// Whether it may be repeated in doubt.
    pub repeat: Repeat,
    /// How long its effect is waited for.
    pub patience: Duration,
    /// What it is about: what does not touch the agent needs to know nothing of it.
    pub about: Concern,
}

/// What a rung is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// The agent, and what else of the machine it comes back with.
    Agent,
    /// A property of the machine alone.
    Machine,
}

impl Traits {
    fn resource_type(&self) -> String {
        let vm = "Microsoft.Compute/virtualMachines";
        match self.verb {
            "" => vm.to_owned(),
            verb => format!("{vm}/{verb}"),
        }
    }

    fn approval(&self) -> Approval {
        self.because.map_or(Approval::None, |_| Approval::Required)
    }
}

/// One thing that can be done to the machine.
pub trait Rung: Debug + Send + Sync + 'static {
    /// The arguments of a step.
    type Args: DeserializeOwned + JsonSchema + Send + Sync;
    /// What it is.
    const TRAITS: Traits;
    /// What else has to be known before it is decided: a step before it may leave it open.
    const HEEDS: &'static [&'static str] = &[];

    /// What it would mend, as a fragment; nothing where nothing asks for it.
    fn complaint(args: &Self::Args, sight: &Sight) -> Option<String>;
    /// Why it is not for this VM as it is.
    fn unfit(_: &Sight) -> Option<String> {
        None
    }
    /// Whether it has helped, by what was seen before it.
    fn helped(args: &Self::Args, sight: &Sight, baseline: &Value) -> bool;
    /// What the facts will say afterwards.
    fn predict(vm: &mut Value);
    /// Sends it, after its rule was checked on the VM as it is now.
    ///
    /// # Errors
    /// The rule that forbids it.
    fn send<'a>(writer: &'a Writer, vm: &Vm) -> Result<BoxedSend<'a>, RuleBroken>;
}

/// A request about to be sent.
pub type BoxedSend<'a> =
    std::pin::Pin<Box<dyn Future<Output = Result<operation::Sent, Failure>> + Send + 'a>>;

/// The action that is a rung.
#[derive(Debug)]
pub struct Ladder<R>(PhantomData<R>);

#[async_trait]
impl<R: Rung> Remedy for Ladder<R> {
    type Args = R::Args;
    type Writer = Writer;

    fn about() -> About {
        let traits = R::TRAITS;
        About {
            name: traits.name,
            sentence: traits.sentence,
            ceiling: Ceiling {
                risk: traits.risk,
                approval: traits.approval(),
                kinds: vec![Kind {
                    method: traits.method.to_owned(),
                    resource_type: traits.resource_type(),
                    permission: traits.permission.to_owned(),
                }],
            },
            scripts: Vec::new(),
            put_back: None,
        }
    }

    fn reads() -> Vec<&'static str> {
        rights::COMPUTE_OPERATION.to_vec()
    }

    fn needs(_: &R::Args, _: &Past<'_>) -> Vec<FactKey> {
        let names = match R::TRAITS.about {
            Concern::Agent => &["vm", "agent", "vm_locks", "jobs"][..],
            Concern::Machine => &["vm", "vm_locks", "jobs"][..],
        };
        let all = names.iter().chain(R::HEEDS);
        all.map(|name| FactKey::named(name)).collect()
    }

    fn decide(args: &R::Args, seen: Seen<'_>, past: &Past<'_>) -> Result<Decision, String> {
        let sight = Sight {
            vm: seen.named("vm")?,
            agent: match R::TRAITS.about {
                Concern::Agent => Some(seen.named("agent")?),
                Concern::Machine => None,
            },
        };
        let (jobs, locks): (Jobs, VmLocks) = (seen.named("jobs")?, seen.named("vm_locks")?);
        if let Some(sent) = past.last().filter(|sent| is_over::<R>(sent)) {
            return Ok(after::<R>(args, &sight, sent, past));
        }
        let change = R::complaint(args, &sight).map(|complaint| change::<R>(&sight, &complaint));
        if let Some(wait) = updating(&sight.vm, past, change.as_ref()) {
            return Ok(wait);
        }
        let Some(change) = change else {
            return Ok(Decision::Satisfied {
                why: format!("nothing asks for it: {}", stands(&sight)),
                outputs: Value::Null,
            });
        };
        if let Some(why) = R::unfit(&sight) {
            return Ok(Decision::NotApplicable { why });
        }
        if let Some(job) = &jobs.running {
            return Ok(wait_for(job, past, vec![change]));
        }
        if !locks.read_only.is_empty() {
            return Ok(locked::<R>(&sight, &locks));
        }
        Ok(Decision::Change {
            changes: vec![change],
            remaining: 1,
            baseline: json!({ "seen": sight.agent.map(|a| a.seen) }),
        })
    }

    fn predict(_: &Change, facts: &mut Facts, by: &str) {
        facts.edit("vm", R::predict);
        if R::TRAITS.about == Concern::Agent {
            // What it mends besides: a stale failure of an extension.
            facts.forget("agent", by);
            facts.forget("provisioning", by);
            facts.forget("extensions", by);
        }
    }

    async fn apply(change: &Change, writer: &Writer) -> Result<Applied, Failure> {
        let attempted = change.summary.clone();
        let invalid = |why: String| Failure::new(ErrorClass::Invalid, attempted.clone(), why);
        let id = change.evidence["vm"].as_str().unwrap_or_default();
        let id = ResourceId::parse(id).map_err(|e| invalid(e.to_string()))?;
        let vm = writer.reader().virtual_machine(&id).await?;
        let sending = R::send(writer, &vm).map_err(|e| invalid(e.to_string()))?;
        sending.await.map(applied)
    }
}

/// Whether nothing more is sent after it: it was done, or its fate is in doubt and it is not sent
/// twice.
fn is_over<R: Rung>(sent: &Sent) -> bool {
    match sent.fate {
        Fate::Done(_) => true,
        Fate::InDoubt => R::TRAITS.repeat == Repeat::Never,
        Fate::Failed(_) => false,
    }
}

/// Waits for the effect, and tells whether there was one.
fn after<R: Rung>(args: &R::Args, sight: &Sight, sent: &Sent, past: &Past<'_>) -> Decision {
    let done = format!("{}: done", sent.change.summary);
    if R::helped(args, sight, past.baseline) && !is_updating(&sight.vm) {
        return Decision::Satisfied {
            why: format!("{done}, and {}", stands(sight)),
            outputs: json!({ "helped": true }),
        };
    }
    let since = sent.settled_at.unwrap_or(sent.at);
    let give_up_at = add(since, R::TRAITS.patience);
    if past.now < give_up_at {
        return Decision::Wait {
            what: format!("the effect of this: {}", sent.change.summary),
            look_again_at: add(past.now, limits::AGENT_LOOK),
            give_up_at,
            patience: Patience::Step,
            following: Value::Null,
            recheck_incident: false,
            then: Vec::new(),
        };
    }
    match sent.fate {
        Fate::InDoubt => Decision::CannotTell {
            why: format!(
                "nothing tells whether this was done, and it is not done twice to be sure: {}; {}",
                sent.change.summary,
                stands(sight)
            ),
        },
        _ => Decision::Satisfied {
            why: format!("{done}, and it did not help: {}", stands(sight)),
            outputs: json!({ "helped": false }),
        },
    }
}

/// How the VM stands, as a fragment.
fn stands(sight: &Sight) -> String {
    let vm = &sight.vm;
    let provisioning = vm.provisioning.as_deref().unwrap_or("not known");
    let machine = match vm.power.as_deref() {
        Some(power) => format!("`{}` is {power}", vm.name),
        None => format!("the power state of `{}` is not known", vm.name),
    };
    let machine = format!("{machine} and {provisioning}");
    match &sight.agent {
        Some(agent) if agent.answers => format!("{machine}, and its agent answers"),
        Some(agent) if agent.needs_repair => format!("{machine}, and {}", agent.complaint()),
        _ => machine,
    }
}

fn is_updating(vm: &VmFact) -> bool {
    vm.provisioning.as_deref().is_some_and(|p| {
        ["Updating", "Creating"]
            .iter()
            .any(|s| p.eq_ignore_ascii_case(s))
    })
}

fn updating(vm: &VmFact, past: &Past<'_>, change: Option<&Change>) -> Option<Decision> {
    is_updating(vm).then(|| Decision::Wait {
        what: format!("what else changes `{}` now", vm.name),
        look_again_at: add(past.now, limits::VM_SETTLES_LOOK),
        give_up_at: add(past.since, limits::VM_SETTLES_ENDS),
        patience: Patience::Step,
        following: Value::Null,
        recheck_incident: false,
        then: change.into_iter().cloned().collect(),
    })
}

fn locked<R: Rung>(sight: &Sight, locks: &VmLocks) -> Decision {
    Decision::NeedsHuman {
        why: format!(
            "`{}` cannot be done to `{}`: a ReadOnly lock stops every change of the VM ({}); its \
             owner has to remove or narrow it first",
            R::TRAITS.name,
            sight.vm.name,
            names(locks.read_only.iter().map(String::as_str))
        ),
        evidence: json!({ "locks": locks.read_only }),
    }
}

fn change<R: Rung>(sight: &Sight, complaint: &str) -> Change {
    let (traits, vm) = (R::TRAITS, &sight.vm);
    Change {
        approval: traits.approval(),
        because: traits.because.map(str::to_owned),
        permission: Some(Permission {
            action: traits.permission.to_owned(),
            scope: vm.id.clone(),
        }),
        evidence: json!({ "vm": vm.id, "complaint": complaint, "agent": sight.agent }),
        ..Change::new(
            traits.method,
            match traits.verb {
                "" => vm.id.clone(),
                verb => format!("{}/{verb}", vm.id),
            },
            format!("{} `{}`", traits.act, vm.name),
            traits.risk,
            traits.repeat,
        )
    }
}

/// That a VM which is off is not for this rung.
pub(super) fn must_run(sight: &Sight) -> Option<String> {
    let vm = &sight.vm;
    (!vm.is_running()).then(|| {
        let power = vm.power.as_deref().unwrap_or("in an unknown state");
        format!("`{}` is {power}, and it is not started for this", vm.name)
    })
}

/// The agent will answer, as far as a plan can tell; execution looks whether it does.
pub(super) fn agent_back(vm: &mut Value) {
    vm["agent"]["ready"] = json!(true);
    vm["agent"]["status"] = json!("ready");
}
