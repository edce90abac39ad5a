//! The subset of OData filters that these services take: comparisons joined by `and`.

/// One comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) struct Term {
    pub(in crate::sim) key: String,
    pub(in crate::sim) operator: String,
    pub(in crate::sim) value: String,
}

/// The comparisons of `filter`; an empty one has none.
///
/// # Errors
/// Says what was expected where.
pub(in crate::sim) fn parse(filter: &str) -> Result<Vec<Term>, String> {
    let mut rest = filter.trim();
    let mut terms = Vec::new();
    while !rest.is_empty() {
        let wrong = || format!("The filter is not valid near '{rest}'.");
        let (key, after) = rest.split_once(' ').ok_or_else(wrong)?;
        let (operator, after) = after.trim_start().split_once(' ').ok_or_else(wrong)?;
        if !["eq", "ge", "le"].contains(&operator.to_ascii_lowercase().as_str()) {
            return Err(wrong());
        }
        let quoted = after.trim_start().strip_prefix('\'').ok_or_else(wrong)?;
        let (value, after) = quoted.split_once('\'').ok_or_else(wrong)?;
        terms.push(Term {
            key: key.to_owned(),
            operator: operator.to_ascii_lowercase(),
            value: value.to_owned(),
        });
        let after = after.trim_start();
        rest = match after.get(..3) {
            Some(and) if and.eq_ignore_ascii_case("and") => after[3..].trim_start(),
            _ if after.is_empty() => after,
            _ => return Err(wrong()),
        };
    }
    Ok(terms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparisons_are_joined_by_and() {
        let terms = parse("a eq 'x y' and b ge '1'").unwrap();
        assert_eq!(terms.len(), 2);
        assert_eq!(
            (terms[0].value.as_str(), terms[1].operator.as_str()),
            ("x y", "ge")
        );
        assert_eq!(parse(""), Ok(Vec::new()));
    }

    #[test]
    fn anything_else_is_refused() {
        for filter in [
            "a",
            "a eq",
            "a eq b",
            "a eq 'b",
            "a ne 'b'",
            "a eq 'b' or c eq 'd'",
        ] {
            assert!(parse(filter).is_err(), "{filter}");
        }
    }
}
