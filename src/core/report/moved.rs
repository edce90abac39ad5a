//! A saved plan that is not applied, because the world is another one by now.

use crate::core::outcome::RunOutcome;
use crate::core::plan::Plan;
use crate::core::plan::rest::Moved;
use crate::core::report::Report;
use crate::core::report::exit::Exit;
use crate::core::report::page::{Line, Mark, Page, Tone};

impl Report {
    /// A saved plan that was not applied, because the world has moved; nothing was sent. `plan` is
    /// the plan as it would be now.
    #[must_use]
    pub fn of_moved(plan: &Plan, file: &str, moved: &[Moved]) -> Self {
        let reason = format!(
            "the world has moved since `{file}` was saved, so nothing was sent; look at the plan as it is now, and save or approve that one"
        );
        Self {
            exit: Exit::NeedsApproval,
            outcome: Some(RunOutcome::NeedsApproval),
            reason,
            moved: moved.to_vec(),
            ..Self::of_plan(plan)
        }
    }
}

/// What moved, step by step.
pub(super) fn tell(page: &mut Page, moved: &[Moved]) {
    for moved in moved {
        let line = match moved.step.as_str() {
            "" => Line::default(),
            step => Line::default().then(Tone::Strong, step).text(": "),
        };
        page.item(Mark::Dash, line.text(&moved.what), Vec::new());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::plan::Verdict;
    use crate::core::report::samples;
    use crate::core::report::text::{Paint, render};

    #[test]
    fn what_moved_is_told_under_every_plan_with_its_step_and_that_nothing_was_sent() {
        let moved =
            [("", "the tenant was `a`"), ("unlock", "`b` is new")].map(|(step, what)| Moved {
                step: step.to_owned(),
                what: what.to_owned(),
            });
        let mut stopped = samples::plan();
        stopped.verdict = Some(Verdict {
            outcome: RunOutcome::NothingToDo,
            reason: "healed".to_owned(),
            failure: None,
        });
        for plan in [samples::plan(), stopped] {
            let report = Report::of_moved(&plan, "plan.json", &moved);
            assert_eq!(report.exit, Exit::NeedsApproval);
            let told = render(&report, Paint::None);
            for line in ["- the tenant was `a`", "- unlock: `b` is new"] {
                assert!(told.contains(line), "{told}");
            }
            assert!(told.contains("nothing was sent") && told.contains("`plan.json`"));
        }
    }
}
