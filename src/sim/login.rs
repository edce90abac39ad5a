//! Tokens: the checks on them, and the endpoints that hand them out for clients such as `az`.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

use crate::sim::answer::{Cause, Reply};
use crate::sim::call::Call;
use crate::sim::ids;
use crate::sim::route::Found;
use crate::sim::simulator::Sim;

/// The refusal of a request without a token, or with the token `expired`.
pub(in crate::sim) fn refusal(call: &Call) -> Option<Reply> {
    let header = call.authorization.as_deref().unwrap_or_default();
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    let (code, message) = match token.trim() {
        "" => (
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.",
        ),
        "expired" => (
            "ExpiredAuthenticationToken",
            "The access token expiry is in the past.",
        ),
        _ if !ids::same(scheme, "Bearer") => (
            "AuthenticationFailedInvalidHeader",
            "Authentication failed. The 'Authorization' header is provided in an invalid format.",
        ),
        _ => return None,
    };
    let challenge = format!(
        "Bearer authorization_uri=\"{}\", error=\"invalid_token\", error_description=\"{message}\"",
        call.origin
    );
    let reply = Reply::error(Cause::Gateway, 401, code, message);
    Some(reply.with("WWW-Authenticate", &challenge))
}

/// `GET /metadata/endpoints`: one object, as `az cloud register` wants it.
pub(in crate::sim) fn metadata(sim: &mut Sim, call: &Call, _: &Found) -> Reply {
    let origin = &call.origin;
    Reply::ok(&json!({
        "name": "Simulated",
        "portal": origin,
        "authentication": {
            "loginEndpoint": origin,
            "audiences": [origin],
            "tenant": sim.world.tenant,
            "identityProvider": "AAD",
        },
        "resourceManager": origin,
        "graph": origin,
        "graphAudience": origin,
        "microsoftGraphResourceId": origin,
        "gallery": origin,
        "batch": origin,
        "media": origin,
        "sqlManagement": origin,
        "suffixes": {"keyVaultDns": "vault.simulated.invalid", "storage": "simulated.invalid"},
    }))
}

/// `GET /{tenant}/v2.0/.well-known/openid-configuration`.
pub(in crate::sim) fn openid(_: &mut Sim, call: &Call, found: &Found) -> Reply {
    let (origin, tenant) = (&call.origin, found.get("t"));
    Reply::ok(&json!({
        "issuer": format!("{origin}/{tenant}/v2.0"),
        "authorization_endpoint": format!("{origin}/{tenant}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{origin}/{tenant}/oauth2/v2.0/token"),
        "device_authorization_endpoint": format!("{origin}/{tenant}/oauth2/v2.0/devicecode"),
        "jwks_uri": format!("{origin}/{tenant}/discovery/v2.0/keys"),
        "tenant_region_scope": "EU",
    }))
}

/// `POST /{tenant}/oauth2/v2.0/token`: a token shaped like a JWT, signed by nobody.
pub(in crate::sim) fn token(sim: &mut Sim, call: &Call, _: &Found) -> Reply {
    let issued = sim.world.now.as_second();
    let identity = &sim.world.identity;
    let claims = json!({
        "aud": call.origin,
        "iss": format!("https://sts.windows.net/{}/", sim.world.tenant),
        "iat": issued,
        "nbf": issued,
        "exp": issued + 3600,
        "appid": identity.name,
        "oid": identity.object_id,
        "sub": identity.object_id,
        "tid": sim.world.tenant,
    });
    let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = json!({"typ": "JWT", "alg": "none"});
    let token = format!(
        "{}.{}.{}",
        part(head),
        part(claims),
        URL_SAFE_NO_PAD.encode("simulated")
    );
    Reply::ok(&json!({
        "token_type": "Bearer",
        "expires_in": 3600,
        "ext_expires_in": 3600,
        "access_token": token,
    }))
}
