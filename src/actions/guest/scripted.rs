//! An action that is one fixed script: it looks first, in the script's read-only form, and then
//! lets it change what it found. The script checks, changes and verifies itself.
//!
//! What an action adds is a name, arguments and words: see [`Scripted`].

use std::fmt::Debug;
use std::marker::PhantomData;

use async_trait::async_trait;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::actions::facts::jobs::Jobs;
use crate::actions::facts::vm::VmFact;
use crate::actions::guest::script::{APPLY, Ask, Script};
use crate::actions::guest::{outcome, run, undo};
use crate::actions::limits;
use crate::actions::restore_points_delete::wait_for;
use crate::azure::permitted::Writer;
use crate::azure::reader::rights;
use crate::azure::views::OsType;
use crate::base::clock::add;
use crate::base::{ErrorClass, Failure};
use crate::core::action::{
    About, Applied, Ceiling, Change, Decision, Fate, Kind, Past, Remedy, Sent, Undo,
};
use crate::core::facts::{FactKey, Facts, Seen};
use crate::core::runbook::risk::{Approval, Risk};

/// What one action says of the script that it is.
pub trait Scripted: Debug + Send + Sync + 'static {
    /// The arguments of a step.
    type Args: DeserializeOwned + JsonSchema + Send + Sync;
    /// `guest.registry` …
    const NAME: &'static str;
    /// One sentence: what it does.
    const SENTENCE: &'static str;
    /// Every script that it may run.
    const SCRIPTS: &'static [Script];
    /// How it is known that what was done took effect.
    const SETTLES: Settles = Settles::AtOnce;
    /// Whether a person must approve it whatever it is told; a script that asks always needs none.
    const ASKS: bool = false;
    /// Whether what it finds wrong may be the rest of a backup, and pass by itself: it is looked at
    /// again until that has had its time, and only then acted on.
    const PASSES: bool = false;
    /// The list in its result that names what it did, and the word before the names.
    const NAMES: Option<(&'static str, &'static str)> = None;

    /// The script for this system, if there is one.
    fn script(args: &Self::Args, os: OsType) -> Option<Script>;
    /// What it is told, besides whether to apply.
    fn told(args: &Self::Args) -> Vec<(&'static str, String)>;
    /// What it does, in words.
    fn words(args: &Self::Args) -> Words;
    /// What else can be tried, for the person who is handed the case.
    fn otherwise(_: &Self::Args) -> Option<&str> {
        None
    }
}

/// The arguments of a script that takes none.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Plain {
    /// What else can be tried, for the person who is handed the case: "run this again with …".
    pub otherwise: Option<String>,
}

/// How it is known that what a script did took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settles {
    /// The script has seen it itself.
    AtOnce,
    /// The agent was restarted, detached: it gives a sign of life that is not the one from before.
    AgentReports,
    /// Something works on, detached: another look tells how it ended.
    LookAgain,
}

/// An action in words; the VM's name is added.
#[derive(Clone, Debug)]
pub struct Words {
    /// After "look inside `web1`": "whether `UseVssCopy` is set".
    pub look: String,
    /// Before "inside `web1`": "set the registry switch `UseVssCopy`".
    pub act: String,
    /// What holds afterwards: "`UseVssCopy` is set".
    pub done: String,
}

/// The action that is the script of `S`.
#[derive(Debug)]
pub struct Guest<S>(PhantomData<S>);

#[async_trait]
impl<S: Scripted> Remedy for Guest<S> {
    type Args = S::Args;
    type Writer = Writer;

    fn about() -> About {
        let always = |s: &Script| matches!(s.ask, Ask::Always(_));
        let asks = S::ASKS || S::SCRIPTS.iter().any(always);
        let risks = S::SCRIPTS.iter().map(|s| s.risk);
        About {
            name: S::NAME,
            sentence: S::SENTENCE,
            ceiling: Ceiling {
                risk: risks.max().unwrap_or(Risk::ReadOnly),
                approval: if asks {
                    Approval::Required
                } else {
                    Approval::None
                },
                kinds: vec![Kind {
                    method: "POST".to_owned(),
                    resource_type: run::TYPE.to_owned(),
                    permission: run::PERMISSION.to_owned(),
                }],
            },
            scripts: S::SCRIPTS.iter().map(|s| s.hash()).collect(),
            put_back: None,
        }
    }

    fn needs(_: &S::Args, _: &Past<'_>) -> Vec<FactKey> {
        ["vm", "jobs"].iter().map(|n| FactKey::named(n)).collect()
    }

