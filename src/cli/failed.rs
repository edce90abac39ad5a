//! What went wrong before, around or instead of a run, as a report.

use crate::base::{ErrorClass, Failure};
use crate::cli::output::{Format, Output, to_stderr};
use crate::core::plan::sealed::Unfit;
use crate::core::report::Report;
use crate::core::report::exit::Exit;
use crate::ops::OpsError;

/// Tells an error in the form that was asked for, and ends as it says.
pub(super) fn tell(error: &OpsError, output: &Output) -> Exit {
    if let (OpsError::BadRunbook(drawn), Format::Text | Format::Ndjson) = (error, output.format) {
        // Drawn mistakes keep their lines.
        to_stderr(&format!("{}\n", drawn.trim_end()));
        return Exit::BadRunbook;
    }
    output.report(&report(error))
}

/// The report of an error.
pub(super) fn report(error: &OpsError) -> Report {
    let message = error.to_string();
    let plain = |exit| Report::of_error(&message, None, exit);
    match error {
        OpsError::Usage(_)
        | OpsError::NoSuchCode { .. }
        | OpsError::NoSuchRun(_)
        | OpsError::Superseded { .. } => plain(Exit::Usage),
        OpsError::NoFailure(_) => plain(Exit::NeedsHuman),
        OpsError::BadRunbook(_) => plain(Exit::BadRunbook),
        OpsError::Azure { failure } => {
            Report::of_error(&message, Some(failure), of_failure(failure))
        }
        OpsError::Journal(_) | OpsError::UnreadableExport { .. } => plain(Exit::Journal),
        OpsError::NotExported { .. } => plain(Exit::Failed),
        OpsError::Busy { .. } => plain(Exit::Busy),
        OpsError::Refused(refusal, plan) => Report::of_refusal(plan, refusal),
        OpsError::MissingPermissions(plan) => Report::of_missing_rights(plan),
        OpsError::Unsaved(..) => plain(Exit::Usage),
        OpsError::Unfit(_, Unfit::Expired(_)) | OpsError::Spent { .. } => {
            plain(Exit::NeedsApproval)
        }
        OpsError::Unfit(..) => plain(Exit::BadRunbook),
        OpsError::StillOut { .. } => plain(Exit::LockOut),
        OpsError::Moved { file, moved, plan } => Report::of_moved(plan, file, moved),
        OpsError::Bug(_) => plain(Exit::Bug),
    }
}

fn of_failure(failure: &Failure) -> Exit {
    match failure.class {
        // What does not exist, a person has to find out about.
        ErrorClass::NotFound => Exit::NeedsHuman,
        // Nothing was asked of Azure: something that was given to us is wrong or missing.
        ErrorClass::Invalid if failure.status.is_none() => Exit::Usage,
        class => Exit::of_class(class),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::core::journal::RunId;
    use crate::core::outcome::RunOutcome;

    #[test]
    fn every_error_has_the_exit_code_of_the_design() {
        let azure = |class| OpsError::from(Failure::new(class, "read the VM", "no"));
        let bad = OpsError::BadRunbook("x".to_owned());
        let unknown = OpsError::NoSuchCode {
            code: "X".to_owned(),
            did_you_mean: None,
        };
        let spent = OpsError::Spent {
            file: "f".to_owned(),
            run: RunId("r".to_owned()),
            outcome: RunOutcome::Fixed,
        };
        let out = OpsError::StillOut {
            file: "f".to_owned(),
            run: RunId("r".to_owned()),
            out: "`keep`".to_owned(),
        };
        for (error, code) in [
            (OpsError::Usage("x".to_owned()), 64),
            (unknown, 64),
            (bad, 65),
            (azure(ErrorClass::Unreachable), 69),
            (azure(ErrorClass::Auth), 77),
            (azure(ErrorClass::Forbidden), 77),
            (azure(ErrorClass::NotFound), 5),
            (azure(ErrorClass::Transient), 1),
            (OpsError::Unsaved("f".to_owned(), Unfit::Secret), 64),
            (OpsError::Unfit("f".to_owned(), Unfit::Edited), 65),
            (OpsError::Unfit("f".to_owned(), Unfit::OtherStore), 65),
            (
                OpsError::Unfit("f".to_owned(), Unfit::Expired(Timestamp::MAX)),
                4,
            ),
            (spent, 4),
            (out, 7),
            (OpsError::Bug("x".to_owned()), 70),
        ] {
            assert_eq!(report(&error).exit.code(), code, "{error}");
        }
    }
}
