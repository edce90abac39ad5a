//! Azure resource ids: shown as Azure wrote them, compared as Azure compares them.
//!
//! One id comes back in several casings (an upper-cased group, `/Subscriptions/`), so equality,
//! order and hash ignore case, over the whole id. Invariant: an id has no empty, `.` or `..`
//! segment and none of `? # % \`, so that it can become a path without meaning anything else.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Why a text is not a resource id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// It does not begin with a subscription.
    #[error("`{0}` is not a resource id: it must begin with /subscriptions/<id>")]
    NoSubscription(String),
    /// A segment is empty, or leads out of its parent.
    #[error("`{0}` is not a resource id: it has an empty, `.` or `..` segment")]
    Segment(String),
    /// It has a character that no resource id has.
    #[error("`{0}` is not a resource id: it has the character {1:?}")]
    Character(String, char),
    /// A name or a type is missing at its end.
    #[error("`{0}` is not a resource id: a name is missing after its last segment")]
    Cut(String),
}

/// The id of a subscription, a resource group or a resource.
#[derive(Clone)]
pub struct ResourceId {
    text: String,
    key: String,
}

impl ResourceId {
    /// Reads an id; a slash at its end is dropped.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let text = text.trim();
        let text = text.strip_suffix('/').unwrap_or(text);
        if let Some(bad) = text
            .chars()
            .find(|c| c.is_control() || r"?#%\".contains(*c))
        {
            return Err(IdError::Character(text.to_owned(), bad));
        }
        let mut segments = text.split('/');
        let rooted = segments.next() == Some("");
        let first = segments.next().unwrap_or_default();
        if !rooted || !first.eq_ignore_ascii_case("subscriptions") {
            return Err(IdError::NoSubscription(text.to_owned()));
        }
        if text[1..]
            .split('/')
            .any(|s| s.trim().is_empty() || s == "." || s == "..")
        {
            return Err(IdError::Segment(text.to_owned()));
        }
        let id = Self::new(text.to_owned());
        if id.is_complete() {
            Ok(id)
        } else {
            Err(IdError::Cut(id.text))
        }
    }

    /// The id as Azure wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The id in lower case: what to key a table by.
    #[must_use]
    pub fn key(&self) -> String {
        self.key.clone()
    }

    /// The subscription's own identifier.
    #[must_use]
    pub fn subscription(&self) -> &str {
        self.segments().get(1).copied().unwrap_or_default()
    }

    /// The id of the subscription.
    #[must_use]
    pub fn subscription_id(&self) -> Self {
        self.first(2)
    }

    /// The name of the resource group, when the id is in one.
    #[must_use]
    pub fn resource_group(&self) -> Option<&str> {
        let segments = self.segments();
        let named = segments.get(2)?.eq_ignore_ascii_case("resourceGroups");
        if named {
            segments.get(3).copied()
        } else {
            None
        }
    }

    /// The id of the resource group, when the id is in one.
    #[must_use]
    pub fn group_id(&self) -> Option<Self> {
        self.resource_group().map(|_| self.first(4))
    }

    /// The last segment: the name of the resource, group or subscription.
    #[must_use]
    pub fn name(&self) -> &str {
        self.text.rsplit('/').next().unwrap_or_default()
    }

    /// `Microsoft.Compute/virtualMachines`, in the id's casing; empty for groups and subscriptions.
    #[must_use]
    pub fn resource_type(&self) -> String {
        let segments = self.segments();
        let Some(at) = segments
            .iter()
            .rposition(|s| s.eq_ignore_ascii_case("providers"))
        else {
            return String::new();
        };
        let Some((namespace, rest)) = segments[at + 1..].split_first() else {
            return String::new();
        };
        let types = rest.iter().step_by(2).copied();
        std::iter::once(*namespace)
            .chain(types)
            .collect::<Vec<_>>()
            .join("/")
    }

    /// What it names, for people: a resource of some type, a resource group or a subscription.
    #[must_use]
    pub fn kind(&self) -> String {
        match (self.resource_type(), self.resource_group()) {
            (kind, _) if !kind.is_empty() => format!("a `{kind}`"),
            (_, Some(_)) => "a resource group".to_owned(),
            (_, None) => "a subscription".to_owned(),
        }
    }

    /// Whether the resource is of this type, ignoring case.
    #[must_use]
    pub fn is_type(&self, resource_type: &str) -> bool {
        self.resource_type().eq_ignore_ascii_case(resource_type)
    }