    fn reads() -> Vec<&'static str> {
        rights::COMPUTE_OPERATION.to_vec()
    }

    fn decide(args: &S::Args, seen: Seen<'_>, past: &Past<'_>) -> Result<Decision, String> {
        let (vm, jobs): (VmFact, Jobs) = (seen.named("vm")?, seen.named("jobs")?);
        let Some(script) = system(&vm).and_then(|os| S::script(args, os)) else {
            let os = vm.os.as_deref().unwrap_or("an unknown system");
            return Ok(Decision::NotApplicable {
                why: format!("there is nothing to do for {os}"),
            });
        };
        let step = Step::<S> {
            args,
            vm: &vm,
            script,
            settles_at: settles_at(&jobs),
        };
        if let Some(sent) = past.last()
            && let Fate::Done(outputs) = &sent.fate
            && let Some(decision) = outcome::after(&step, sent, outputs, past)
        {
            return Ok(decision);
        }
        Ok(step.look(&jobs, past))
    }

    fn undo(sent: &Sent, past: &Past<'_>) -> Undo {
        undo::of(sent, past)
    }

    fn predict(_: &Change, _: &mut Facts, _: &str) {}

    async fn apply(change: &Change, writer: &Writer) -> Result<Applied, Failure> {
        let named = change.body["script"].as_str().unwrap_or_default();
        let Some(script) = S::SCRIPTS.iter().find(|s| s.name == named) else {
            let why = format!("`{named}` is no script of `{}`", S::NAME);
            return Err(Failure::new(ErrorClass::Invalid, &*change.summary, why));
        };
        run::apply(change, *script, writer).await
    }
}

/// What is decided for: the arguments, the machine, the script.
pub(super) struct Step<'a, S: Scripted> {
    pub(super) args: &'a S::Args,
    pub(super) vm: &'a VmFact,
    pub(super) script: Script,
    /// When what a backup left behind has had time to pass.
    pub(super) settles_at: Timestamp,
}

impl<S: Scripted> Step<'_, S> {
    /// Looks inside, where that can be done now.
    fn look(&self, jobs: &Jobs, past: &Past<'_>) -> Decision {
        let Some(why) = self.vm.why_no_guest() else {
            return match &jobs.running {
                Some(job) => wait_for(job, past, Vec::new()),
                None => Decision::Probe(Box::new(self.change(true))),
            };
        };
        // Without a look nothing is known, and that alone keeps nobody from going on.
        if !self.vm.is_running() || self.script.only_looks() {
            return Decision::NotApplicable {
                why: format!("not attempted: {why}"),
            };
        }
        Decision::NeedsHuman {
            why: format!(
                "nothing can be run inside the VM: {}. A dead agent cannot be repaired over Run Command",
                why.trim_end_matches('.')
            ),
            evidence: json!({ "agent": self.vm.agent, "power": self.vm.power }),
        }
    }

    /// The script as a change, or as a look.
    pub(super) fn change(&self, probe: bool) -> Change {
        let (words, name) = (S::words(self.args), &self.vm.name);
        let summary = if probe {
            format!(
                "look inside `{name}` {look} (read-only script)",
                look = words.look
            )
        } else {
            format!("{} inside `{name}`", words.act)
        };
        let told = S::told(self.args);
        let mut parameters: Vec<(&str, &str)> =
            told.iter().map(|(k, v)| (*k, v.as_str())).collect();
        if !self.script.only_looks() {
            parameters.push((APPLY.name, if probe { "false" } else { "true" }));
        }
        run::change(self.vm, self.script, &parameters, summary, probe)
    }

    /// What to compare with afterwards.
    pub(super) fn baseline(&self, result: Value) -> Value {
        match S::SETTLES {
            Settles::AtOnce => result,
            Settles::AgentReports | Settles::LookAgain => {
                json!({ "result": result, "seen": self.vm.agent.seen })
            }
        }
    }
}

fn settles_at(jobs: &Jobs) -> Timestamp {
    let last = jobs.list.iter().filter_map(|job| job.ended).max();
    last.map_or(Timestamp::MIN, |ended| add(ended, limits::VSS_SETTLES))
}

fn system(vm: &VmFact) -> Option<OsType> {
    match vm.os.as_deref()? {
        "windows" => Some(OsType::Windows),
        "linux" => Some(OsType::Linux),
        _ => None,
    }
}
