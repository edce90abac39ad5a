//! Why a runbook was chosen, told in one field and a list of what else fits.

use crate::core::report::page::{Line, Mark, Page};
use crate::core::report::tell_plan::sentence;
use crate::core::runbook::answer::Answer;

/// Tells why, and what else a field speaks for.
pub(super) fn answered(page: &mut Page, answer: &Answer) {
    page.field("Chosen", Line::new(sentence(&answer.to_string())));
    for other in &answer.alternatives {
        let line = Line::new("not taken: ").text(other.to_string());
        page.item(Mark::Dash, line, Vec::new());
    }
}
