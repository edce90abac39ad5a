//! What ARM says in English only: the missing permission, the locked scopes, the seconds to wait.
//!
//! Every request asks for `en-US`. What does not match is left out, never guessed.

/// The scopes that a `ScopeLocked` message names as locked; empty when it names none.
///
/// The sentence differs between services, so this is a hint: the locks themselves are read.
#[must_use]
pub fn locked_scopes(message: &str) -> Vec<String> {
    let lower = message.to_ascii_lowercase();
    let Some(at) = lower.find("locked:") else {
        return Vec::new();
    };
    let mut rest = &message[at + "locked:".len()..];
    let mut scopes = Vec::new();
    while let Some((inside, after)) = quoted(rest) {
        scopes.extend(
            inside
                .split(',')
                .map(str::trim)
                .filter(|s| s.starts_with('/'))
                .map(str::to_owned),
        );
        rest = after;
    }
    scopes
}

/// Action and scope of an authorization failure; of a linked one, those that are missing.
pub(crate) fn missing_permission(message: &str) -> Option<(String, Option<String>)> {
    let at = message.rfind("perform action")?;
    let (action, rest) = quoted(&message[at..])?;
    let scope = rest
        .find("scope")
        .and_then(|at| quoted(&rest[at..]))
        .map(|(scope, _)| scope.to_owned());
    Some((
        action.to_owned(),
        scope.filter(|scope| scope.starts_with('/')),
    ))
}

/// Seconds in "try again after '324' seconds": the gateway's 429 says them only in words.
pub(crate) fn seconds_to_wait(message: &str) -> Option<u64> {
    let lower = message.to_ascii_lowercase();
    let at = lower.find("again after")? + "again after".len();
    let rest = lower[at..].trim_start_matches([' ', '\'', '"']);
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    let number = rest[..end].parse().ok()?;
    let unit = rest[end..].trim_start_matches([' ', '\'', '"']);
    unit.starts_with("second").then_some(number)
}

/// The text between the next two single quotes, and what follows.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let (_, rest) = text.split_once('\'')?;
    rest.split_once('\'')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locked_scopes_are_read_and_not_the_refused_one() {
        let message = "The scope '/subscriptions/s/resourceGroups/rg/providers/x/y/z' cannot perform delete operation because following scope(s) are locked: '/subscriptions/s/resourceGroups/rg,/subscriptions/s'. Please remove the lock and try again.";
        assert_eq!(
            locked_scopes(message),
            ["/subscriptions/s/resourceGroups/rg", "/subscriptions/s"]
        );
        assert_eq!(
            locked_scopes("a parent scope has a delete lock"),
            Vec::<String>::new()
        );
        assert_eq!(
            locked_scopes("scopes are locked: '/a' and '/b'. It's done"),
            ["/a", "/b"]
        );
    }

    #[test]
    fn the_missing_action_and_its_scope_are_named() {
        let plain = "The client 'x' with object id 'y' does not have authorization to perform action 'Microsoft.Compute/virtualMachines/read' over scope '/subscriptions/s' or the scope is invalid.";
        assert_eq!(
            missing_permission(plain),
            Some((
                "Microsoft.Compute/virtualMachines/read".into(),
                Some("/subscriptions/s".into())
            ))
        );
        let linked = "The client has permission to perform action 'A/write' on scope '/a'; however, it does not have permission to perform action 'B/read' on the linked scope(s) '/b' or the linked scope(s) are invalid.";
        assert_eq!(
            missing_permission(linked),
            Some(("B/read".into(), Some("/b".into())))
        );
        assert_eq!(missing_permission("no"), None);
    }

    #[test]
    fn only_seconds_count_as_a_wait() {
        let throttled = "exceeded the limit of '150' for time interval '01:00:00'. Please try again after '324' seconds.";
        assert_eq!(seconds_to_wait(throttled), Some(324));
        assert_eq!(seconds_to_wait("Try again after 6 seconds"), Some(6));
        assert_eq!(seconds_to_wait("try again after '5' minutes"), None);
        assert_eq!(seconds_to_wait("try again after a while"), None);
    }
}
