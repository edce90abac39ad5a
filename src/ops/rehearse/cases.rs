//! The cases of a folder: where they are, and what each begins with.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::base::diagnostics::did_you_mean;
use crate::base::yaml;
use crate::core::plan::Plan;
use crate::core::plan::consent::Consent;
use crate::core::runbook::risk::Risk;
use crate::ops::documents::drawn;
use crate::ops::rehearse::{read_world, vm_id};
use crate::ops::{Ask, OpsError};
use crate::sim::{Sim, World};

/// The folder beside runbooks that holds their rehearsals.
pub const FOLDER: &str = "rehearsals";

/// What goes into a case.
const FILES: [&str; 3] = ["world.yaml", "faults.yaml", "ask.yaml"];

/// One rehearsal: a folder that holds `world.yaml`, in a folder named for an error code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Case {
    /// The error code that is asked about.
    pub code: String,
    /// What it shows: the name of its folder.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// The folder of the runbooks that it rehearses, where `rehearsals` stands beside runbooks.
    pub runbooks: Option<PathBuf>,
}

/// What a case begins with.
#[derive(Debug)]
pub struct Scene {
    /// Azure as it stands, faults and all.
    pub sim: Sim,
    /// What is asked for.
    pub question: Question,
}

/// `ask.yaml`; without one, the plain question.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Question {
    /// The VM, by its name.
    pub vm: String,
    /// Parameters of the runbook.
    pub params: BTreeMap<String, String>,
    /// Who agrees to what.
    pub consent: Agreement,
    /// How long backup jobs are waited for.
    pub wait_minutes: u64,
    /// Whether to go on although nothing proves the complaint.
    pub force: bool,
}

/// Who agrees to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// A person agrees to all of the plan.
    #[default]
    Plan,
    /// `--yes`.
    Yes,
    /// `--yes --max-risk destructive`.
    YesDestructive,
    /// Nobody.
    None,
}

impl Default for Question {
    fn default() -> Self {
        Self {
            vm: "web1".to_owned(),
            params: BTreeMap::new(),
            consent: Agreement::default(),
            wait_minutes: 120,
            force: false,
        }
    }
}

impl Question {
    /// What is asked of the tool, about a code in a world.
    #[must_use]
    pub fn ask(&self, code: &str, world: &World) -> Ask {
        Ask {
            code: Some(code.to_owned()),
            vm: vm_id(world, &self.vm),
            params: self.params.clone().into_iter().collect(),
            force: self.force,
        }
    }

    /// The consent to a plan.
    #[must_use]
    pub fn consent(&self, plan: &Plan) -> Consent {
        let up_to = |max_risk| Consent::Yes { max_risk };
        match self.consent {
            Agreement::Plan => Consent::Plan {
                fingerprint: plan.fingerprint.clone(),
                max_risk: None,
            },
            Agreement::Yes => up_to(Risk::Reversible),
            Agreement::YesDestructive => up_to(Risk::Destructive),
            Agreement::None => Consent::None,
        }
    }

    /// How long backup jobs are waited for.
    #[must_use]
    pub fn wait(&self) -> Duration {
        Duration::from_secs(self.wait_minutes.saturating_mul(60))
    }
}

impl Case {
    /// Its code and its name.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}/{}", self.code, self.name)
    }

    /// Reads what it begins with.
    ///
    /// # Errors
    /// Every mistake, drawn; and files that no rehearsal has.
    pub fn read(&self) -> Result<Scene, OpsError> {
        self.nothing_strange()?;
        let world = self.text("world.yaml")?;
        let (world, faults) =
            read_world(&self.path("world.yaml"), &world, &self.text("faults.yaml")?)?;
        Ok(Scene {
            sim: Sim::new(world, faults),
            question: self.question()?,
        })
    }

    fn question(&self) -> Result<Question, OpsError> {
        let (text, file) = (self.text("ask.yaml")?, self.path("ask.yaml"));
        if text.trim().is_empty() {
            return Ok(Question::default());
        }
        let read = yaml::parse(&file, &text).map_err(|found| drawn(&file, &text, &found))?;
        Ok(read.value)
    }

    fn nothing_strange(&self) -> Result<(), OpsError> {
        for name in names_in(&self.folder)? {
            if is_yaml(&name) && !FILES.contains(&name.as_str()) {
                return Err(OpsError::BadRunbook(format!(
                    "`{}` is no part of a rehearsal: there are {}",
                    self.path(&name),
                    FILES.join(", ")
                )));
            }
        }
        Ok(())
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// A file's text; nothing where there is no such file.
    fn text(&self, name: &str) -> Result<String, OpsError> {
        match fs::read_to_string(self.folder.join(name)) {
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(String::new()),
            read => read.map_err(|e| cannot_read(&self.folder.join(name), &e)),
        }
    }
}

