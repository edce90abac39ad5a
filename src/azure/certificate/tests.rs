//! A throw-away key signs, its certificate verifies, and bad files say what is wrong with them.

use ring::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::Value;

use super::*;

/// A certificate and its key in PKCS#8; the files say that they open nothing.
pub(in crate::azure) const PKCS8: &str = include_str!("../../../tests/it/data/test-only-pkcs8.pem");
const PKCS1: &str = include_str!("../../../tests/it/data/test-only-pkcs1.pem");
const EC: &str = include_str!("../../../tests/it/data/test-only-ec.pem");

/// What `openssl x509 -fingerprint -sha256` says of the certificate of [`PKCS8`], in Base64.
const THUMBPRINT: &str = "2kOdSWivABdUWfOX0a9F4JD5CXFpavDd91L6CgQTILw";

/// The certificate of `text` alone.
fn certificate(text: &str) -> &str {
    &text[text.find("-----BEGIN").unwrap()..text.find("-----BEGIN PRIVATE").unwrap()]
}

/// The header and the claims of an assertion of the test key; panics when it is not signed by it.
pub(in crate::azure) fn verified(assertion: &str) -> (Value, Value) {
    let key = Certificate::parse(PKCS8).unwrap().key;
    let (signed, signature) = assertion.rsplit_once('.').unwrap();
    let decoded = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, key.public_key())
        .verify(signed.as_bytes(), &decoded(signature))
        .unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let json = |text: &str| serde_json::from_slice(&decoded(text)).unwrap();
    (json(header), json(claims))
}

#[test]
fn an_assertion_is_signed_by_the_key_and_names_the_certificate() {
    let pkcs1 = format!("{PKCS1}{}", certificate(PKCS8)).replace('\n', "\r\n");
    let after_another = format!("{}{PKCS8}", &EC[..EC.find("-----BEGIN PRIVATE").unwrap()]);
    for text in [PKCS8, &pkcs1, &after_another] {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let assertion = Certificate::parse(text)
            .unwrap()
            .assertion("https://login/t/token", "app", Uuid::nil(), now)
            .unwrap();
        let (header, claims) = verified(assertion.expose());
        assert_eq!(
            header,
            json!({"alg": "PS256", "typ": "JWT", "x5t#S256": THUMBPRINT})
        );
        let expected = json!({
            "aud": "https://login/t/token", "iss": "app", "sub": "app", "jti": Uuid::nil(),
            "nbf": 1_700_000_000, "iat": 1_700_000_000, "exp": 1_700_000_600,
        });
        assert_eq!(claims, expected);
    }
}

#[test]
fn a_file_that_cannot_serve_says_what_to_do() {
    let key = &PKCS8[PKCS8.find("-----BEGIN PRIVATE").unwrap()..];
    let cert = certificate(PKCS8);
    let with_key = |label: &str, body: &str| {
        format!("{cert}-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    };
    let proc = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA";
    for (text, says) in [
        (String::new(), "not PEM"),
        ("hello".to_owned(), "openssl pkcs12"),
        (key.to_owned(), "no certificate"),
        (cert.to_owned(), "no private key"),
        (with_key("ENCRYPTED PRIVATE KEY", "AAAA"), "encrypted"),
        (with_key("RSA PRIVATE KEY", proc), "encrypted"),
        (
            with_key("PRIVATE KEY", "se!cret"),
            "`PRIVATE KEY` is damaged",
        ),
        (with_key("PRIVATE KEY", "c2VjcmV0"), "InvalidEncoding"),
        (with_key("EC PRIVATE KEY", "AAAA"), "only RSA"),
        (EC.to_owned(), "only RSA"),
        (
            EC[..EC.find("-----BEGIN PRIVATE").unwrap()].to_owned() + key,
            "none of its cert",
        ),
    ] {
        let error = Certificate::parse(&text).unwrap_err().to_string();
        assert!(error.contains(says), "{says}: {error}");
        assert!(!error.contains("cret"), "{error}");
    }
}

#[test]
fn a_file_that_is_missing_or_binary_is_told_apart_from_a_bad_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.pfx");
    let missing = Certificate::read(&file).unwrap_err().to_string();
    assert!(
        missing.contains("AZURE_CLIENT_CERTIFICATE_PATH"),
        "{missing}"
    );
    fs::write(&file, [0x30, 0x82, 0xff, 0xfe]).unwrap();
    let binary = Certificate::read(&file).unwrap_err().to_string();
    assert!(binary.contains("openssl pkcs12"), "{binary}");
}

#[test]
fn a_certificate_prints_without_its_key() {
    let printed = format!("{:?}", Certificate::parse(PKCS8).unwrap());
    let expected = format!("Certificate {{ thumbprint: {THUMBPRINT:?}, .. }}");
    assert_eq!(printed, expected);
}
