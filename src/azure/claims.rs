//! What a token says about its owner, read without verifying: to be shown, never to be trusted.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::Value;

use super::credential::{CredentialKind, Who};

/// The owner of a JSON web token; `None` when the token is opaque.
pub(super) fn who(token: &str, kind: CredentialKind) -> Option<Who> {
    let claims = claims(token)?;
    let text = |name: &str| {
        claims
            .get(name)
            .and_then(Value::as_str)
            .map(ToOwned::to_owned)
    };
    Some(Who {
        kind,
        tenant: text("tid"),
        object_id: text("oid"),
        app_id: text("appid").or_else(|| text("azp")),
        name: text("upn")
            .or_else(|| text("unique_name"))
            .or_else(|| text("app_displayname")),
        expires: expiry(&claims),
    })
}

/// When a JSON web token ends; `None` when it is opaque or does not say.
pub(super) fn expires(token: &str) -> Option<Timestamp> {
    expiry(&claims(token)?)
}

fn expiry(claims: &Value) -> Option<Timestamp> {
    Timestamp::from_second(claims.get("exp")?.as_i64()?).ok()
}

fn claims(token: &str) -> Option<Value> {
    let mut parts = token.split('.');
    let payload = parts.nth(1)?;
    parts.next()?;
    let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    serde_json::from_slice::<Value>(&bytes)
        .ok()
        .filter(Value::is_object)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn the_owner_is_read_from_the_claims() {
        let token =
            token(r#"{"tid":"t","oid":"o","appid":"a","exp":1700000000,"upn":"ada@contoso"}"#);
        let who = who(&token, CredentialKind::Cli).unwrap();
        assert_eq!(
            (who.tenant.as_deref(), who.object_id.as_deref()),
            (Some("t"), Some("o"))
        );
        assert_eq!(
            (who.app_id.as_deref(), who.name.as_deref()),
            (Some("a"), Some("ada@contoso"))
        );
        assert_eq!(who.expires.map(Timestamp::as_second), Some(1_700_000_000));
    }

    #[test]
    fn an_opaque_token_tells_nothing() {
        for opaque in ["", "abc", "a.b", "a.!!.c", &token("[]"), &token("not json")] {
            assert_eq!(who(opaque, CredentialKind::Token), None, "{opaque}");
        }
    }
}
