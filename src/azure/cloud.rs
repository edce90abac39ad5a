//! The clouds: where ARM is, whom a token is for, who issues it.
//!
//! Invariant: a cloud's ARM endpoint is https, or on this machine; a token is never sent over
//! plain http to anywhere else.

use url::{Host, Url};

pub use discovery::{Metadata, discover};

mod discovery;

use super::versions::{Api, Versions};

/// Why a text cannot be the endpoint of a cloud.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CloudError {
    /// It is not an absolute URL of a host.
    #[error("`{0}` is not the URL of an endpoint: give https://host")]
    NotAUrl(String),
    /// It would carry tokens in the clear.
    #[error(
        "`{0}` is plain http: use https; only this machine (127.0.0.1, ::1, localhost) is exempt"
    )]
    PlainHttp(String),
    /// It has a path, a query or a user.
    #[error("`{0}` has more than a host: give https://host or https://host:port")]
    MoreThanAHost(String),
}

/// One Azure cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cloud {
    /// Its name, as the Azure CLI has it.
    pub name: String,
    /// The origin of its Azure Resource Manager.
    pub arm: Url,
    /// Whom an ARM token is for.
    pub audience: String,
    /// The origin that issues tokens.
    pub authority: Url,
    /// API versions that differ from the pinned ones.
    pub versions: Versions,
}

/// Name, short name, ARM endpoint, audience, authority. Source: `azure-api.md` section 11; the
/// last two rows rest on third parties alone (there marked `[3]`), their audience on analogy.
const KNOWN: [(&str, &str, &str, &str, &str); 5] = [
    (
        "AzureCloud",
        "public",
        "https://management.azure.com",
        "https://management.azure.com",
        "https://login.microsoftonline.com",
    ),
    (
        "AzureUSGovernment",
        "usgov",
        "https://management.usgovcloudapi.net",
        "https://management.core.usgovcloudapi.net",
        "https://login.microsoftonline.us",
    ),
    (
        "AzureChinaCloud",
        "china",
        "https://management.chinacloudapi.cn",
        "https://management.chinacloudapi.cn",
        "https://login.chinacloudapi.cn",
    ),
    (
        "AzureUSNatCloud",
        "usnat",
        "https://management.azure.eaglex.ic.gov",
        "https://management.azure.eaglex.ic.gov/",
        "https://login.microsoftonline.eaglex.ic.gov",
    ),
    (
        "AzureUSSecCloud",
        "ussec",
        "https://management.azure.microsoft.scloud",
        "https://management.azure.microsoft.scloud/",
        "https://login.microsoftonline.microsoft.scloud",
    ),
];

impl Cloud {
    /// Azure public.
    #[must_use]
    pub fn public() -> Self {
        Self::known(0)
    }

    /// Azure US Government.
    #[must_use]
    pub fn usgov() -> Self {
        Self::known(1)
    }

    /// Azure China (21Vianet).
    #[must_use]
    pub fn china() -> Self {
        Self::known(2)
    }

    /// Assumption: endpoints of the air-gapped USNat cloud, known from third parties only.
    #[must_use]
    pub fn usnat() -> Self {
        Self::known(3)
    }

    /// Assumption: endpoints of the air-gapped USSec cloud, known from third parties only.
    #[must_use]
    pub fn ussec() -> Self {
        Self::known(4)
    }

    /// A cloud by its short or its long name, ignoring case.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        let named = |row: &(&str, &str, &str, &str, &str)| {
            row.0.eq_ignore_ascii_case(name) || row.1.eq_ignore_ascii_case(name)
        };
        KNOWN.iter().position(named).map(Self::known)
    }

    /// The cloud in the table whose ARM endpoint `arm` is, or a regional one of it.
    #[must_use]
    pub fn at(arm: &Url) -> Option<Self> {
        let all = (0..KNOWN.len()).map(Self::known);
        all.into_iter()
            .find(|cloud| is_at_or_below(arm, &cloud.arm))
            .map(|cloud| Self {
                arm: arm.clone(),
                ..cloud
            })
    }

    /// A cloud that is not in the table.
    pub fn custom(
        name: impl Into<String>,
        arm: &str,
        audience: impl Into<String>,
        authority: &str,
    ) -> Result<Self, CloudError> {
        Ok(Self {
            name: name.into(),
            arm: endpoint(arm)?,
            audience: audience.into(),
            authority: endpoint(authority)?,
            versions: Versions::default(),
        })
    }

    /// This cloud with another ARM endpoint and, when given, another audience.
    pub fn with_endpoint(self, arm: &str, audience: Option<&str>) -> Result<Self, CloudError> {
        let arm = endpoint(arm)?;
        let audience = audience.map_or(self.audience, ToOwned::to_owned);
        Ok(Self {
            arm,
            audience,
            ..self
        })
    }

    /// The API version that this cloud is sent for `api`.
    #[must_use]
    pub fn version(&self, api: Api) -> &str {
        self.versions.get(api)
    }

    /// Whether `url` is at this cloud's ARM endpoint: the only place that its tokens go.
    #[must_use]
    pub fn owns(&self, url: &Url) -> bool {
        url.origin() == self.arm.origin() && url.username().is_empty() && url.password().is_none()
    }

    fn known(row: usize) -> Self {
        let (name, _, arm, audience, authority) = KNOWN[row];
        Self::custom(name, arm, audience, authority).expect("the table holds https origins")
    }
}

