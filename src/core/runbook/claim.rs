//! What one runbook answers to: its codes, numbers and messages, and the fields that hold them.

use regex::{Regex, RegexBuilder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::core::symptom::{Clue, Place, Says, Symptom};

use super::model::Matching;

/// Shorter names are words of messages: in a text they are not taken for codes.
const NAME_IN_TEXT: usize = 10;

/// How a failure found its runbook. Earlier ones decide before later ones.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum MatchedBy {
    /// The error code is the runbook's own.
    Code,
    /// The error code is one of its aliases.
    Alias,
    /// By the numeric error code.
    Number,
    /// By the words of the message.
    Message,
    /// The runbook answers any failure that no other does.
    Anything,
}

/// One field that a runbook answers to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The runbook's code.
    pub runbook: String,
    /// By what.
    pub by: MatchedBy,
    /// The field, as the service spells it.
    pub field: String,
    /// Whose field it is.
    pub place: Place,
    /// What it says: the code, the number, the words.
    pub said: String,
    /// True when the code is the whole field, and not one of its words.
    pub whole: bool,
}

impl Finding {
    /// Smaller is believed before greater: code before number before message, the job before the
    /// item before an alert, a field that holds codes before a text.
    pub(super) fn rank(&self) -> (MatchedBy, Place, bool) {
        // A code and an alias are the same to whoever fails with them.
        let by = match self.by {
            MatchedBy::Alias => MatchedBy::Code,
            by => by,
        };
        (by, self.place, !self.whole)
    }
}

/// What a runbook answers to.
#[derive(Clone, Debug, Default)]
pub struct Claim {
    code: String,
    matching: Matching,
    messages: Vec<Regex>,
}

impl Claim {
    /// That of a runbook; patterns that are none are left out.
    #[must_use]
    pub fn new(code: &str, matching: &Matching) -> Self {
        let messages = matching.messages.iter();
        Self {
            code: code.to_owned(),
            messages: messages.filter_map(|text| pattern(text).ok()).collect(),
            matching: matching.clone(),
        }
    }

    /// Whether it answers what no other does.
    #[must_use]
    pub fn is_anything(&self) -> bool {
        self.matching.anything
    }

