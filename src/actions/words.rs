//! Small words for people that several actions use.

use jiff::Timestamp;

/// "1 lock", "3 locks".
pub(super) fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

/// "2026-11-21 03:10 UTC".
pub(super) fn when(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// What a lock or a right sits on: "`rg-web`", "the subscription `1111…`". A subscription is known
/// by its id alone, which says nothing of what it is.
pub(super) fn place(scope: &str) -> String {
    let name = scope.trim_end_matches('/').rsplit('/').next();
    let name = name.unwrap_or(scope);
    match scope.trim_matches('/').split('/').collect::<Vec<_>>()[..] {
        [kind, _] if kind.eq_ignore_ascii_case("subscriptions") => {
            format!("the subscription `{name}`")
        }
        _ => format!("`{name}`"),
    }
}

/// Names as a list: "`a`, `b` and `c`".
pub(super) fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|n| format!("`{n}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscription_is_called_one_and_all_else_goes_by_its_name() {
        for (scope, words) in [
            ("/subscriptions/1-2", "the subscription `1-2`"),
            ("/Subscriptions/1-2/", "the subscription `1-2`"),
            ("/subscriptions/1-2/resourceGroups/rg", "`rg`"),
            ("", "``"),
        ] {
            assert_eq!(place(scope), words, "{scope}");
        }
    }
}
