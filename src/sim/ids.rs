//! Resource ids as text: compared without regard to case, cut on segment boundaries.

/// Whether two ids, names or words are the same to Azure.
pub(in crate::sim) fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// Whether `id` is `scope` itself or below it.
pub(in crate::sim) fn within(scope: &str, id: &str) -> bool {
    let scope = scope.trim_end_matches('/');
    id.get(..scope.len())
        .is_some_and(|start| same(start, scope))
        && matches!(id.as_bytes().get(scope.len()), None | Some(b'/'))
}

/// The segment after `key`, as in `group of …/resourceGroups/<group>/…`.
pub(in crate::sim) fn after<'a>(key: &str, id: &'a str) -> Option<&'a str> {
    let mut segments = id.split('/');
    segments.find(|segment| same(segment, key))?;
    segments.next()
}

/// The resource group in an id.
pub(in crate::sim) fn group_of(id: &str) -> &str {
    after("resourceGroups", id).unwrap_or_default()
}

/// The last segment of an id.
pub(in crate::sim) fn name_of(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or_default()
}

/// `/subscriptions/…/resourceGroups/<group>`.
pub(in crate::sim) fn group(subscription: &str, group: &str) -> String {
    format!("/subscriptions/{subscription}/resourceGroups/{group}")
}

/// The id of a VM.
pub(in crate::sim) fn vm(subscription: &str, in_group: &str, name: &str) -> String {
    let group = group(subscription, in_group);
    format!("{group}/providers/Microsoft.Compute/virtualMachines/{name}")
}

/// The id of a restore point collection.
pub(in crate::sim) fn collection(subscription: &str, in_group: &str, name: &str) -> String {
    let group = group(subscription, in_group);
    format!("{group}/providers/Microsoft.Compute/restorePointCollections/{name}")
}

/// The id of a vault.
pub(in crate::sim) fn vault(subscription: &str, in_group: &str, name: &str) -> String {
    let group = group(subscription, in_group);
    format!("{group}/providers/Microsoft.RecoveryServices/vaults/{name}")
}

/// A scope as people write it (`subscription`, `group <name>`, an id), as an id.
///
/// Locks come back from Azure with `/resourcegroups/` (recordings.md 2), so that is what a
/// written group becomes.
pub(in crate::sim) fn scope(subscription: &str, written: &str) -> String {
    match written.trim().split_once(' ') {
        Some(("group", name)) => {
            format!(
                "/subscriptions/{subscription}/resourcegroups/{}",
                name.trim()
            )
        }
        None if written == "subscription" => format!("/subscriptions/{subscription}"),
        _ => written.to_owned(),
    }
}

/// A number that is always the same for the same text, to make names and GUIDs of.
pub(in crate::sim) fn digest(text: &str) -> u64 {
    let fnv = text
        .to_ascii_lowercase()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
    mixed(fnv)
}

/// A GUID that is always the same for the same text.
pub(in crate::sim) fn guid(text: &str) -> String {
    let (high, low) = (digest(text), mixed(digest(text) ^ 0x9e37_79b9_7f4a_7c15));
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}

/// splitmix64's last step: every bit of the input moves every bit of the output.
fn mixed(seed: u64) -> u64 {
    let z = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_holds_itself_and_what_is_below_it_but_not_its_namesakes() {
        assert!(within(
            "/subscriptions/S/resourcegroups/RG",
            "/subscriptions/s/resourceGroups/rg"
        ));
        assert!(within(
            "/subscriptions/s",
            "/subscriptions/s/resourceGroups/rg"
        ));
        assert!(!within(
            "/subscriptions/s/resourceGroups/web1",
            "/subscriptions/s/resourceGroups/web10"
        ));
        assert!(!within(
            "/subscriptions/s/resourceGroups/rg",
            "/subscriptions/s"
        ));
    }

    #[test]
    fn a_guid_has_its_shape_and_is_repeatable() {
        let one = guid("a job");
        assert_eq!(
            one.split('-').map(str::len).collect::<Vec<_>>(),
            [8, 4, 4, 4, 12]
        );
        assert_eq!(one, guid("a job"));
        assert_ne!(one, guid("another job"));
    }
}