/// Whether a host is this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether `url` is `other`, or of a host below it, whose names are for `other` to give.
fn is_at_or_below(url: &Url, other: &Url) -> bool {
    let below = match (url.host(), other.host()) {
        (Some(Host::Domain(host)), Some(Host::Domain(above))) => host
            .strip_suffix(above)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
        (host, other) => host == other,
    };
    let port = Url::port_or_known_default;
    below && url.scheme() == other.scheme() && port(url) == port(other)
}

fn endpoint(text: &str) -> Result<Url, CloudError> {
    let url = Url::parse(text).map_err(|_| CloudError::NotAUrl(text.to_owned()))?;
    if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
        return Err(CloudError::NotAUrl(text.to_owned()));
    }
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if !bare || !url.username().is_empty() || url.password().is_some() {
        return Err(CloudError::MoreThanAHost(text.to_owned()));
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(CloudError::PlainHttp(text.to_owned()));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clouds_are_found_by_both_names() {
        for (row, (name, short, ..)) in KNOWN.iter().enumerate() {
            assert_eq!(
                Cloud::by_name(&short.to_uppercase()),
                Some(Cloud::known(row))
            );
            assert_eq!(Cloud::by_name(name), Some(Cloud::known(row)));
        }
        assert_eq!(Cloud::by_name("moon"), None);
        assert_eq!(
            Cloud::usgov().audience,
            "https://management.core.usgovcloudapi.net"
        );
    }

    #[test]
    fn an_endpoint_of_a_known_cloud_is_recognised_also_a_regional_one() {
        for (arm, known) in [
            ("https://management.azure.com", Some("AzureCloud")),
            (
                "https://westeurope.management.azure.com",
                Some("AzureCloud"),
            ),
            (
                "https://usnateast.management.azure.eaglex.ic.gov",
                Some("AzureUSNatCloud"),
            ),
            ("https://evilmanagement.azure.com", None),
            ("https://management.azure.com.evil.example", None),
            ("https://management.azure.com:8443", None),
            ("http://management.azure.com", None),
            ("https://127.0.0.1", None),
        ] {
            let arm = Url::parse(arm).unwrap();
            let found = Cloud::at(&arm);
            assert_eq!(found.as_ref().map(|c| c.name.as_str()), known, "{arm}");
            assert!(found.is_none_or(|cloud| cloud.arm == arm));
        }
    }

    #[test]
    fn only_this_machine_may_be_plain_http() {
        let cloud = Cloud::public()
            .with_endpoint("http://127.0.0.1:8080", None)
            .unwrap();
        assert_eq!(cloud.audience, "https://management.azure.com");
        assert!(cloud.owns(&Url::parse("http://127.0.0.1:8080/subscriptions/x").unwrap()));
        for (text, error) in [
            (
                "http://arm.example",
                CloudError::PlainHttp("http://arm.example".into()),
            ),
            (
                "https://a/b",
                CloudError::MoreThanAHost("https://a/b".into()),
            ),
            (
                "https://u@a",
                CloudError::MoreThanAHost("https://u@a".into()),
            ),
            ("arm.example", CloudError::NotAUrl("arm.example".into())),
        ] {
            assert_eq!(Cloud::public().with_endpoint(text, Some("x")), Err(error));
        }
    }

    #[test]
    fn another_origin_is_not_owned() {
        let cloud = Cloud::public();
        for (url, owned) in [
            ("https://management.azure.com/subscriptions/x?a=b;c", true),
            ("https://MANAGEMENT.azure.com:443/x", true),
            ("http://management.azure.com/x", false),
            ("https://management.azure.com.evil.example/x", false),
            ("https://management.azure.com@evil.example/x", false),
            ("https://user@management.azure.com/x", false),
            ("https://management.azure.com:8443/x", false),
        ] {
            assert_eq!(cloud.owns(&Url::parse(url).unwrap()), owned, "{url}");
        }
    }

    #[test]
    fn a_cloud_may_want_other_versions() {
        let mut cloud = Cloud::china();
        cloud.versions.set(Api::Compute, "2021-07-01");
        assert_eq!(cloud.version(Api::Compute), "2021-07-01");
        assert_eq!(cloud.version(Api::Locks), "2020-05-01");
    }
}
