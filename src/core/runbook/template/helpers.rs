//! The helpers: pure functions of values. Each refuses what it cannot compare or count, where
//! Handlebars' own would quietly say false.

use std::cmp::Ordering;

use serde_json::Value;

/// One helper.
#[derive(Clone, Copy, Debug)]
pub(super) struct Helper {
    /// What expressions call it.
    pub(super) name: &'static str,
    least: usize,
    most: usize,
    /// Computes it; the error is a fragment.
    pub(super) compute: fn(&[Value]) -> Result<Value, String>,
}

/// The most arguments of `and` and `or`.
const MANY: usize = 8;

const HELPERS: &[Helper] = &[
    helper("eq", 2, 2, |v| Ok(same(&v[0], &v[1]).into())),
    helper("ne", 2, 2, |v| Ok((!same(&v[0], &v[1])).into())),
    helper("gt", 2, 2, |v| order("gt", v).map(|o| o.is_gt().into())),
    helper("gte", 2, 2, |v| order("gte", v).map(|o| o.is_ge().into())),
    helper("lt", 2, 2, |v| order("lt", v).map(|o| o.is_lt().into())),
    helper("lte", 2, 2, |v| order("lte", v).map(|o| o.is_le().into())),
    helper("and", 2, MANY, |v| {
        Ok(truths("and", v)?.into_iter().all(|t| t).into())
    }),
    helper("or", 2, MANY, |v| {
        Ok(truths("or", v)?.into_iter().any(|t| t).into())
    }),
    helper("not", 1, 1, |v| {
        Ok((!truths("not", v)?.into_iter().all(|t| t)).into())
    }),
    helper("len", 1, 1, len),
    helper("default", 2, 2, |v| {
        Ok(if v[0].is_null() {
            v[1].clone()
        } else {
            v[0].clone()
        })
    }),
    helper("lower", 1, 1, lower),
    helper("contains", 2, 2, contains),
    helper("any", 1, 1, |v| Ok((items("any", &v[0])? > 0).into())),
    helper("count", 1, 1, |v| Ok(items("count", &v[0])?.into())),
    helper("join", 2, 2, join),
];

const fn helper(
    name: &'static str,
    least: usize,
    most: usize,
    compute: fn(&[Value]) -> Result<Value, String>,
) -> Helper {
    Helper {
        name,
        least,
        most,
        compute,
    }
}

impl Helper {
    /// All helpers.
    pub(super) fn all() -> &'static [Self] {
        HELPERS
    }

    /// The helper called `name`.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        HELPERS.iter().find(|helper| helper.name == name)
    }

    /// The names of all helpers.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        HELPERS.iter().map(|helper| helper.name)
    }

    /// Whether it takes so many arguments.
    pub(super) fn takes(&self, count: usize) -> bool {
        (self.least..=self.most).contains(&count)
    }

    /// How many arguments it takes, for people.
    pub(super) fn arguments(&self) -> String {
        match (self.least, self.most) {
            (1, 1) => "one argument".to_owned(),
            (2, 2) => "two arguments".to_owned(),
            (least, most) => format!("{least} to {most} arguments"),
        }
    }

    /// Computes it. The number of arguments is checked first: a helper may index its own.
    pub(super) fn call(&self, values: &[Value]) -> Result<Value, String> {
        if !self.takes(values.len()) {
            return Err(format!("`{}` needs {}", self.name, self.arguments()));
        }
        (self.compute)(values)
    }
}

/// A value for people, in a word or two.
pub(super) fn what(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(_) => "a mapping".to_owned(),
        Value::String(text) if text.chars().count() > 60 => "a long text".to_owned(),
        other => format!("`{other}`"),
    }
}

/// Numbers are the same when they are equal, however they are written.
fn same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(_), Some(_)) => number_order(a, b) == Some(Ordering::Equal),
        _ => a == b,
    }
}

fn number_order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a.as_i64(), b.as_i64()) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

fn order(name: &str, values: &[Value]) -> Result<Ordering, String> {
    let (a, b) = (&values[0], &values[1]);
    let order = match (a, b) {
        (Value::Number(_), Value::Number(_)) => number_order(a, b),
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        _ => None,
    };
    order.ok_or_else(|| {
        format!(
            "`{name}` compares two numbers or two texts, not {} and {}",
            what(a),
            what(b)
        )
    })
}

fn truths(name: &str, values: &[Value]) -> Result<Vec<bool>, String> {
    let truth = |value: &Value| {
        value
            .as_bool()
            .ok_or_else(|| format!("`{name}` takes true or false, not {}", what(value)))
    };
    values.iter().map(truth).collect()
}

fn len(values: &[Value]) -> Result<Value, String> {
    match &values[0] {
        Value::String(text) => Ok(text.chars().count().into()),
        Value::Array(items) => Ok(items.len().into()),
        Value::Object(fields) => Ok(fields.len().into()),
        other => Err(format!(
            "`len` takes a text, a list or a mapping, not {}",
            what(other)
        )),
    }
}

fn lower(values: &[Value]) -> Result<Value, String> {
    match &values[0] {
        Value::String(text) => Ok(text.to_lowercase().into()),
        other => Err(format!("`lower` takes a text, not {}", what(other))),
    }
}

/// What is absent contains nothing.
fn contains(values: &[Value]) -> Result<Value, String> {
    match (&values[0], &values[1]) {
        (Value::String(text), Value::String(part)) => Ok(text.contains(part.as_str()).into()),
        (Value::Array(items), wanted) => Ok(items.iter().any(|item| same(item, wanted)).into()),
        (Value::Null, _) => Ok(false.into()),
        (other, part) => Err(format!(
            "`contains` looks for a text in a text or for an item in a list, not for {} in {}",
            what(part),
            what(other)
        )),
    }
}

/// A list that is absent has no items: a list that could not be read never gets here.
fn items(name: &str, value: &Value) -> Result<usize, String> {
    match value {
        Value::Array(items) => Ok(items.len()),
        Value::Null => Ok(0),
        other => Err(format!("`{name}` takes a list, not {}", what(other))),
    }
}

fn join(values: &[Value]) -> Result<Value, String> {
    let (Value::Array(items), Value::String(between)) = (&values[0], &values[1]) else {
        return Err(format!(
            "`join` takes a list and a text, not {} and {}",
            what(&values[0]),
            what(&values[1])
        ));
    };
    let texts: Result<Vec<String>, String> = items.iter().map(scalar).collect();
    Ok(texts?.join(between).into())
}

/// A value as part of a text.
///
/// # Errors
/// When it is absent or has parts: a name made of nothing would address something else.
pub(super) fn scalar(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        other => Err(format!("{} cannot be part of a text", what(other))),
    }
}
