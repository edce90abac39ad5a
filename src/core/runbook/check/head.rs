//! What stands above the steps: code, matching, references, parameters.

use crate::core::runbook::claim;
use crate::core::runbook::model::{Parameter, Procedure, Reference, Runbook, VERSION, whole};

use super::facts::Declared;
use super::problems::{At, Problems};
use super::{Vocabulary, code};

/// Checks what stands above the steps of a runbook.
pub(super) fn check(runbook: &Runbook, vocabulary: &Vocabulary, problems: &mut Problems<'_>) {
    version(runbook.version, problems);
    if !is_code(&runbook.code) {
        spelled(
            "code",
            &runbook.code,
            "letters, digits, `_`, `-` and `.`, a letter first",
            problems,
        );
    }
    for (index, alias) in runbook.matching.aliases.iter().enumerate() {
        let path = format!("match.aliases[{index}]");
        if !is_code(alias) {
            spelled(
                &path,
                alias,
                "letters, digits, `_`, `-` and `.`, a letter first",
                problems,
            );
        }
    }
    for (index, pattern) in runbook.matching.messages.iter().enumerate() {
        if let Err(error) = claim::pattern(pattern) {
            not_a_pattern(&format!("match.messages[{index}]"), &error, problems);
        }
    }
    if let Some(state) = &runbook.matching.state {
        let declared = Declared::new(vocabulary, None);
        declared.condition("match.state", state, problems);
    }
    references(&runbook.references, problems);
    for (name, parameter) in runbook.parameters.iter() {
        check_parameter(name, parameter, problems);
    }
    if runbook.steps.is_empty() {
        problems.add(
            &At::Value("steps"),
            code::STEPS,
            "a runbook has at least one step",
            None,
        );
    }
}

/// Checks what stands above the steps of a procedure.
pub(super) fn check_procedure(procedure: &Procedure, problems: &mut Problems<'_>) {
    version(procedure.version, problems);
    kebab("name", &procedure.name, problems);
    references(&procedure.references, problems);
    for (name, parameter) in procedure.parameters.iter() {
        check_parameter(name, parameter, problems);
    }
    if procedure.steps.is_empty() {
        problems.add(
            &At::Value("steps"),
            code::STEPS,
            "a procedure has at least one step",
            None,
        );
    }
}

/// Checks an id or a name: `clean-up`.
pub(super) fn kebab(path: &str, word: &str, problems: &mut Problems<'_>) {
    let small = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let good = word.starts_with(|c: char| c.is_ascii_lowercase())
        && word
            .split('-')
            .all(|part| !part.is_empty() && part.chars().all(small));
    if !good {
        spelled(
            path,
            word,
            "small letters and digits with `-` between, such as `clean-up`",
            problems,
        );
    }
}

fn spelled(path: &str, word: &str, rule: &str, problems: &mut Problems<'_>) {
    let message = format!("`{}` is not spelled as it must be", word.escape_debug());
    problems.add(
        &At::Value(path),
        code::SPELLING,
        message,
        Some(format!("use {rule}")),
    );
}

fn version(version: u32, problems: &mut Problems<'_>) {
    if version != VERSION {
        let message = format!("version {version} is not known here");
        problems.add(
            &At::Value("version"),
            code::VERSION,
            message,
            Some("write `version: 1`".into()),
        );
    }
}

fn is_code(code: &str) -> bool {
    code.len() <= 128
        && code.starts_with(|c: char| c.is_ascii_alphabetic())
        && code
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

fn references(references: &[Reference], problems: &mut Problems<'_>) {
    if references.is_empty() {
        let help = "add `references:` with title, url and the day it was reviewed";
        let message = "no document is cited";
        problems.add(
            &At::Key("references"),
            code::REFERENCE,
            message,
            Some(help.into()),
        );
    }
    for (index, reference) in references.iter().enumerate() {
        let url = &reference.url;
        if !url.starts_with("https://") || url.contains(char::is_whitespace) {
            let path = format!("references[{index}].url");
            let message = "the address of a document starts with `https://`";
            problems.add(&At::Value(&path), code::REFERENCE, message, None);
        }
    }
}

fn check_parameter(name: &str, parameter: &Parameter, problems: &mut Problems<'_>) {
    let path = format!("parameters.{name}");
    let good = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !good {
        let message = format!("`{}` is not spelled as it must be", name.escape_debug());
        let help = Some("use small letters, digits and `_`, a letter first".to_owned());
        problems.add(&At::Key(&path), code::SPELLING, message, help);
    }
    if let Some(Err(error)) = parameter.pattern.as_deref().map(whole) {
        not_a_pattern(&format!("{path}.pattern"), &error, problems);
        return;
    }
    if let (Some(least), Some(most)) = (parameter.minimum, parameter.maximum)
        && least > most
    {
        let message = format!("the minimum {least} is above the maximum {most}");
        problems.add(
            &At::Value(&format!("{path}.minimum")),
            code::PARAMETER,
            message,
            None,
        );
        return;
    }
    let alone = Parameter {
        choices: Vec::new(),
        ..parameter.clone()
    };
    for (index, choice) in parameter.choices.iter().enumerate() {
        if let Err(why) = alone.accepts(choice) {
            let at = format!("{path}.enum[{index}]");
            problems.add(
                &At::Value(&at),
                code::PARAMETER,
                format!("`{name}` {why}"),
                None,
            );
        }
    }
    if let Some(default) = &parameter.default
        && let Err(why) = parameter.accepts(default)
    {
        let at = format!("{path}.default");
        problems.add(
            &At::Value(&at),
            code::PARAMETER,
            format!("`{name}` {why}"),
            None,
        );
    }
}

fn not_a_pattern(path: &str, error: &regex::Error, problems: &mut Problems<'_>) {
    let text = error.to_string();
    let why = text.lines().last().unwrap_or_default().trim();
    let why = why.strip_prefix("error: ").unwrap_or(why);
    let message = format!("this is not a regular expression: {why}");
    problems.add(&At::Value(path), code::PATTERN, message, None);
}
