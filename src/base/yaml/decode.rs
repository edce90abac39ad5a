//! The second pass: the tree becomes a type, and mistakes are found one after the other.
//!
//! Serde stops at the first mistake. So the mistaken part is left out, or replaced by something
//! that fits, and the tree is read again until it can be read whole. Mistakes inside a part that
//! was replaced say nothing and are not reported.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use serde_path_to_error::Segment;

use super::explain::{self, Fault};
use super::spans::Spans;
use super::{Document, Draft};

/// Enough for a person to mend in one go; a text with more mistakes is something else.
const MOST_REPORTED: usize = 50;
/// Each round reads the tree once: bounds the time that a hopeless text takes.
const MOST_ROUNDS: usize = 300;

/// The nth thing to try after which a word of an enumeration is no longer tried.
const WORDS: usize = 6;

/// One step of a path into the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Key(String),
    Index(usize),
}

/// Reads the tree as `T`, with all mistakes that can be told apart.
pub(super) fn decode<T: DeserializeOwned>(file: &str, mut tree: Value, spans: Spans) -> Draft<T> {
    let mut diagnostics = Vec::new();
    let mut repairs = Repairs::default();
    for _ in 0..MOST_ROUNDS {
        let error = match serde_path_to_error::deserialize::<_, T>(&tree) {
            Ok(value) => {
                let document = Some(Document { value, spans });
                return Draft {
                    document,
                    diagnostics,
                    spoiled: repairs.spoiled,
                };
            }
            Err(error) => error,
        };
        let fault = Fault::read(&error.inner().to_string());
        let place = place(error.path(), &fault);
        let known = repairs.covering(&place);
        if known.is_none() {
            diagnostics.push(explain::fault(file, &fault, &place, &tree, &spans));
        }
        if diagnostics.len() >= MOST_REPORTED || !repairs.mend(&mut tree, known, place, &fault) {
            break;
        }
    }
    Draft {
        document: None,
        diagnostics,
        spoiled: repairs.spoiled,
    }
}

/// The part that is at fault: serde names the mapping when a field is missing in it.
fn place(path: &serde_path_to_error::Path, fault: &Fault) -> Vec<Part> {
    let mut place: Vec<Part> = path
        .iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(Part::Index(*index)),
            Segment::Map { key } => Some(Part::Key(key.clone())),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect();
    match fault {
        Fault::Missing { field } => place.push(Part::Key(field.clone())),
        Fault::Unknown { field, .. } if place.last() != Some(&Part::Key(field.clone())) => {
            place.push(Part::Key(field.clone()));
        }
        _ => {}
    }
    place
}

/// What was done to the tree so far.
#[derive(Default)]
struct Repairs {
    /// The parts that were touched, each with the next thing to try.
    tried: Vec<(Vec<Part>, usize)>,
    spoiled: Vec<String>,
}

impl Repairs {
    /// The innermost touched part that holds `place`.
    fn covering(&self, place: &[Part]) -> Option<usize> {
        (0..self.tried.len())
            .filter(|&i| place.starts_with(&self.tried[i].0))
            .max_by_key(|&i| self.tried[i].0.len())
    }

    /// Tries the next thing at the touched part `known`, or the first at `place`; false when
    /// nothing is left to try.
    fn mend(
        &mut self,
        tree: &mut Value,
        known: Option<usize>,
        place: Vec<Part>,
        fault: &Fault,
    ) -> bool {
        let (mut place, mut next) = match known {
            Some(index) => {
                if let Fault::Variant { known, .. } = fault
                    && let Some(word) = known.first()
                    && self.tried[index].0 == place
                    && self.tried[index].1 <= WORDS
                {
                    self.tried[index].1 = WORDS + 1;
                    return put(tree, &place, json!(word));
                }
                self.tried.swap_remove(index)
            }
            None => (place, usize::from(matches!(fault, Fault::Missing { .. }))),
        };
        loop {
            if place.is_empty() {
                return false;
            }
            match try_at(tree, &place, next) {
                Tried::Done => {
                    let path = explain::path(&place);
                    if !self.spoiled.contains(&path) {
                        self.spoiled.push(path);
                    }
                    self.tried.push((place, next + 1));
                    return true;
                }
                Tried::NotHere => next += 1,
                Tried::Exhausted => {
                    place.pop();
                    next = 0;
                    if let Some(index) = self.tried.iter().position(|(other, _)| *other == place) {
                        (place, next) = self.tried.swap_remove(index);
                    }
                }
            }
        }
    }
}

/// Puts `value` at `place`, when the part above it is there.
fn put(tree: &mut Value, place: &[Part], value: Value) -> bool {
    let Some((last, above)) = place.split_last() else {
        return false;
    };
    match (parent(tree, above), last) {
        (Some(Value::Object(fields)), Part::Key(key)) => {
            fields.insert(key.clone(), value);
            true
        }
        (Some(Value::Array(items)), Part::Index(index)) => {
            items.get_mut(*index).is_some_and(|item| {
                *item = value;
                true
            })
        }
        _ => false,
    }
}

fn parent<'a>(tree: &'a mut Value, above: &[Part]) -> Option<&'a mut Value> {
    above.iter().try_fold(tree, |at, part| match part {
        Part::Key(key) => at.get_mut(key),
        Part::Index(index) => at.get_mut(index),
    })
}

enum Tried {
    Done,
    NotHere,
    Exhausted,
}

/// Leaves the part out (0), or puts the nth thing in its place that a field may take.
fn try_at(tree: &mut Value, place: &[Part], nth: usize) -> Tried {
    let filler = match nth {
        0 => return leave_out(tree, place),
        1 => json!(""),
        2 => json!([]),
        3 => Value::Object(Map::new()),
        4 => json!(0),
        5 => json!(false),
        6 => Value::Null,
        _ => return Tried::Exhausted,
    };
    if put(tree, place, filler) {
        Tried::Done
    } else {
        Tried::Exhausted
    }
}

fn leave_out(tree: &mut Value, place: &[Part]) -> Tried {
    let Some((last, above)) = place.split_last() else {
        return Tried::Exhausted;
    };
    match (parent(tree, above), last) {
        (Some(Value::Object(fields)), Part::Key(key)) => {
            fields.shift_remove(key);
            Tried::Done
        }
        // Leaving an item out would move the places of those after it.
        (Some(Value::Array(_)), Part::Index(_)) => Tried::NotHere,
        _ => Tried::Exhausted,
    }
}
