//! The way back of each script that has one: what it is told so that what was there before stands
//! again.

use std::collections::BTreeMap;

use serde_json::Value;

/// How what a script did is put back.
pub(super) enum Way {
    /// By a script that is told `Undo`.
    Back(Back),
    /// Nothing of it lasts.
    Nothing,
    /// It stays, and why.
    Never(&'static str),
}

/// The script that goes back, what it is told, and what it puts back to what, for people.
pub(super) struct Back {
    pub(super) script: String,
    pub(super) told: BTreeMap<String, String>,
    pub(super) what: String,
    pub(super) was: String,
}

/// What was there before is not such that it may be written back.
pub(super) const ODD: &str = "what was there before is not such that it may be written back";

/// A copy was kept, and nobody has heard under which name.
const LOST: &str = "the script's answer was lost, so that it is not known which copy of the old file it kept; the \
                    copies lie beside the file";

/// The parameter that says what was there before.
const UNDO: &str = "Undo";

/// How what `script` did is put back, by what it was told and what it said of that.
pub(super) fn back(script: &str, told: BTreeMap<String, String>, result: &Value) -> Way {
    let named = |key: &str| told.get(key).cloned().unwrap_or_default();
    let own = |undo: Option<String>, what: String, was: String| match undo {
        None if result.get("kept").is_none() && script.starts_with("lin-") => Way::Never(LOST),
        None => Way::Never(ODD),
        Some(undo) => {
            let mut told = told.clone();
            told.insert(UNDO.to_owned(), undo);
            Way::Back(Back {
                script: script.to_owned(),
                told,
                what,
                was,
            })
        }
    };
    let from = text(result, "from");
    match script {
        "win-reg-string" => own(
            value(result),
            format!("the registry switch `{}`", named("Switch")),
            from.unwrap_or("absent").to_owned(),
        ),
        "win-strong-crypto" => own(
            strong_crypto(&list(result, "was")),
            "`SchUseStrongCrypto` of .NET".to_owned(),
            list(result, "was").join(", "),
        ),
        "lin-vmbackup-conf" | "lin-waagent-conf" => own(
            copy(result),
            format!("`{}` in {}.conf", named("Key"), file(script)),
            from.filter(|from| !from.is_empty())
                .unwrap_or("absent")
                .to_owned(),
        ),
        "lin-vmbackup-encoding" => own(
            copy(result).filter(|copy| copy != "absent"),
            "the text of vmbackup.conf".to_owned(),
            from.unwrap_or("what it was").to_owned(),
        ),
        "lin-agent-service" if text(result, "was_enabled") == Some("disabled") => own(
            Some("disabled".to_owned()),
            "the start of the agent's unit".to_owned(),
            "disabled".to_owned(),
        ),
        "lin-agent-service" => Way::Nothing,
        _ => services(script, result),
    }
}

fn file(script: &str) -> &str {
    script
        .strip_prefix("lin-")
        .and_then(|name| name.strip_suffix("-conf"))
        .unwrap_or(script)
}

/// `from` is the value with its kind in brackets, and null when there was none.
fn value(result: &Value) -> Option<String> {
    if result.get("from") == Some(&Value::Null) {
        return Some("absent".to_owned());
    }
    let (value, kind) = text(result, "from")?.strip_suffix(')')?.rsplit_once(" (")?;
    Some(format!("{kind}:{value}"))
}

/// `kept` is the path of the copy, and empty when there was no file.
fn copy(result: &Value) -> Option<String> {
    let kept = text(result, "kept")?;
    let name = kept.rsplit('/').next().unwrap_or_default();
    Some(if name.is_empty() { "absent" } else { name }.to_owned())
}

/// `Registry64 v4.0.30319 DWord:0` is `64v4:0`.
fn strong_crypto(was: &[&str]) -> Option<String> {
    let one = |was: &&str| {
        let (view, rest) = was.strip_prefix("Registry")?.split_once(' ')?;
        let (version, value) = rest.split_once(' ')?;
        let major = version.split('.').next()?;
        let value = value
            .strip_prefix("DWord:")
            .or((value == "none").then_some(value))?;
        Some(format!("{view}{major}:{value}"))
    };
    let all: Option<Vec<String>> = was.iter().map(one).collect();
    all.filter(|all| !all.is_empty()).map(|all| all.join("."))
}

/// A service whose start mode a script sets.
struct Start {
    service: &'static str,
    /// What is set, and what it has to be before for that.
    set: &'static str,
    from: &'static [&'static str],
    was: Option<String>,
}

