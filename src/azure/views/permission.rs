//! What the caller may do at a scope.

use serde::{Deserialize, Serialize};

use super::wire::{Text, list};

/// What one role allows, and what it takes back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Grant {
    /// Allowed, with `*` for any text.
    pub actions: Vec<String>,
    /// Taken back from the above.
    pub not_actions: Vec<String>,
}

/// All that the caller may do at one scope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Permissions {
    /// One grant for each role; they add up.
    pub grants: Vec<Grant>,
}

impl Permissions {
    /// Whether `action` (`Microsoft.Authorization/locks/delete`) is allowed. A `notActions` takes
    /// back from its own role alone: another role may still allow.
    #[must_use]
    pub fn allows(&self, action: &str) -> bool {
        let action = action.to_ascii_lowercase();
        let among = |patterns: &[String]| {
            patterns
                .iter()
                .any(|p| matches(&p.to_ascii_lowercase(), &action))
        };
        self.grants
            .iter()
            .any(|grant| among(&grant.actions) && !among(&grant.not_actions))
    }
}

/// Whether `text` is `pattern` with each `*` standing for any text, the empty one too.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::azure) struct WireGrant {
    #[serde(deserialize_with = "list")]
    actions: Vec<Text>,
    #[serde(deserialize_with = "list")]
    not_actions: Vec<Text>,
}

impl From<WireGrant> for Grant {
    fn from(wire: WireGrant) -> Self {
        let texts = |texts: Vec<Text>| texts.into_iter().map(|text| text.0).collect();
        Self {
            actions: texts(wire.actions),
            not_actions: texts(wire.not_actions),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(actions: &[&str], not_actions: &[&str]) -> Grant {
        let own = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect();
        Grant {
            actions: own(actions),
            not_actions: own(not_actions),
        }
    }

    #[test]
    fn wildcards_stand_for_any_text_and_case_does_not_count() {
        for (pattern, action, expected) in [
            ("*", "Microsoft.Compute/disks/read", true),
            ("*/read", "microsoft.compute/DISKS/read", true),
            ("*/read", "Microsoft.Compute/disks/delete", false),
            (
                "Microsoft.Authorization/*/Delete",
                "Microsoft.Authorization/locks/delete",
                true,
            ),
            (
                "Microsoft.Authorization/locks/*",
                "Microsoft.Authorization/locks/delete",
                true,
            ),
            (
                "Microsoft.Authorization/locks/delete",
                "Microsoft.Authorization/locks/delete",
                true,
            ),
            (
                "Microsoft.Authorization/locks/delete",
                "Microsoft.Authorization/locks/deletex",
                false,
            ),
            (
                "Microsoft.Compute/*/a/*/read",
                "Microsoft.Compute/x/a/y/read",
                true,
            ),
            ("ab*ba", "aba", false),
        ] {
            let permissions = Permissions {
                grants: vec![grant(&[pattern], &[])],
            };
            assert_eq!(permissions.allows(action), expected, "{pattern} {action}");
        }
    }

    #[test]
    fn what_one_role_takes_back_another_may_give() {
        let contributor = grant(&["*"], &["Microsoft.Authorization/*/Delete"]);
        let locks = grant(&["Microsoft.Authorization/locks/*"], &[]);
        let action = "Microsoft.Authorization/locks/delete";
        assert!(
            !Permissions {
                grants: vec![contributor.clone()]
            }
            .allows(action)
        );
        assert!(
            Permissions {
                grants: vec![contributor, locks]
            }
            .allows(action)
        );
        assert!(
            !Permissions::default().allows(action),
            "no grant allows nothing"
        );
    }
}
