//! The command to give next, spelled so that it can be pasted into a shell.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::core::journal::RunId;
use crate::core::plan::Plan;

/// By this parameter a person says that what was asked for is done (`runbooks/WRITING.md`).
const MENDED: &str = "mended";

/// A command line of this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command(Vec<String>);

impl Command {
    /// Applies the runbook of `plan` to its target, with its parameters where they are not the
    /// defaults.
    #[must_use]
    pub fn apply(plan: &Plan) -> Self {
        Self::about("apply", plan, &plan.params)
    }

    /// Plans the same again, once a person has done what the step `asks` for: it is said where the
    /// step heeds it.
    #[must_use]
    pub fn plan_again(plan: &Plan, asks: Option<&str>) -> Self {
        let mut params = plan.params.clone();
        let step = asks.and_then(|id| plan.runbook.step(id));
        if step.is_some_and(|step| step.heeds(MENDED)) {
            params.insert(MENDED.to_owned(), Value::Bool(true));
        }
        Self::about("plan", plan, &params)
    }

    fn about(verb: &str, plan: &Plan, params: &BTreeMap<String, Value>) -> Self {
        if let Some(run) = &plan.undoes {
            return Self::undo(&RunId(run.clone()), plan);
        }
        let mut words = begun(verb, &plan.runbook.code);
        words.extend(["--vm".to_owned(), plan.target.id.clone()]);
        for (name, value) in params {
            let declared = plan
                .runbook
                .parameters
                .get(name)
                .and_then(|p| p.default.as_ref());
            if declared != Some(value) && !value.is_null() {
                words.extend(["--param".to_owned(), format!("{name}={}", plain(value))]);
            }
        }
        if plan.forced {
            words.push("--force".to_owned());
        }
        words.extend(simulated(plan));
        Self(words)
    }

    /// Asks something else of the target of `plan`.
    #[must_use]
    pub fn on_target<const N: usize>(words: [&str; N], plan: &Plan) -> Self {
        let mut all = vec!["runbook".to_owned()];
        all.extend(words.map(str::to_owned));
        all.extend(["--vm".to_owned(), plan.target.id.clone()]);
        all.extend(simulated(plan));
        Self(all)
    }

    /// Plans the runbook `code` for a VM, in the simulated world of `scenario` if there is one.
    #[must_use]
    pub fn plan(code: &str, vm: &str, scenario: Option<&str>) -> Self {
        let mut words = begun("plan", code);
        words.extend(["--vm".to_owned(), vm.to_owned()]);
        words.extend(scenario.map(|scenario| format!("--sim={scenario}")));
        Self(words)
    }

    /// Undoes a run of `plan`.
    #[must_use]
    pub fn undo(run: &RunId, plan: &Plan) -> Self {
        let mut words = ["runbook", "undo", &run.0].map(str::to_owned).to_vec();
        words.extend(simulated(plan));
        Self(words)
    }

    /// Goes on with a run of `plan`.
    #[must_use]
    pub fn resume(run: &RunId, plan: &Plan) -> Self {
        let mut words = vec!["runbook".to_owned(), "resume".to_owned(), run.0.clone()];
        words.extend(simulated(plan));
        Self(words)
    }

    /// Prints the least role for the runbook `code`.
    #[must_use]
    pub fn role(code: &str) -> Self {
        Self(["runbook", "role", code].map(str::to_owned).to_vec())
    }

    /// Applies the plan that is saved in `file`.
    #[must_use]
    pub fn apply_file(file: &str, plan: &Plan) -> Self {
        let mut words = begun("apply", file);
        words.extend(simulated(plan));
        Self(words)
    }

    /// The same with more words.
    #[must_use]
    pub fn with<const N: usize>(mut self, words: [&str; N]) -> Self {
        self.0.extend(words.map(str::to_owned));
        self
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, word) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            f.write_str(&quoted(word))?;
        }
        Ok(())
    }
}

fn begun(verb: &str, what: &str) -> Vec<String> {
    ["runbook", verb, what].map(str::to_owned).to_vec()
}

/// The flag that leads to the same simulated world.
fn simulated(plan: &Plan) -> Option<String> {
    match &plan.context.scenario {
        Some(scenario) => Some(format!("--sim={scenario}")),
        None => plan.context.simulated.then(|| "--sim".to_owned()),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// `word` as a POSIX shell reads it back: names of resources may hold brackets.
fn quoted(word: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+%".contains(c);
    if !word.is_empty() && word.chars().all(safe) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::core::report::samples;
    use crate::core::runbook::model::Entry;

    #[test]
    fn a_command_holds_what_differs_from_the_defaults_and_survives_a_shell() {
        let mut plan = samples::plan();
        plan.params.insert("cleanup".to_owned(), json!("it's; rm"));
        plan.target.id = "/subscriptions/s/resourceGroups/a (b)".to_owned();
        plan.context.simulated = true;
        assert_eq!(
            Command::apply(&plan).with(["--yes"]).to_string(),
            "runbook apply UserErrorRpCollectionLimitReached --vm '/subscriptions/s/resourceGroups/a (b)' --param 'cleanup=it'\\''s; rm' --sim --yes"
        );
    }

    #[test]
    fn planning_again_says_what_a_person_has_done_where_the_step_heeds_it() {
        let mut plan = samples::plan();
        let id = plan.steps[0].id.clone();
        let again = |plan: &Plan, id: &str| Command::plan_again(plan, Some(id)).to_string();
        let told = again(&plan, &id);
        assert!(
            told.starts_with("runbook plan UserErrorRpCollectionLimitReached --vm "),
            "{told}"
        );
        assert!(!told.contains("--param"), "{told}");
        for entry in &mut plan.runbook.steps {
            if let Entry::Step(step) = entry {
                step.when = Some("eq params.mended false".to_owned());
            }
        }
        let told = again(&plan, &id);
        assert!(told.ends_with(" --param mended=true"), "{told}");
    }

    #[test]
    fn a_parameter_that_has_its_default_is_not_repeated() {
        let command = Command::apply(&samples::plan()).to_string();
        assert!(!command.contains("--param"), "{command}");
    }
}
