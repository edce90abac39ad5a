//! The whole catalogue as one page of Markdown: runbooks, actions, facts.

mod facts;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use crate::core::action::{About, Actions};
use crate::core::report::markdown::escaped;
use crate::core::runbook::Runbook;
use crate::core::runbook::model::{Reference, Step};
use crate::core::runbook::risk::{Approval, Risk};

/// Every runbook with its documents and steps, every action with the most that it may do, and
/// every fact that runbooks may name.
#[must_use]
pub fn as_markdown(
    runbooks: &[&Runbook],
    actions: &Actions,
    fact_schemas: &BTreeMap<String, Value>,
) -> String {
    let mut out = String::from(
        "# Catalogue\n\n\
         What `runbook list --output markdown` prints. Risk and approval are what a step or an action \
         comes to at most, unless what is found asks for more: a lock of yours, points that are not \
         in the vault. A plan says what it is for one VM.\n\n",
    );
    overview(&mut out, runbooks, actions);
    for runbook in runbooks {
        one(&mut out, runbook, actions);
    }
    out.push_str("\n## Actions\n\n");
    out.push_str("| action | does | risk | approval | permissions |\n|---|---|---|---|---|\n");
    for (name, action) in actions.iter() {
        let about = action.about();
        let does = cell(about.sentence);
        let (risk, approval) = most(&about, None);
        let permissions = listed(permissions(&about));
        let _ = writeln!(
            out,
            "| `{name}` | {does} | {risk} | {approval} | {permissions} |"
        );
    }
    facts::tell(&mut out, fact_schemas);
    out
}

fn overview(out: &mut String, runbooks: &[&Runbook], actions: &Actions) {
    let _ = writeln!(out, "## {} runbooks\n", runbooks.len());
    out.push_str("| code | complaint | OS | greatest risk | approval |\n|---|---|---|---|---|\n");
    for runbook in runbooks {
        let (risk, approval) = greatest(runbook, actions);
        let os = format!("{:?}", runbook.os).to_lowercase();
        let code = &runbook.code;
        let anchor = code.to_lowercase();
        let title = cell(&runbook.title);
        let _ = writeln!(
            out,
            "| [`{code}`](#{anchor}) | {title} | {os} | {risk} | {approval} |"
        );
    }
}

/// The greatest risk and approval of any step.
fn greatest(runbook: &Runbook, actions: &Actions) -> (&'static str, &'static str) {
    let each = runbook.steps().filter_map(|step| {
        let about = actions.get(&step.action)?.about();
        Some(raised(&about, Some(step)))
    });
    let (risks, approvals): (Vec<Risk>, Vec<Approval>) = each.unzip();
    let risk = risks.into_iter().max().unwrap_or(Risk::ReadOnly);
    (
        risk.name(),
        approvals.into_iter().max().unwrap_or_default().name(),
    )
}

fn one(out: &mut String, runbook: &Runbook, actions: &Actions) {
    let _ = writeln!(out, "\n### `{}`\n", runbook.code);
    let _ = writeln!(
        out,
        "**{}.** {}\n",
        cell(&runbook.title),
        cell(&runbook.summary)
    );
    let matching = &runbook.matching;
    let numbers: Vec<String> = matching.numbers.iter().map(ToString::to_string).collect();
    let state: Vec<&String> = matching.state.iter().collect();
    for (what, names) in [
        ("Also for", listed(&matching.aliases)),
        ("Numbers", listed(&numbers)),
        ("Messages", listed(&matching.messages)),
        ("Without a failed job when", listed(state)),
    ] {
        if !names.is_empty() {
            let _ = writeln!(out, "- {what}: {names}");
        }
    }
    if !matching.operation.is_backup() {
        let _ = writeln!(out, "- Answers a failed {}", matching.operation.noun());
    }
    for (name, parameter) in runbook.parameters.iter() {
        let default = match &parameter.default {
            Some(value) => format!("default `{value}`"),
            None => "must be given".to_owned(),
        };
        let told = cell(&parameter.description);
        let _ = writeln!(out, "- Parameter `{name}` ({default}): {told}");
    }
    for reference in &runbook.references {
        let _ = writeln!(out, "- {}", cited(reference));
    }
    out.push_str(
        "\n| step | action | only when | risk | approval | source |\n|---|---|---|---|---|---|\n",
    );
    let mut needed: Vec<String> = Vec::new();
    for step in runbook.steps() {
        let about = actions.get(&step.action).map(|action| action.about());
        let (risk, approval) = about
            .as_ref()
            .map_or(("", ""), |about| most(about, Some(step)));
        needed.extend(about.iter().flat_map(permissions));
        let when: Vec<&String> = step.when.iter().collect();
        let _ = writeln!(
            out,
            "| {} | `{}` | {} | {risk} | {approval} | {} |",
            cell(&step.title),
            step.action,
            listed(when),
            source(step)
        );
    }
    needed.sort();
    needed.dedup();
    if !needed.is_empty() {
        let _ = writeln!(
            out,
            "\nPermissions of what it may change: {}",
            listed(needed)
        );
    }
}

fn cited(reference: &Reference) -> String {
    let section = reference.section.as_ref().map(|s| format!("#{s}"));
    format!(
        "[{}]({}{}), read {}",
        cell(&reference.title),
        reference.url,
        section.unwrap_or_default().replace(' ', "%20"),
        reference.reviewed
    )
}

fn source(step: &Step) -> String {
    let Some(source) = &step.source else {
        return String::new();
    };
    let parts = [
        Some(cell(&source.document)),
        source.section.as_ref().map(|section| cell(section)),
        source.date.map(|date| date.to_string()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// What a runbook raises counts; it cannot lower anything.
fn raised(about: &About, step: Option<&Step>) -> (Risk, Approval) {
    let ceiling = &about.ceiling;
    let risk = step.and_then(|step| step.risk).unwrap_or(ceiling.risk);
    let approval = step
        .and_then(|step| step.approval)
        .unwrap_or(ceiling.approval);
    (risk.max(ceiling.risk), approval.max(ceiling.approval))
}

fn most(about: &About, step: Option<&Step>) -> (&'static str, &'static str) {
    let (risk, approval) = raised(about, step);
    (risk.name(), approval.name())
}

fn permissions(about: &About) -> Vec<String> {
    let kinds = about.ceiling.kinds.iter();
    let mut all: Vec<String> = kinds.map(|kind| kind.permission.clone()).collect();
    all.sort();
    all.dedup();
    all
}

/// Code, one after another.
fn listed<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    let code = |name: T| format!("`{}`", name.as_ref().replace('|', "\\|"));
    let all: Vec<String> = names.into_iter().map(code).collect();
    all.join(", ")
}

/// Text of a document on one line.
fn prose(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    escaped(&words.join(" "))
}

/// The same for a table, whose cells have no full stops.
fn cell(text: &str) -> String {
    prose(text.trim_end().trim_end_matches('.'))
}
