//! What two documents claim.

use std::ops::Range;

use crate::base::diagnostics::Diagnostic;
use crate::core::runbook::expand::Procedures;
use crate::core::runbook::model::{Numbers, Procedure, Runbook};
use crate::core::runbook::parse::Parsed;

use super::code;

/// Something that one runbook alone may have.
enum Claimed {
    /// A code or an alias, in lower case.
    Name(String),
    /// Numbers: none of them may be another's.
    Numbers(Numbers),
    /// All that nobody else answers.
    Anything,
}

impl Claimed {
    fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(name), Self::Name(other)) => name == other,
            (Self::Numbers(numbers), Self::Numbers(other)) => numbers.meets(other),
            (Self::Anything, Self::Anything) => true,
            _ => false,
        }
    }
}

/// Codes, aliases and numbers that two runbooks claim, codes and aliases compared without case;
/// each with both places.
#[must_use]
pub fn collisions(runbooks: &[Parsed<Runbook>]) -> Vec<Diagnostic> {
    let mut first: Vec<(Claimed, &str, Range<usize>)> = Vec::new();
    let mut found = Vec::new();
    for parsed in runbooks {
        for (what, claimed, path) in claims(&parsed.document) {
            let span = parsed.spans.value(&path);
            let taken = first.iter().find(|(earlier, ..)| earlier.meets(&claimed));
            if let Some((_, file, earlier)) = taken {
                let message = format!("the {what} is taken");
                let diagnostic = Diagnostic::error(code::TAKEN, &parsed.file, span, message)
                    .related(file, earlier.clone(), "by this")
                    .helped("each code, alias and number belongs to one runbook");
                found.push(diagnostic);
            } else {
                first.push((claimed, &parsed.file, span));
            }
        }
    }
    found
}

/// What a runbook answers to: what it is, the claim, and its path.
fn claims(runbook: &Runbook) -> Vec<(String, Claimed, String)> {
    let matching = &runbook.matching;
    let name = |what: &str, name: &str, path: String| {
        let shown = format!("{what} `{}`", name.escape_debug());
        (shown, Claimed::Name(name.to_lowercase()), path)
    };
    let mut claims = vec![name("code", &runbook.code, "code".to_owned())];
    for (index, alias) in matching.aliases.iter().enumerate() {
        claims.push(name("alias", alias, format!("match.aliases[{index}]")));
    }
    for (index, numbers) in matching.numbers.iter().enumerate() {
        let path = format!("match.numbers[{index}]");
        claims.push((
            format!("number `{numbers}`"),
            Claimed::Numbers(*numbers),
            path,
        ));
    }
    if matching.anything {
        let path = "match.anything".to_owned();
        claims.push((
            "place of the runbook for anything else".to_owned(),
            Claimed::Anything,
            path,
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