    /// Every name that it has, its own code first.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        [self.code.as_str()]
            .into_iter()
            .chain(self.matching.aliases.iter().map(String::as_str))
    }

    /// By which field it answers the failure, the first to be believed; none when the failure
    /// names itself otherwise.
    #[must_use]
    pub fn answers(&self, symptom: &Symptom) -> Option<Finding> {
        if self.is_anything() {
            return Some(Finding {
                runbook: self.code.clone(),
                by: MatchedBy::Anything,
                field: String::new(),
                place: Place::Job,
                said: String::new(),
                whole: false,
            });
        }
        if !self.may_answer(symptom) {
            return None;
        }
        self.findings(symptom).into_iter().min_by_key(Finding::rank)
    }

    /// Whether the failure does not name itself, or names this.
    pub(super) fn may_answer(&self, symptom: &Symptom) -> bool {
        let named = symptom.named();
        let own = |clue: &&Clue| match &clue.says {
            Says::Number(number, symbol) => {
                self.has(*number) || symbol.as_deref().is_some_and(|s| self.name(s).is_some())
            }
            _ => clue
                .symbol()
                .is_some_and(|symbol| self.name(symbol).is_some()),
        };
        named.is_empty() || named.iter().any(own)
    }

    /// Every field that it answers to.
    pub(super) fn findings(&self, symptom: &Symptom) -> Vec<Finding> {
        symptom
            .clues
            .iter()
            .flat_map(|clue| self.found(clue))
            .collect()
    }

    fn found(&self, clue: &Clue) -> Vec<Finding> {
        let finding = |by, said: String, whole| Finding {
            runbook: self.code.clone(),
            by,
            field: clue.field.clone(),
            place: clue.place,
            said,
            whole,
        };
        match &clue.says {
            Says::Symbol(_) => {
                let symbol = clue.symbol().unwrap_or_default();
                let by = self.name(symbol);
                by.map(|by| finding(by, symbol.to_owned(), true))
                    .into_iter()
                    .collect()
            }
            Says::Number(number, symbol) => {
                let stands_for = symbol.as_deref().and_then(|s| self.name(s));
                let known = stands_for.is_some() || self.has(*number);
                let by = known.then(|| finding(MatchedBy::Number, number.to_string(), true));
                by.into_iter().collect()
            }
            Says::Text(text) => {
                let words = self.longest_message(text);
                let words = words.map(|words| finding(MatchedBy::Message, words, false));
                let named = self.named_in(text, Edges::OfWords);
                let named = named.map(|(by, name)| finding(by, name, false));
                words.into_iter().chain(named).collect()
            }
            Says::Advice(text) => {
                let named = self.named_in(text, Edges::OfWords);
                named
                    .map(|(by, name)| finding(by, name, false))
                    .into_iter()
                    .collect()
            }
            Says::Joined(text) => {
                let named = self.named_in(text, Edges::Any);
                named
                    .map(|(by, name)| finding(by, name, false))
                    .into_iter()
                    .collect()
            }
        }
    }

    /// What of a message it answers to: the longest piece.
    fn longest_message(&self, text: &str) -> Option<String> {
        let text = normalised(text);
        let found = self
            .messages
            .iter()
            .filter_map(|m| Some(m.find(&text)?.as_str()));
        found.max_by_key(|words| words.len()).map(str::to_owned)
    }

    /// Which of its names stands in a text: the longest.
    fn named_in(&self, text: &str, edges: Edges) -> Option<(MatchedBy, String)> {
        let text = text.to_lowercase();
        let long = self.names().filter(|name| name.len() >= NAME_IN_TEXT);
        let found = long.filter(|name| stands_in(&name.to_lowercase(), &text, edges));
        let name = found.max_by_key(|name| name.len())?;
        Some((self.name(name)?, name.to_owned()))
    }

    /// How it is called so, if it is.
    fn name(&self, code: &str) -> Option<MatchedBy> {
        let same = |name: &str| name.eq_ignore_ascii_case(code.trim());
        if same(&self.code) {
            return Some(MatchedBy::Code);
        }
        let alias = self.matching.aliases.iter().any(|alias| same(alias));
        alias.then_some(MatchedBy::Alias)
    }

    fn has(&self, number: i64) -> bool {
        self.matching.numbers.iter().any(|one| one.has(number))
    }
}

/// Where a name in a text may begin and end.
#[derive(Clone, Copy)]
enum Edges {
    OfWords,
    Any,
}

fn stands_in(name: &str, text: &str, edges: Edges) -> bool {
    let free = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
    text.match_indices(name).any(|(at, _)| match edges {
        Edges::Any => true,
        Edges::OfWords => {
            free(text[..at].chars().next_back()) && free(text[at + name.len()..].chars().next())
        }
    })
}

/// A pattern on a message, made plain as messages are. Bounded: it comes from a file.
///
/// # Errors
/// When it is not a regular expression.
pub fn pattern(text: &str) -> Result<Regex, regex::Error> {
    let mut plain = straight(text);
    // Messages end without full stops; a pattern that ends with one would never fit.
    while let Some(shorter) = without_final_stop(&plain) {
        plain = shorter;
    }
    RegexBuilder::new(&plain)
        .case_insensitive(true)
        .size_limit(1 << 20)
        .build()
}

fn without_final_stop(pattern: &str) -> Option<String> {
    let rest = pattern.trim_end_matches(' ').strip_suffix('.')?;
    let escapes = rest.len() - rest.trim_end_matches('\\').len();
    Some(rest[..rest.len() - escapes % 2].to_owned())
}

/// A message as patterns see it: lower-cased, blanks collapsed, straight quotes, no final full
/// stops.
#[must_use]
pub fn normalised(message: &str) -> String {
    let straight = straight(&message.to_lowercase());
    straight.trim_end_matches(['.', '\u{2026}', ' ']).to_owned()
}

/// Plain apostrophes and quotes, and one blank where there are several.
fn straight(text: &str) -> String {
    let plain = text
        .replace(
            [
                '\u{2018}', '\u{2019}', '\u{201b}', '\u{2bc}', '\u{2032}', '\u{b4}', '`',
            ],
            "'",
        )
        .replace(
            ['\u{201c}', '\u{201d}', '\u{201e}', '\u{201f}', '\u{2033}'],
            "\"",
        );
    let words: Vec<&str> = plain.split_whitespace().collect();
    words.join(" ")
}

#[cfg(test)]
mod tests;
