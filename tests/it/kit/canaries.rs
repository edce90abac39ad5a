//! Secrets planted in all that Azure and a guest can say, to be searched for in all that is written.

use std::path::Path;
use std::sync::Mutex;

use runbook::sim::Sim;
use serde_json::Value;

use super::wire::{Answer, Passage, Request, Tamper};

/// What is planted; none of it may be found again.
pub(crate) const CANARIES: [&str; 7] = [
    "c4n4ryT0kenAAAAAAAAAAAAAAAAAAAA",
    "eyJc4n4ry0000000000000000000.eyJhIjoxfQ.c2ln",
    "c4n4rySignature",
    "c4n4ryEscaped",
    "c4n4ryKey==",
    "c4n4ry-pass-1",
    "c4n4ryPhrase",
];

/// A text that holds all of them, each as it is met in the wild.
pub(crate) fn words() -> String {
    let [bearer, token, signature, escaped, key, password, phrase] = CANARIES;
    format!(
        "see https://x.blob.core.windows.net/c?sv=1&sig={signature}&se=2 \
         (https://y.blob.core.windows.net/c?sv=1&amp;sig={escaped}&amp;se=2) with Bearer {bearer} or \
         {token}; DefaultEndpointsProtocol=https;AccountName=x;AccountKey={key};EndpointSuffix=y \
         password: {password} {{\"adminPassword\":\"very {phrase}\"}}"
    )
}

/// Remembers the secrets that Azure makes up itself: tokens, and signatures of polling URLs.
#[derive(Default)]
pub(crate) struct Watched {
    secrets: Mutex<Vec<String>>,
}

impl Tamper for Watched {
    fn before(&self, _: usize, request: &Request) -> Passage {
        let token = request.headers()["authorization"].to_str().unwrap();
        self.remember(token.trim_start_matches("Bearer "));
        Passage::Free
    }

    fn after(&self, _: usize, _: &Request, answer: Answer) -> Answer {
        for name in ["azure-asyncoperation", "location"] {
            let url = answer
                .headers()
                .get(name)
                .map_or("", |v| v.to_str().unwrap());
            let query = url.split_once('?').map_or("", |(_, query)| query);
            for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
                if ["c", "s", "h"].contains(&name) {
                    self.remember(value);
                }
            }
        }
        answer
    }
}

impl Watched {
    fn remember(&self, secret: &str) {
        let mut secrets = self.secrets.lock().unwrap();
        if !secrets.iter().any(|s| s == secret) {
            secrets.push(secret.to_owned());
        }
    }

    /// All that must not be found again, as of now.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let mut secrets = self.secrets.lock().unwrap().clone();
        secrets.extend(CANARIES.map(str::to_owned));
        secrets
    }

    /// The first of them that `text` holds.
    pub(crate) fn in_text(&self, text: &str) -> Option<String> {
        self.secrets()
            .into_iter()
            .find(|s| text.contains(s.as_str()))
    }
}

/// Every file below `folder` with its bytes as text, as far as they are text.
pub(crate) fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(at) = left.pop() {
        for entry in std::fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            found.push((path.display().to_string(), text));
        }
    }
    found
}

/// The scenario with secrets in every text that a person, a service or a guest can write.
pub(crate) fn planted(scenario: &str) -> Sim {
    let now = "2026-11-21T03:10:00Z".parse().unwrap();
    let sim = runbook::ops::rehearse::scenario_at(scenario, now).unwrap();
    let mut sim = serde_json::to_value(sim).unwrap();
    let world = &mut sim["world"];
    for lock in world["locks"].as_array_mut().unwrap() {
        lock["notes"] = words().into();
    }
    for vm in world["vms"].as_array_mut().unwrap() {
        for extension in vm["extensions"].as_array_mut().unwrap() {
            extension["message"] = words().into();
        }
        // The script tells what stood there before.
        vm["guest"]["registry"]["USEVSSCOPYBACKUP"] = words().into();
    }
    for vault in world["vaults"].as_array_mut().unwrap() {
        for job in vault["jobs"].as_array_mut().unwrap() {
            if job["status"] == "Failed" {
                job["message"] = words().into();
            }
        }
    }
    for fault in sim["faults"].as_array_mut().unwrap() {
        for effect in ["answer", "operation", "job"] {
            if let Some(Value::Object(effect)) = fault.get_mut(effect) {
                effect.insert("message".to_owned(), words().into());
            }
        }
    }
    serde_json::from_value(sim).unwrap()
}
