//! Plans in files: saved by `plan --out`, applied once by `apply FILE`.

use std::io::{ErrorKind, Read as _};
use std::path::Path;
use std::time::Duration;

use crate::base::SealKey;
use crate::base::filesystem::write_new;
use crate::core::facts::Target;
use crate::core::journal::uses::Uses;
use crate::core::plan::build::Request;
use crate::core::plan::rest::{Moved, elsewhere, other_runbook, rest};
use crate::core::plan::sealed::SealedPlan;
use crate::core::plan::{FromFile, Plan};
use crate::ops::plan::{planned, target};
use crate::ops::{OpsError, World};

/// No plan is longer: hundreds of changes are some hundred kilobytes.
const LONGEST: u64 = 16 * 1024 * 1024;

/// Refuses a name that is taken, before anything is looked at.
///
/// # Errors
/// When something of that name exists: a saved plan is never written over.
pub fn is_free(path: &Path) -> Result<(), OpsError> {
    if path.symlink_metadata().is_ok() {
        return Err(taken(path));
    }
    Ok(())
}

fn taken(path: &Path) -> OpsError {
    OpsError::Usage(format!(
        "`{}` exists already, and a plan is not written over anything: give --out another name, or remove it",
        path.display()
    ))
}

/// Saves `plan` in a new file that its owner alone can read, good for so long, and returns the
/// plan with that said of it.
///
/// # Errors
/// When the plan holds a secret, or the file cannot be made.
pub fn save(
    world: &World,
    mut plan: Plan,
    path: &Path,
    good_for: Duration,
) -> Result<Plan, OpsError> {
    let place = path.display().to_string();
    let key = key(world)?;
    let id = world.chance.uuid().to_string();
    let unfit = |why| OpsError::Unsaved(place.clone(), why);
    let sealed = SealedPlan::of(&plan, id, world.clock.now(), good_for, key).map_err(unfit)?;
    let text = sealed
        .text(key)
        .map_err(|why| OpsError::Bug(why.to_string()))?;
    SealedPlan::open(&text, key, sealed.issued).map_err(unfit)?;
    write_new(path, &text).map_err(|why| match why.kind() {
        ErrorKind::AlreadyExists => taken(path),
        _ => OpsError::Usage(format!("cannot write the plan to `{place}`: {why}")),
    })?;
    plan.from_file = Some(of(&sealed, place, &Uses::default()));
    Ok(plan)
}

/// Reads a saved plan, looks again, and returns what is left of it.
///
/// # Errors
/// When the file cannot be believed any more, is about another VM than `vm`, was applied already,
/// or the world has moved in a way that matters; nothing was sent.
pub async fn open(world: &World, path: &Path, vm: Option<&str>) -> Result<Plan, OpsError> {
    let place = path.display().to_string();
    let text = read(path)?;
    let sealed = SealedPlan::open(&text, key(world)?, world.clock.now())
        .map_err(|why| OpsError::Unfit(place.clone(), why))?;
    if let Some(vm) = vm {
        agrees(&target(world, vm)?, &sealed.plan.target, &place)?;
    }
    let uses = Uses::of(&*world.store, &sealed.plan, &sealed.id, None).await?;
    if let Some((run, outcome)) = uses.spent {
        return Err(OpsError::Spent {
            file: place,
            run,
            outcome,
        });
    }
    nothing_out(world, &uses, &place).await?;
    let fresh = again(world, &sealed.plan, &place).await?;
    let file = of(&sealed, place.clone(), &uses);
    if fresh.verdict.is_some() {
        return Ok(with(fresh, file));
    }
    match rest(&sealed.plan, &fresh, &uses.done) {
        Ok(plan) => Ok(with(plan, file)),
        Err(moved) => Err(has_moved(&place, moved, fresh)),
    }
}

/// What an interrupted run has borrowed, that run puts back: what is left of the plan knows nothing
/// of it.
async fn nothing_out(world: &World, uses: &Uses, file: &str) -> Result<(), OpsError> {
    for row in world.store.loans().await? {
        let mut users = row.users.into_iter();
        if let Some(run) = users.find(|run| uses.runs.contains_key(&run.0)) {
            let (file, out) = (file.to_owned(), format!("`{}`", row.loan.resource));
            return Err(OpsError::StillOut { file, run, out });
        }
    }
    Ok(())
}

fn key(world: &World) -> Result<&SealKey, OpsError> {
    let none = || OpsError::Usage("this world has no key to seal plans with".to_owned());
    world.seal_key.as_ref().ok_or_else(none)
}

fn with(plan: Plan, file: FromFile) -> Plan {
    Plan {
        from_file: Some(file),
        ..plan
    }
}

fn of(sealed: &SealedPlan, path: String, uses: &Uses) -> FromFile {
    FromFile {
        id: sealed.id.clone(),
        path,
        expires: sealed.expires,
        fingerprint: sealed.plan.fingerprint.clone(),
        runs: uses.runs.clone(),
    }
}

fn has_moved(file: &str, moved: Vec<Moved>, plan: Plan) -> OpsError {
    OpsError::Moved {
        file: file.to_owned(),
        moved,
        plan: Box::new(plan),
    }
}

fn read(path: &Path) -> Result<String, OpsError> {
    let place = path.display();
    let unread = |why: std::io::Error| match why.kind() {
        ErrorKind::InvalidData => {
            OpsError::BadRunbook(format!("cannot apply `{place}`: it is no text"))
        }
        _ => OpsError::Usage(format!("cannot read the saved plan `{place}`: {why}")),
    };
    let file = std::fs::File::open(path).map_err(unread)?;
    let mut text = String::new();
    file.take(LONGEST)
        .read_to_string(&mut text)
        .map_err(unread)?;
    Ok(text)
}

fn agrees(given: &Target, saved: &Target, file: &str) -> Result<(), OpsError> {
    if given.key() == saved.key() {
        return Ok(());
    }
    Err(OpsError::Usage(format!(
        "`{file}` is a plan for `{}`, and --vm names `{}`: leave --vm out, or plan for that VM",
        saved.id, given.id
    )))
}

/// Plans the same again: same VM, runbook and parameters, under the same name in the same place.
async fn again(world: &World, saved: &Plan, file: &str) -> Result<Plan, OpsError> {
    let context = world.context().await?;
    let mut moved = elsewhere(&saved.context, context);
    let found = world.catalogue().find(&saved.runbook.code).ok();
    moved.extend(other_runbook(
        saved,
        found.map(|runbook| runbook.hash()).as_deref(),
    ));
    let Some(runbook) = found.filter(|_| moved.is_empty()) else {
        return Err(has_moved(file, moved, saved.clone()));
    };
    let request = Request {
        runbook,
        target: saved.target.clone(),
        params: saved.params.clone(),
        force: saved.forced,
        context: context.clone(),
        approved: Some(saved),
        now: world.clock.now(),
    };
    planned(world, request).await
}
