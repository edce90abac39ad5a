//! Which runbook answers a failure, by which field, and how sure that is.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::core::symptom::{Place, Symptom};

use super::claim::{Claim, Finding, MatchedBy};

/// How sure it is which runbook answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sureness {
    /// The failure gives the runbook's own code, or an alias, where it gives its code.
    Certain,
    /// One runbook fits, by a number, the words of a message, or what is said elsewhere.
    Likely,
    /// Several runbooks fit alike: none of them is taken.
    Ambiguous,
    /// No runbook fits.
    #[default]
    Unknown,
}

impl Sureness {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
            Self::Ambiguous => "ambiguous",
            Self::Unknown => "unknown",
        }
    }
}

/// The runbook that answers a failure, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    /// The code of the runbook that answers: the one that only looks, where none fits or several
    /// do. Null where there is no such runbook.
    pub runbook: Option<String>,
    /// How sure it is.
    pub sureness: Sureness,
    /// The field that decided; null where none did.
    pub found: Option<Finding>,
    /// The code of the failure, when it only wrapped what was matched.
    pub inside: Option<String>,
    /// Other runbooks that a field speaks for, the first to be believed first.
    pub alternatives: Vec<Finding>,
}

impl Answer {
    /// The answer of these claims.
    pub(super) fn of<'a>(symptom: &Symptom, claims: impl Iterator<Item = &'a Claim>) -> Self {
        let claims: Vec<&Claim> = claims.collect();
        let some = claims.iter().filter(|claim| !claim.is_anything());
        let wrapper = |claim: &&&Claim| claim.names().any(|name| symptom.wraps(name));
        let (outer, inner): (Vec<&Claim>, Vec<&Claim>) =
            some.copied().partition(|claim| wrapper(&claim));
        let inside = Self::among(symptom, &inner);
        let chosen = match inside.sureness {
            Sureness::Unknown => {
                let whole = Self::among(symptom, &outer);
                Self {
                    alternatives: inside.alternatives,
                    ..whole
                }
            }
            _ => Self {
                inside: symptom.wrapper().map(str::to_owned),
                ..inside
            },
        };
        if chosen.runbook.is_some() {
            return chosen;
        }
        let anything = claims
            .iter()
            .find_map(|claim| claim.is_anything().then(|| claim.names()));
        Self {
            runbook: anything
                .and_then(|mut names| names.next())
                .map(str::to_owned),
            ..chosen
        }
    }

    /// The answer of claims of one kind; it names no runbook unless one alone fits best.
    fn among(symptom: &Symptom, claims: &[&Claim]) -> Self {
        let of = |claims: &mut dyn Iterator<Item = &&Claim>| -> Vec<Finding> {
            let best = claims.filter_map(|claim| best_of(claim.findings(symptom)));
            let best: Vec<Finding> = best.collect();
            let mut kept = best.clone();
            kept.retain(|one| !best.iter().any(|other| is_part_of(one, other)));
            kept.sort_by_key(order);
            kept
        };
        let mut fit = of(&mut claims.iter().filter(|claim| claim.may_answer(symptom)));
        let others = of(&mut claims.iter().filter(|claim| !claim.may_answer(symptom)));
        let alike = |one: &Finding, other: &Finding| order(one) == order(other);
        match fit.as_slice() {
            [] => Self {
                alternatives: others,
                ..Self::default()
            },
            [first, second, ..] if alike(first, second) => Self {
                sureness: Sureness::Ambiguous,
                alternatives: fit.into_iter().chain(others).collect(),
                ..Self::default()
            },
            _ => {
                let first = fit.remove(0);
                Self {
                    runbook: Some(first.runbook.clone()),
                    sureness: sureness(&first),
                    alternatives: fit.into_iter().chain(others).collect(),
                    found: Some(first),
                    inside: None,
                }
            }
        }
    }
}

/// What of a runbook is believed first; of messages and names in texts the longest.
fn best_of(findings: Vec<Finding>) -> Option<Finding> {
    findings.into_iter().min_by_key(order)
}

/// More words of a message say more than fewer; a code says what it says.
fn order(finding: &Finding) -> ((MatchedBy, Place, bool), usize) {
    let length = match finding.by {
        MatchedBy::Message => finding.said.len(),
        _ => 0,
    };
    (finding.rank(), usize::MAX - length)
}

/// Whether a code was found only because it stands within a longer one.
fn is_part_of(one: &Finding, other: &Finding) -> bool {
    let code = |f: &Finding| matches!(f.by, MatchedBy::Code | MatchedBy::Alias) && !f.whole;
    let longer = other.said.to_lowercase();
    code(one)
        && code(other)
        && one.field == other.field
        && one.said.len() < other.said.len()
        && longer.contains(&one.said.to_lowercase())
}

fn sureness(finding: &Finding) -> Sureness {
    let by_code = matches!(finding.by, MatchedBy::Code | MatchedBy::Alias);
    match by_code && finding.whole && finding.place <= Place::Job {
        true => Sureness::Certain,
        false => Sureness::Likely,
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, said, .. } = self;
        let of = self.place.name();
        match self.by {
            MatchedBy::Code | MatchedBy::Alias => {
                let verb = if self.whole { "is" } else { "names" };
                write!(f, "`{field}` of {of} {verb} `{said}`")?;
                match self.by {
                    MatchedBy::Alias => write!(f, ", an alias of `{}`", self.runbook),
                    _ => Ok(()),
                }
            }
            MatchedBy::Number => {
                write!(
                    f,
                    "`{field}` of {of} is {said}, the number of `{}`",
                    self.runbook
                )
            }
            MatchedBy::Message => write!(
                f,
                "`{field}` of {of} says \"{said}\", the words of `{}`",
                self.runbook
            ),
            MatchedBy::Anything => write!(f, "`{}` answers any failure", self.runbook),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.sureness, &self.found) {
            (Sureness::Certain | Sureness::Likely, Some(found)) => {
                if let Some(code) = &self.inside {
                    write!(f, "`{code}` only wraps another failure: ")?;
                }
                write!(f, "{found} ({})", self.sureness.name())
            }
            (Sureness::Ambiguous, _) => {
                let codes: Vec<String> = self
                    .alike()
                    .map(|finding| format!("`{}`", finding.runbook))
                    .collect();
                write!(
                    f,
                    "{} fit alike, and none of them is taken",
                    codes.join(" and ")
                )
            }
            _ => f.write_str("no runbook knows this failure"),
        }
    }
}

impl Answer {
    /// The runbooks that fit alike, where several do.
    pub fn alike(&self) -> impl Iterator<Item = &Finding> {
        let first = self.alternatives.first().map(order);
        let ambiguous = self.sureness == Sureness::Ambiguous;
        let all = self.alternatives.iter();
        all.take_while(move |one| ambiguous && Some(order(one)) == first)
    }
}

#[cfg(test)]
mod tests;