/// Every case at or below `place`, by code and name.
///
/// # Errors
/// When a folder cannot be read, or there is no case.
pub fn cases_in(place: &Path) -> Result<Vec<Case>, OpsError> {
    // The folders above name the code and the runbooks, also where `.` is given.
    let whole = fs::canonicalize(place).map_err(|e| cannot_read(place, &e))?;
    let (mut found, mut left) = (Vec::new(), vec![whole.clone()]);
    while let Some(folder) = left.pop() {
        if folder.join("world.yaml").is_file() {
            found.extend(case_at(&folder, |at| as_given(place, &whole, at)));
            continue;
        }
        for name in names_in(&folder)? {
            let inside = folder.join(&name);
            // Hidden folders are other programs' affair.
            if inside.is_dir() && !name.starts_with('.') {
                left.push(inside);
            }
        }
    }
    found.sort();
    if found.is_empty() {
        return Err(OpsError::Usage(format!(
            "there is no rehearsal in `{}`: a rehearsal is a folder {FOLDER}/CODE/CASE that holds world.yaml",
            place.display()
        )));
    }
    Ok(found)
}

/// The cases that are named: by a folder, by a code, or by both parts of a case (`CODE/CASE`),
/// which are looked for in `rehearsals` beside the runbooks of `beside`; all of those, when
/// nothing is named.
///
/// # Errors
/// When a name is that of nothing; with the one that may have been meant.
pub fn named(names: &[String], beside: &Path) -> Result<Vec<Case>, OpsError> {
    let home = beside.join(FOLDER);
    if names.is_empty() && !home.is_dir() {
        return Err(OpsError::Usage(format!(
            "there is no `{}`: name a folder of rehearsals, or the folder of the runbooks with --runbooks",
            home.display()
        )));
    }
    let mut found = BTreeSet::new();
    if names.is_empty() {
        found.extend(cases_in(&home)?);
    }
    for name in names {
        found.extend(cases_in(&place_of(name, &home)?)?);
    }
    Ok(found.into_iter().collect())
}

fn place_of(name: &str, home: &Path) -> Result<PathBuf, OpsError> {
    let given = Path::new(name);
    if given.is_dir() {
        return Ok(given.to_path_buf());
    }
    let codes = names_in(home).unwrap_or_default();
    let (code, case) = name.split_once('/').unwrap_or((name, ""));
    let alike = codes.iter().find(|known| known.eq_ignore_ascii_case(code));
    let inside = alike.map(|known| match case {
        "" => home.join(known),
        case => home.join(known).join(case),
    });
    if let Some(inside) = inside.filter(|inside| inside.is_dir()) {
        return Ok(inside);
    }
    let meant = did_you_mean(code, codes.iter().map(String::as_str));
    let meant = meant.map(|meant| format!("; did you mean `{meant}`?"));
    Err(OpsError::Usage(format!(
        "`{name}` is no folder, and `{}` has no rehearsal of that code{}",
        home.display(),
        meant.unwrap_or_default()
    )))
}

fn case_at(folder: &Path, shown: impl Fn(&Path) -> PathBuf) -> Option<Case> {
    let name = |at: &Path| Some(at.file_name()?.to_string_lossy().into_owned());
    let mut above = folder.ancestors();
    let rehearsals = above.find(|at| at.file_name().is_some_and(|name| name == FOLDER));
    let beside = rehearsals
        .and_then(Path::parent)
        .filter(|at| holds_runbooks(at));
    Some(Case {
        code: name(folder.parent()?)?,
        name: name(folder)?,
        folder: shown(folder),
        runbooks: beside.map(shown),
    })
}

/// A place below the one that was given, as the person who gave it would name it.
fn as_given(given: &Path, whole: &Path, at: &Path) -> PathBuf {
    match at.strip_prefix(whole) {
        Ok(rest) if rest.as_os_str().is_empty() => given.to_path_buf(),
        Ok(rest) => given.join(rest),
        Err(_) => at.to_path_buf(),
    }
}

fn holds_runbooks(folder: &Path) -> bool {
    let names = names_in(folder).unwrap_or_default();
    names.iter().any(|name| is_yaml(name))
}

fn is_yaml(name: &str) -> bool {
    name.ends_with(".yaml") || name.ends_with(".yml")
}

fn names_in(folder: &Path) -> Result<Vec<String>, OpsError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(|e| cannot_read(folder, &e))? {
        let entry = entry.map_err(|e| cannot_read(folder, &e))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    Ok(names)
}

fn cannot_read(what: &Path, why: &std::io::Error) -> OpsError {
    OpsError::BadRunbook(format!("cannot read `{}`: {why}", what.display()))
}
