//! A fixed script, and what may be asked of it.

use regex::Regex;
use sha2::{Digest, Sha256};

use crate::azure::views::OsType;
use crate::core::runbook::risk::Risk;

/// A script that is part of this program.
#[derive(Clone, Copy, Debug)]
pub struct Script {
    /// Its name: `lin-` or `win-` and the name of its file.
    pub name: &'static str,
    /// The system that it is written for.
    pub os: OsType,
    /// Its text, with the part that all scripts of its system share.
    pub text: &'static str,
    /// The most that it may cost; a probe is [`Risk::ReadOnly`].
    pub risk: Risk,
    /// When a person must approve it.
    pub ask: Ask,
    /// What it may be told, and no more.
    pub parameters: &'static [Parameter],
    /// The states that its result may have.
    pub states: &'static [&'static str],
}

/// A parameter of a script.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// A regular expression that the whole of its value must match.
    pub values: &'static str,
}

/// When a person must approve a script that changes something, and why.
#[derive(Clone, Copy, Debug)]
pub enum Ask {
    /// The consent to the plan is enough.
    Never,
    /// Always.
    Always(&'static str),
    /// When a parameter has a value.
    When(&'static str, &'static str, &'static str),
    /// Unless a parameter has a value.
    Unless(&'static str, &'static str, &'static str),
}

/// `Apply`: whether a script that can change something does.
pub const APPLY: Parameter = Parameter {
    name: "Apply",
    values: "true|false",
};

impl Script {
    /// One that only looks, and is told nothing.
    pub(super) const fn probe(os: OsType, name: &'static str, text: &'static str) -> Self {
        Self {
            name,
            os,
            text,
            risk: Risk::ReadOnly,
            ask: Ask::Never,
            parameters: &[],
            states: &["failed", "reported"],
        }
    }

    /// One that can change something that can be put back, where it is told to.
    pub(super) const fn writer(os: OsType, name: &'static str, text: &'static str) -> Self {
        Self {
            risk: Risk::Reversible,
            parameters: &[APPLY],
            states: &["already", "changed", "failed", "needs_human", "planned"],
            ..Self::probe(os, name, text)
        }
    }

    /// SHA-256 of its text.
    #[must_use]
    pub fn hash(self) -> String {
        hex::encode(Sha256::digest(self.text.as_bytes()))
    }

    /// Whether nothing that it can be told makes it change anything.
    #[must_use]
    pub fn only_looks(self) -> bool {
        self.risk == Risk::ReadOnly
    }

    /// Why a person must approve it with these parameters, if so.
    #[must_use]
    pub fn because(self, parameters: &[(&str, &str)]) -> Option<&'static str> {
        let has = |name: &str, value: &str| parameters.contains(&(name, value));
        match self.ask {
            Ask::Never => None,
            Ask::Always(why) => Some(why),
            Ask::When(name, value, why) => has(name, value).then_some(why),
            Ask::Unless(name, value, why) => (!has(name, value)).then_some(why),
        }
    }

    /// Why it must not be sent with these parameters, if so: one that it does not know, a value
    /// that is not on its list, or a look that would change something.
    #[must_use]
    pub fn refusal(self, parameters: &[(&str, &str)], probe: bool) -> Option<String> {
        let name = self.name;
        for (key, value) in parameters {
            let Some(known) = self.parameters.iter().find(|p| p.name == *key) else {
                return Some(format!("the script `{name}` has no parameter `{key}`"));
            };
            if !known.takes(value) {
                return Some(format!(
                    "`{key}` of the script `{name}` cannot be {value:?}"
                ));
            }
        }
        let applies = parameters.contains(&(APPLY.name, "true"));
        match (probe, applies) {
            (true, true) => Some(format!(
                "a look must not let the script `{name}` change anything"
            )),
            (false, false) => Some(format!("the script `{name}` would change nothing")),
            _ => None,
        }
    }
}

impl Parameter {
    fn takes(&self, value: &str) -> bool {
        Regex::new(&format!("^(?:{})$", self.values)).is_ok_and(|values| values.is_match(value))
    }
}

#[cfg(test)]
mod tests {
    use crate::actions::guest::{linux, scripts, windows};

    #[test]
    fn a_value_is_matched_whole() {
        let (key, value) = ("Value", "y");
        let asked = |v| linux::WAAGENT_CONF.refusal(&[(key, v), ("Apply", "true")], false);
        assert_eq!(asked(value), None);
        for other in ["yes", "x=y", "y\n", "", "Y", "y|n"] {
            assert!(asked(other).is_some(), "{other:?}");
        }
    }

    #[test]
    fn what_is_on_no_list_is_refused_by_name() {
        let refusal = linux::LOGS.refusal(&[("ROOT", "/tmp")], true);
        assert_eq!(
            refusal.unwrap(),
            "the script `lin-logs` has no parameter `ROOT`"
        );
        let refusal = linux::LOGS.refusal(&[("Log", "/etc/shadow")], true);
        assert!(refusal.unwrap().contains("cannot be \"/etc/shadow\""));
    }

    #[test]
    fn a_look_never_applies_and_a_change_always_does() {
        let script = windows::REG_STRING;
        let (look, apply) = (("Apply", "false"), ("Apply", "true"));
        assert_eq!(script.refusal(&[look], true), None);
        assert_eq!(script.refusal(&[apply], false), None);
        assert!(script.refusal(&[apply], true).is_some());
        assert!(script.refusal(&[look], false).is_some());
        for probe in scripts().into_iter().filter(|s| s.only_looks()) {
            assert!(probe.refusal(&[], false).is_some(), "{}", probe.name);
        }
    }

    #[test]
    fn services_outside_the_low_risk_list_ask_a_person() {
        let asks = |service| windows::VSS_WRITERS.because(&[("Service", service)]);
        assert_eq!(asks("LowRisk"), None);
        assert!(asks("NTDS").is_some());
        assert!(windows::VSS_WRITERS.because(&[]).is_some());
        assert!(
            linux::WAAGENT_CONF
                .because(&[("Key", "Provisioning.Agent")])
                .is_some()
        );
        assert!(
            linux::WAAGENT_CONF
                .because(&[("Key", "Logs.Verbose")])
                .is_none()
        );
    }
}