    /// Whether `other` is this resource or lies below it.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        match other.key.strip_prefix(&self.key) {
            Some(rest) => rest.is_empty() || rest.starts_with('/'),
            None => false,
        }
    }

    /// The id with `suffix` below it: `vm.child("extensions/x")`.
    ///
    /// The suffix is joined as it is; one that could leave its parent is refused when the request
    /// for it is made.
    #[must_use]
    pub fn child(&self, suffix: &str) -> Self {
        Self::new(format!("{}/{}", self.text, suffix.trim_matches('/')))
    }

    /// The id cut before its last `/providers/<resource_type>/…`: the scope that an extension
    /// resource such as a lock hangs on.
    #[must_use]
    pub fn scope_of(&self, resource_type: &str) -> Option<Self> {
        let marker = format!("/providers/{}/", resource_type.to_lowercase());
        let at = self.text.to_ascii_lowercase().rfind(&marker)?;
        Self::parse(&self.text[..at]).ok()
    }

    fn new(text: String) -> Self {
        Self {
            key: text.to_lowercase(),
            text,
        }
    }

    fn segments(&self) -> Vec<&str> {
        self.text.trim_start_matches('/').split('/').collect()
    }

    fn first(&self, count: usize) -> Self {
        Self::new(format!("/{}", self.segments()[..count].join("/")))
    }

    /// Names follow types: pairs before `providers`, and one namespace after it.
    fn is_complete(&self) -> bool {
        let segments = self.segments();
        let mut at = 0;
        while at < segments.len() {
            at += if segments[at].eq_ignore_ascii_case("providers") {
                4
            } else {
                2
            };
            if at > segments.len() {
                return false;
            }
        }
        true
    }
}

impl FromStr for ResourceId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::parse(text)
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text)
    }
}

impl PartialEq for ResourceId {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for ResourceId {}

impl PartialOrd for ResourceId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ResourceId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl Hash for ResourceId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl Serialize for ResourceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for ResourceId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VM: &str =
        "/subscriptions/S1/resourceGroups/Rg/providers/Microsoft.Compute/virtualMachines/Web1";

    fn id(text: &str) -> ResourceId {
        ResourceId::parse(text).unwrap()
    }

    #[test]
    fn an_id_keeps_its_casing_and_compares_without_it() {
        let (vm, shouted) = (id(VM), id(&VM.to_uppercase()));
        assert_eq!(vm, shouted);
        assert_eq!(vm.cmp(&shouted), Ordering::Equal);
        assert_eq!(
            [vm.clone(), shouted]
                .into_iter()
                .collect::<std::collections::HashSet<_>>()
                .len(),
            1
        );
        assert_eq!(vm.to_string(), VM);
        assert_eq!(serde_json::to_value(&vm).unwrap(), VM);
    }

    #[test]
    fn an_id_says_what_it_names() {
        for (text, kind) in [
            (VM, "a `Microsoft.Compute/virtualMachines`"),
            ("/subscriptions/S1/resourceGroups/Rg", "a resource group"),
            ("/subscriptions/S1", "a subscription"),
        ] {
            assert_eq!(id(text).kind(), kind);
        }
    }

    #[test]
    fn an_id_names_its_parts() {
        let vm = id(VM);
        assert_eq!(vm.subscription(), "S1");
        assert_eq!(vm.subscription_id().as_str(), "/subscriptions/S1");
        assert_eq!(vm.resource_group(), Some("Rg"));
        assert_eq!(
            vm.group_id().unwrap().as_str(),
            "/subscriptions/S1/resourceGroups/Rg"
        );
        assert_eq!(vm.name(), "Web1");
        assert_eq!(vm.resource_type(), "Microsoft.Compute/virtualMachines");
        assert_eq!(
            vm.child("/extensions/a").resource_type(),
            "Microsoft.Compute/virtualMachines/extensions"
        );
        assert_eq!(id("/subscriptions/S1/resourcegroups/x").resource_type(), "");
        assert_eq!(id("/Subscriptions/S1").group_id(), None);
    }

    #[test]
    fn the_scope_of_a_lock_is_what_it_hangs_on() {
        let lock = id(&format!("{VM}/providers/Microsoft.Authorization/locks/l"));
        assert_eq!(lock.resource_type(), "Microsoft.Authorization/locks");
        assert_eq!(lock.scope_of("Microsoft.Authorization/locks"), Some(id(VM)));
        assert_eq!(id(VM).scope_of("Microsoft.Authorization/locks"), None);
    }

    #[test]
    fn a_longer_name_is_not_below_a_shorter_one() {
        assert!(!id(VM).contains(&id(&format!("{VM}0"))));
        assert!(id(VM).contains(&id(&format!("{}/extensions/x", VM.to_lowercase()))));
        assert!(id(VM).contains(&id(VM)));
        assert!(!id(VM).contains(&id(VM).group_id().unwrap()));
    }

    #[test]
    fn what_could_lead_elsewhere_is_refused() {
        for text in [
            "",
            "web1",
            "subscriptions/s",
            "https://management.azure.com/subscriptions/s",
            "/subscriptions",
            "/subscriptions/s/resourceGroups",
            "/subscriptions/s/resourceGroups/../x",
            "/subscriptions/s//x",
            "/subscriptions/s/resourceGroups/a?b=c",
            "/subscriptions/s/resourceGroups/a%2F..",
            "/subscriptions/s/resourceGroups/a/providers/Microsoft.Compute/virtualMachines",
        ] {
            assert!(ResourceId::parse(text).is_err(), "{text:?}");
        }
        assert_eq!(id("/subscriptions/s/").as_str(), "/subscriptions/s");
    }
}
