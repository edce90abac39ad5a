//! What an ARM endpoint says of its own cloud at `/metadata/endpoints` (`azure-api.md`
//! section 11).
//!
//! Invariants: no token is sent there; an audience that belongs to somebody else than the
//! endpoint is not taken from it, for the tokens would go to the endpoint.

use bytes::Bytes;
use serde_json::Value;
use url::Url;

use crate::azure::counts::Purpose;
use crate::azure::error::refusal::{self, Effect};
use crate::azure::error::table::Service;
use crate::azure::pipeline::{PACE, pause};
use crate::azure::transport::Transport;
use crate::base::pace::Budget;
use crate::base::{Chance, Clock, ErrorClass, Failure};

use super::{Cloud, endpoint};

/// The version that the Azure CLI asks for, and that of Azure Stack before it. Where the newer is
/// not known, the older has the same two fields.
const VERSIONS: [&str; 2] = ["2022-09-01", "2015-01-01"];

/// What to do where discovery does not.
const BY_HAND: &str = "name the two yourself: --arm-audience and AZURE_AUTHORITY_HOST";

/// Directories of Azure Stack Hub, whose ARM has an application of the owner's own directory.
const DIRECTORIES: &str = ".onmicrosoft.com";

/// What an ARM endpoint said of its cloud.
#[derive(Clone, Debug, PartialEq)]
pub struct Metadata {
    arm: Url,
    place: String,
    said: Value,
}

/// Asks the ARM endpoint of `cloud` about that cloud, without a token.
///
/// # Errors
/// When it gives no answer, or one that is not a description of this endpoint's cloud.
pub async fn discover(
    cloud: &Cloud,
    transport: &dyn Transport,
    clock: &Clock,
    chance: &Chance,
) -> Result<Metadata, Failure> {
    let [newer, older] = VERSIONS.map(|version| place(&cloud.arm, version));
    let asked = asked(&newer, transport, clock, chance).await;
    let (place, body) = match asked {
        Ok(body) => (newer, body),
        Err(failure) if matches!(failure.status, Some(400 | 404)) => {
            match self::asked(&older, transport, clock, chance).await {
                Ok(body) => (older, body),
                Err(_) => return Err(not_told(&newer, failure)),
            }
        }
        Err(failure) => return Err(not_told(&newer, failure)),
    };
    let arm = cloud.arm.clone();
    let said = parsed(&body).map_err(|why| unfit(&place, &why))?;
    let metadata = Metadata { arm, place, said };
    metadata.is_of_this_endpoint()?;
    Ok(metadata)
}

impl Metadata {
    /// Whom tokens for this cloud are for.
    ///
    /// # Errors
    /// When it is not said, or is not this endpoint's.
    pub fn audience(&self) -> Result<String, Failure> {
        let field = "authentication.audiences[0]";
        let audience = self.text(field, "/authentication/audiences/0")?;
        if self.may_have(audience) {
            return Ok(audience.to_owned());
        }
        let why = format!(
            "`{field}` is `{audience}`, which is not of `{}`; if you trust this endpoint with tokens for it, say --arm-audience {audience}",
            self.arm
        );
        Err(unfit(&self.place, &why))
    }

    /// Who issues tokens for this cloud.
    ///
    /// # Errors
    /// When it is not said, or cannot be an authority.
    pub fn authority(&self) -> Result<Url, Failure> {
        let field = "authentication.loginEndpoint";
        let text = self.text(field, "/authentication/loginEndpoint")?;
        endpoint(text).map_err(|why| unfit(&self.place, &format!("`{field}`: {why}; or {BY_HAND}")))
    }

    fn text(&self, field: &str, pointer: &str) -> Result<&str, Failure> {
        let value = self.said.pointer(pointer).and_then(Value::as_str);
        value.filter(|text| !text.is_empty()).ok_or_else(|| {
            let why = format!("`{field}` is missing, or no text; {BY_HAND}");
            unfit(&self.place, &why)
        })
    }

    /// `resourceManager` is absent in some clouds and in the older version.
    fn is_of_this_endpoint(&self) -> Result<(), Failure> {
        let Some(said) = self.said.get("resourceManager").and_then(Value::as_str) else {
            return Ok(());
        };
        if Url::parse(said).is_ok_and(|named| named.origin() == self.arm.origin()) {
            return Ok(());
        }
        let why = format!(
            "`resourceManager` is `{said}`, and not the endpoint that was asked; give that one as --arm-endpoint, or {BY_HAND}"
        );
        Err(unfit(&self.place, &why))
    }

    /// The endpoint's own host, also with a `core` in it as in `management.core.usgovcloudapi.net`,
    /// or an application of an Azure Stack's directory.
    fn may_have(&self, audience: &str) -> bool {
        let Some(host) = Url::parse(audience)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
        else {
            return false;
        };
        let own = self.arm.host_str() == Some(&host.replacen(".core.", ".", 1));
        own || host.ends_with(DIRECTORIES)
    }
}

fn place(arm: &Url, version: &str) -> String {
    format!("{arm}metadata/endpoints?api-version={version}")
}

async fn asked(
    place: &str,
    transport: &dyn Transport,
    clock: &Clock,
    chance: &Chance,
) -> Result<Bytes, Failure> {
    let mut budget = Budget::new(PACE, chance.clone());
    loop {
        let failure = match once(place, transport).await {
            Ok(body) => return Ok(body),
            Err(failure) => failure,
        };
        match pause(Purpose::Read, &failure, &mut budget) {
            Some(wait) => clock.sleep(wait).await,
            None => return Err(failure),
        }
    }
}

async fn once(place: &str, transport: &dyn Transport) -> Result<Bytes, Failure> {
    let attempted = attempt(place);
    let request = http::Request::get(place).header("accept", "application/json");
    let request = request.body(Bytes::new());
    let request =
        request.map_err(|why| Failure::new(ErrorClass::Invalid, &attempted, why.to_string()))?;
    let sent = transport.send(request).await;
    let (head, body) = sent
        .map_err(|error| refusal::broken(&attempted, Effect::Looks, &error))?
        .into_parts();
    if head.status.is_success() {
        return Ok(body);
    }
    let answer = (head.status.as_u16(), &head.headers, body.as_ref());
    Err(refusal::refused(
        &attempted,
        (Effect::Looks, Service::Other),
        answer,
    ))
}

/// One object; a list of them is the form of other documents of Azure.
fn parsed(body: &[u8]) -> Result<Value, String> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    match serde_json::from_slice(body) {
        Ok(said @ Value::Object(_)) => Ok(said),
        Ok(_) => Err(format!("it is not one JSON object; {BY_HAND}")),
        Err(why) => Err(format!("it is not JSON ({why}); {BY_HAND}")),
    }
}

fn attempt(place: &str) -> String {
    format!("learn of the cloud from `{place}`")
}

/// An endpoint that was given to us is wrong, or does not tell.
fn unfit(place: &str, why: &str) -> Failure {
    Failure::new(ErrorClass::Invalid, attempt(place), why)
}

/// A refusal is about the endpoint that was given, not about a resource or a right.
fn not_told(place: &str, failure: Failure) -> Failure {
    match (failure.class, failure.status) {
        (ErrorClass::Throttled | ErrorClass::Transient, _) | (_, None) => failure,
        (_, Some(status)) => {
            let why = format!("{} (HTTP {status}); {BY_HAND}", failure.message);
            unfit(place, &why)
        }
    }
}

#[cfg(test)]
mod tests;
