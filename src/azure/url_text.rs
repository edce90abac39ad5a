//! URLs as text: made once from an id, or taken over from ARM byte for byte.
//!
//! ARM signs its polling URLs over 3 KB of query with raw `;`, so a URL is never parsed and
//! written again.

use url::Url;

use crate::base::{ErrorClass, Failure};

use super::cloud::Cloud;

/// The URL of `path` (an id, or a path below one) at the cloud's ARM.
pub(super) fn build(
    cloud: &Cloud,
    path: &str,
    version: &str,
    query: &[(&str, &str)],
) -> Result<String, String> {
    let leads_away = |segment: &str| matches!(segment, "" | "." | "..");
    let inside = path
        .strip_prefix('/')
        .is_some_and(|rest| !rest.split('/').any(leads_away));
    if !inside {
        return Err(format!(
            "the path `{path}` has an empty, `.` or `..` segment"
        ));
    }
    let origin = cloud.arm.as_str().trim_end_matches('/');
    let mut url = format!("{origin}{}?", encode(path, is_path));
    for (name, value) in query {
        url.push_str(&format!("{name}={}&", encode(value, is_unreserved)));
    }
    url.push_str("api-version=");
    url.push_str(&encode(version, is_unreserved));
    Ok(url)
}

/// A URL that ARM gave, as it is: refused when it leads off the ARM endpoint, where our token
/// must not go.
pub(super) fn followed(cloud: &Cloud, url: &str, attempted: &str) -> Result<String, Failure> {
    let absolute = if url.starts_with('/') && !url.starts_with("//") {
        format!("{}{url}", cloud.arm.as_str().trim_end_matches('/'))
    } else {
        url.to_owned()
    };
    match Url::parse(&absolute) {
        Ok(parsed) if cloud.owns(&parsed) => Ok(absolute),
        parsed => {
            let host = parsed
                .ok()
                .and_then(|u| u.host_str().map(ToOwned::to_owned));
            let host = host.unwrap_or_else(|| "no host".to_owned());
            let message = format!(
                "Azure pointed to `{host}`, which is not the ARM endpoint {}; it was not followed, \
                 because the token is for that endpoint alone",
                cloud.arm.as_str().trim_end_matches('/')
            );
            Err(Failure::new(ErrorClass::Invalid, attempted, message))
        }
    }
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn is_path(byte: u8) -> bool {
    is_unreserved(byte) || b"/;:@!$&()*+,=".contains(&byte)
}

fn encode(text: &str, keep: fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if keep(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_encoded_and_semicolons_stay() {
        let url = build(
            &Cloud::public(),
            "/subscriptions/s/resourceGroups/a b%é/c/VM;iaasvmcontainerv2;rg;vm",
            "2024-04-01",
            &[("$filter", "status eq 'Failed' and x")],
        );
        assert_eq!(
            url.unwrap(),
            "https://management.azure.com/subscriptions/s/resourceGroups/a%20b%25%C3%A9/c/VM;iaasvmcontainerv2;rg;vm\
             ?$filter=status%20eq%20%27Failed%27%20and%20x&api-version=2024-04-01"
        );
    }

    #[test]
    fn a_path_that_leads_out_of_its_parent_is_refused() {
        for path in ["/a/../b", "/a/./b", "/a//b", "a/b", "", "/a/"] {
            assert!(build(&Cloud::public(), path, "v", &[]).is_err(), "{path}");
        }
        assert!(
            build(&Cloud::public(), "/a/b?c#d", "v", &[])
                .unwrap()
                .contains("/a/b%3Fc%23d?api-version=v")
        );
    }

    #[test]
    fn only_the_arm_endpoint_is_followed_and_verbatim() {
        let cloud = Cloud::public();
        let signed = format!(
            "https://management.azure.com/x;y?c={}&s=a;b",
            "M".repeat(3_400)
        );
        assert_eq!(followed(&cloud, &signed, "poll"), Ok(signed));
        assert_eq!(
            followed(&cloud, "/x?y", "poll"),
            Ok("https://management.azure.com/x?y".to_owned())
        );
        for elsewhere in [
            "https://evil.example/x",
            "http://management.azure.com/x",
            "//evil.example/x",
            r"https://management.azure.com\@evil.example/",
            "https://management.azure.com@evil.example/",
            "not a url",
        ] {
            let owned = followed(&cloud, elsewhere, "poll");
            // A backslash counts as a slash, so that one is ARM itself; what matters is the host.
            match owned {
                Ok(url) => assert_eq!(
                    Url::parse(&url).unwrap().host_str(),
                    Some("management.azure.com")
                ),
                Err(failure) => assert_eq!(failure.class, ErrorClass::Invalid),
            }
        }
        assert!(
            followed(&cloud, "https://evil.example/?sig=s", "poll")
                .unwrap_err()
                .message
                .contains("evil.example")
        );
    }
}
