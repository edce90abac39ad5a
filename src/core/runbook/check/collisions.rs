//! What two documents claim.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::base::diagnostics::Diagnostic;
use crate::core::runbook::expand::Procedures;
use crate::core::runbook::model::{Procedure, Runbook};
use crate::core::runbook::parse::Parsed;

use super::code;

/// Codes, aliases and numbers that two runbooks claim, codes and aliases compared without case;
/// each with both places.
#[must_use]
pub fn collisions(runbooks: &[Parsed<Runbook>]) -> Vec<Diagnostic> {
    let mut first: BTreeMap<String, (&str, Range<usize>)> = BTreeMap::new();
    let mut found = Vec::new();
    for parsed in runbooks {
        for (what, claim, path) in claims(&parsed.document) {
            let span = parsed.spans.value(&path);
            if let Some((file, earlier)) = first.get(&claim.to_lowercase()) {
                let message = format!("the {what} `{}` is taken", claim.escape_debug());
                let diagnostic = Diagnostic::error(code::TAKEN, &parsed.file, span, message)
                    .related(file, earlier.clone(), "by this")
                    .helped("each code, alias and number belongs to one runbook");
                found.push(diagnostic);
            } else {
                first.insert(claim.to_lowercase(), (&parsed.file, span));
            }
        }
    }
    found
}

/// What a runbook answers to: what it is, the claim, and its path.
fn claims(runbook: &Runbook) -> Vec<(&'static str, String, String)> {
    let mut claims = vec![("code", runbook.code.clone(), "code".to_owned())];
    for (index, alias) in runbook.matching.aliases.iter().enumerate() {
        claims.push(("alias", alias.clone(), format!("match.aliases[{index}]")));
    }
    for (index, number) in runbook.matching.numbers.iter().enumerate() {
        claims.push((
            "number",
            number.to_string(),
            format!("match.numbers[{index}]"),
        ));
    }
    claims
}

/// The procedure's name, when another one has it.
#[must_use]
pub fn name_taken(parsed: &Parsed<Procedure>, procedures: &Procedures) -> Option<Diagnostic> {
    let other = procedures.get(&parsed.document.name)?;
    let message = format!(
        "the name `{}` is taken",
        parsed.document.name.escape_debug()
    );
    let span = parsed.spans.value("name");
    let diagnostic = Diagnostic::error(code::TAKEN, &parsed.file, span, message);
    Some(diagnostic.related(&other.file, other.spans.value("name"), "by this procedure"))
}