impl Start {
    fn new(
        service: &'static str,
        set: &'static str,
        from: &'static [&'static str],
        was: Option<&str>,
    ) -> Self {
        let was = was.map(str::to_owned);
        Self {
            service,
            set,
            from,
            was,
        }
    }

    fn was_set(&self) -> bool {
        self.was
            .as_deref()
            .is_some_and(|was| self.from.contains(&was))
    }
}

const DISABLED: &[&str] = &["Disabled"];
const NOT_AUTO: &[&str] = &["Disabled", "Manual"];

/// The start modes that a script sets; what else it does stays, or does not last.
fn services(script: &str, result: &Value) -> Way {
    let was = list(result, "was");
    let of = |name: &str| {
        let found = was
            .iter()
            .find_map(|was| was.strip_prefix(name)?.strip_prefix(' '));
        found.and_then(start_mode)
    };
    let (starts, stays) = match script {
        "win-provider-service" => {
            let from = text(result, "from");
            (
                vec![Start::new("IaasVmProvider", "Auto", NOT_AUTO, from)],
                None,
            )
        }
        "win-vss-service" => {
            let was = text(result, "was").and_then(start_mode);
            (vec![Start::new("VSS", "Manual", DISABLED, was)], None)
        }
        "win-agent-restart" => {
            let start = |name| Start::new(name, "Auto", NOT_AUTO, of(name));
            (
                ["RdAgent", "WindowsAzureGuestAgent"].map(start).into(),
                None,
            )
        }
        "win-complus" => {
            let dtc = Start::new("MSDTC", "Auto", DISABLED, of("MSDTC"));
            let com = Start::new("COMSysApp", "Manual", DISABLED, of("COMSysApp"));
            let mut accounts = was.iter().filter(|was| was.starts_with("MSDTC "));
            let stays = accounts.any(|was| !has_own_account(was));
            let stays = stays.then_some("the account that MSDTC had takes a password");
            (vec![dtc, com], stays)
        }
        "win-vcredist" => {
            let was = text(result, "installer_was");
            let installed = result["from"] != result["to"];
            let stays = installed.then_some("a runtime that was installed stays");
            (
                vec![Start::new("msiserver", "Manual", DISABLED, was)],
                stays,
            )
        }
        _ => (Vec::new(), Some("its script has no way back")),
    };
    let mut starts = starts;
    starts.retain(Start::was_set);
    match (starts.is_empty(), stays) {
        (true, Some(why)) => Way::Never(why),
        (true, None) => Way::Nothing,
        (false, _) => Way::Back(start_modes(&starts, stays)),
    }
}

fn start_modes(starts: &[Start], stays: Option<&str>) -> Back {
    let was = |start: &Start| start.was.clone().unwrap_or_default();
    let joined = |one: &dyn Fn(&Start) -> String, by: &str| {
        starts.iter().map(one).collect::<Vec<_>>().join(by)
    };
    let undo = joined(&|s| format!("{}:{}:{}", s.service, s.set, was(s)), ".");
    let what = joined(&|s| format!("`{}`", s.service), " and ");
    let stays = stays.map(|why| format!(" ({why})")).unwrap_or_default();
    Back {
        script: "win-start-mode".to_owned(),
        told: BTreeMap::from([(UNDO.to_owned(), undo)]),
        what: format!("the start mode of {what}"),
        was: joined(&was, " and ") + &stays,
    }
}

/// The start mode in `State/StartMode` or `State/StartMode/Account`.
fn start_mode(was: &str) -> Option<&str> {
    was.split('/').nth(1)
}

fn has_own_account(was: &str) -> bool {
    let account = was.splitn(3, '/').nth(2).unwrap_or_default();
    account
        .replace(' ', "")
        .eq_ignore_ascii_case(r"NTAUTHORITY\NetworkService")
}

fn text<'a>(result: &'a Value, name: &str) -> Option<&'a str> {
    result.get(name).and_then(Value::as_str)
}

fn list<'a>(result: &'a Value, name: &str) -> Vec<&'a str> {
    let all = result.get(name).and_then(Value::as_array);
    all.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}
