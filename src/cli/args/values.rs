//! How single words of the command line are read.

use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::azure::credential::CredentialKind;
use crate::cli::output::Format;
use crate::core::plan::sealed::LONGEST;
use crate::core::runbook::model::Span;
use crate::core::runbook::risk::Risk;

pub(super) fn formats() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(Format::name))
        .map(|name| Format::named(&name).unwrap_or_default())
}

pub(super) fn credentials() -> impl TypedValueParser<Value = CredentialKind> {
    use CredentialKind as K;
    const ALL: [K; 8] = [
        K::Auto,
        K::Cli,
        K::ManagedIdentity,
        K::Workload,
        K::ClientSecret,
        K::ClientCertificate,
        K::Pipelines,
        K::Token,
    ];
    PossibleValuesParser::new(ALL.map(K::name)).map(|name| {
        ALL.into_iter()
            .find(|kind| kind.name() == name)
            .unwrap_or_default()
    })
}

pub(super) fn risks() -> impl TypedValueParser<Value = Risk> {
    const ALL: [Risk; 5] = [
        Risk::ReadOnly,
        Risk::Reversible,
        Risk::Disruptive,
        Risk::Destructive,
        Risk::Sensitive,
    ];
    PossibleValuesParser::new(ALL.map(Risk::name)).map(|name| {
        ALL.into_iter()
            .find(|risk| risk.name() == name)
            .unwrap_or(Risk::ReadOnly)
    })
}

pub(super) fn parameter(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as name=value".to_owned()),
    }
}

pub(super) fn good_for(text: &str) -> Result<Duration, String> {
    let span = text.parse::<Span>().map_err(|why| why.to_string())?;
    if span.duration() > LONGEST {
        return Err("a saved plan is good for 168h at most".to_owned());
    }
    Ok(span.duration())
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    text.parse::<Span>()
        .map(Span::duration)
        .map_err(|why| why.to_string())
}
