//! What a failure says of itself, field by field: what runbooks are found by.
//!
//! Which fields a service has, and how far each can be believed, is for those to say who read
//! them; here are only the forms that such words have.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whose words they are. Earlier ones decide before later ones.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A person's.
    Given,
    /// The failed job's.
    Job,
    /// The protected item's: of its health, which may be older or newer than the job.
    Item,
    /// An alert's.
    Alert,
}

impl Place {
    /// Its name for people, after "of".
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Given => "the question",
            Self::Job => "the failed job",
            Self::Item => "the protected item",
            Self::Alert => "the alert",
        }
    }
}

/// What a field says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// A code, in a field that holds codes. Whoever wrote a title there has said nothing.
    Symbol(String),
    /// A number, with the code that it stands for, where that is known.
    Number(i64, Option<String>),
    /// A message. It may name a code among its words.
    Text(String),
    /// Advice: a code may stand in it, and its other words describe no failure.
    Advice(String),
    /// Small letters run together, a code among them.
    Joined(String),
}

/// One field and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clue {
    /// The field, as the service spells it: `errorDetails[0].errorTitle`.
    pub field: String,
    /// Whose it is.
    pub place: Place,
    /// What it says.
    pub says: Says,
}

/// All that a failure says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Symptom {
    /// What its fields say, in reading order.
    pub clues: Vec<Clue>,
    /// Codes that say nothing by themselves: another failure stands inside, in the message.
    pub wrapping: &'static [&'static str],
}

impl Symptom {
    /// Adds what a field says.
    pub fn push(&mut self, place: Place, field: impl Into<String>, says: Says) {
        self.clues.push(Clue {
            field: field.into(),
            place,
            says,
        });
    }

    /// Whether a code says nothing by itself.
    #[must_use]
    pub fn wraps(&self, code: &str) -> bool {
        self.wrapping.iter().any(|w| w.eq_ignore_ascii_case(code))
    }

    /// The code of the failure, when it says nothing by itself.
    #[must_use]
    pub fn wrapper(&self) -> Option<&str> {
        let codes = self
            .clues
            .iter()
            .filter_map(|c| c.symbol().or_else(|| c.numbered()));
        codes.into_iter().find(|code| self.wraps(code))
    }

    /// The codes that the job itself, or a person, gives: no runbook that has none of them is to
    /// answer, whatever the other fields say. A number speaks where no field has a code; a code
    /// that only wraps another failure says nothing.
    #[must_use]
    pub fn named(&self) -> Vec<&Clue> {
        let own = |clue: &&Clue| clue.place <= Place::Job;
        let of = |says: fn(&Clue) -> Option<&str>| -> Vec<&Clue> {
            let said = self.clues.iter().filter(own);
            said.filter(|clue| says(clue).is_some()).collect()
        };
        let symbols = of(Clue::symbol);
        let said = match symbols.is_empty() {
            true => of(Clue::numbered),
            false => symbols,
        };
        let wraps = |clue: &&Clue| {
            let code = clue.symbol().or_else(|| clue.numbered());
            code.is_some_and(|code| self.wraps(code))
        };
        said.into_iter().filter(|clue| !wraps(clue)).collect()
    }

    /// The code, as far as any field gives one.
    #[must_use]
    pub fn symbol(&self) -> Option<&str> {
        let numbered = || self.clues.iter().find_map(Clue::numbered);
        self.clues.iter().find_map(Clue::symbol).or_else(numbered)
    }

    /// The number.
    #[must_use]
    pub fn number(&self) -> Option<i64> {
        self.clues.iter().find_map(|clue| match clue.says {
            Says::Number(number, _) => Some(number),
            _ => None,
        })
    }

    /// The messages of the job, or whoever else speaks first, one after another.
    #[must_use]
    pub fn message(&self) -> Option<String> {
        let mut texts: Vec<&str> = Vec::new();
        let mut of = None;
        for clue in &self.clues {
            if let Says::Text(text) = &clue.says
                && *of.get_or_insert(clue.place) == clue.place
                && !texts.contains(&text.trim())
            {
                texts.push(text.trim());
            }
        }
        Some(texts.join(" ")).filter(|text| !text.is_empty())
    }
}

impl Clue {
    /// Its code, where it is one of a field that holds codes.
    #[must_use]
    pub fn symbol(&self) -> Option<&str> {
        match &self.says {
            Says::Symbol(symbol) if looks_like_a_code(symbol) => Some(symbol.trim()),
            _ => None,
        }
    }

    /// The code that its number stands for.
    #[must_use]
    pub fn numbered(&self) -> Option<&str> {
        match &self.says {
            Says::Number(_, symbol) => symbol.as_deref(),
            _ => None,
        }
    }
}

/// Whether a text is of the form that codes have: one word.
#[must_use]
pub fn looks_like_a_code(text: &str) -> bool {
    let text = text.trim();
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symptom(clues: &[(Place, Says)]) -> Symptom {
        let mut symptom = Symptom {
            wrapping: &["Wrapper"],
            ..Symptom::default()
        };
        for (place, says) in clues {
            symptom.push(*place, "f", says.clone());
        }
        symptom
    }

    fn code(code: &str) -> Says {
        Says::Symbol(code.to_owned())
    }

    #[test]
    fn a_job_is_named_by_its_code_else_by_its_number_and_never_by_a_wrapper() {
        let number = Says::Number(7, Some("ByNumber".to_owned()));
        let both = symptom(&[(Place::Job, number.clone()), (Place::Job, code("Own"))]);
        let said = |symptom: &Symptom| -> Vec<Says> {
            symptom.named().iter().map(|c| c.says.clone()).collect()
        };
        assert_eq!(said(&both), [code("Own")]);
        assert_eq!(said(&symptom(&[(Place::Job, number.clone())])), [number]);
        assert!(symptom(&[(Place::Job, code("WRAPPER"))]).named().is_empty());
        assert!(symptom(&[(Place::Item, code("Own"))]).named().is_empty());
        assert!(symptom(&[(Place::Job, code("A title"))]).named().is_empty());
    }

    #[test]
    fn the_message_is_all_that_the_first_who_speaks_says() {
        let text = |text: &str| Says::Text(text.to_owned());
        let said = symptom(&[
            (Place::Job, text("Outer. ")),
            (Place::Job, text("Inner.")),
            (Place::Job, text("Outer.")),
            (Place::Item, text("Health.")),
        ]);
        assert_eq!(said.message().as_deref(), Some("Outer. Inner."));
        assert_eq!(symptom(&[]).message(), None);
    }
}
