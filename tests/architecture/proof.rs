//! The scanner on made-up sources: one that found nothing would be noticed here.

use super::{DOORS, HOMES, Source, Stray, arrows, place_of, root_groups, scan, strays};

fn source(path: &str, text: &str) -> Source {
    let (code, _) = scan::code_of(text);
    Source {
        path: path.to_owned(),
        place: place_of(path),
        code,
    }
}

#[test]
fn an_arrow_up_is_named_with_file_line_and_rule() {
    let made_up = source(
        "src/core/plan/mod.rs",
        "//! x\n\nuse crate::azure::Reader;\n",
    );
    assert_eq!(
        arrows(&made_up),
        ["src/core/plan/mod.rs:3: `core/plan` must not use `azure/Reader`"]
    );
}

#[test]
fn every_way_to_spell_a_path_is_followed() {
    for text in [
        "use crate::core::execute::Act;",
        "use crate::core::{plan, execute};",
        "use crate::core::{\n    plan::{self, Plan},\n    execute::{self, Act},\n};",
        "fn f() -> crate::core::execute::Act { todo() }",
        "use super::super::execute::Act;",
        "pub use crate::core::execute;",
        "const X: &str = \"a // b\"; use crate::core::execute::Act;",
        "const X: char = '\"'; use crate::core::execute::Act; const Y: char = '\"';",
        "fn f<'a>(x: &'a str) {} use crate::core::execute::Act;",
        "const R: &str = r\"\\\"; use crate::core::execute::Act;",
        "#[cfg(test)] mod tests { fn f() {} }\nuse crate::core::execute::Act;",
        "#[cfg(test)] mod samples;\nuse crate::core::execute::Act;",
    ] {
        let found = arrows(&source("src/core/report/text.rs", text));
        let named = |breach: &String| breach.contains("must not use `core/execute");
        assert!(
            !found.is_empty() && found.iter().all(named),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn words_in_comments_texts_and_tests_are_no_paths() {
    for text in [
        "// use crate::core::execute::Act;",
        "/* a /* b */ use crate::core::execute::Act; */",
        "/// See `crate::core::execute::Act`.\nfn f() {}",
        "const X: &str = \"crate::core::execute::Act\";",
        "const X: &str = r#\"\"crate::core::execute\"#;",
        "const X: &str = \"\\\"crate::core::execute\";",
        "#[cfg(test)]\nmod tests {\n    use crate::core::execute::Act;\n    mod a { }\n}",
        "#[cfg(test)]\nuse crate::core::execute::Act;",
        "use crate::core::plan::Plan;\nuse super::Report;\nuse super::super::plan;",
    ] {
        assert_eq!(
            arrows(&source("src/core/report/text.rs", text)),
            Vec::<String>::new(),
            "{text}"
        );
    }
}

#[test]
fn a_group_at_the_root_is_refused_however_it_is_laid_out() {
    for text in [
        "use crate::{base, core};",
        "pub use crate::{\n    base,\n};",
        "use crate:: {base};",
    ] {
        let found = root_groups(&source("src/ops/mod.rs", text));
        assert_eq!(found.len(), 1, "{text}");
    }
    assert!(
        root_groups(&source(
            "src/ops/mod.rs",
            "use crate::base::{Clock, Chance};"
        ))
        .is_empty()
    );
}

#[test]
fn a_crate_away_from_home_is_found() {
    let away = source(
        "src/ops/mod.rs",
        "fn f() {\n    reqwest::get();\n}\nuse handlebars;\n",
    );
    let found = strays(&away, HOMES, Stray::Crate);
    assert_eq!(
        found,
        [
            "src/ops/mod.rs:2: `reqwest` belongs in azure/client",
            "src/ops/mod.rs:4: `handlebars` belongs in core/runbook/template",
        ]
    );
    let home = source(
        "src/core/runbook/template/parse.rs",
        "use handlebars::Template;",
    );
    assert!(strays(&home, HOMES, Stray::Crate).is_empty());
    let namesake = source(
        "src/ops/mod.rs",
        "fn f() { pace::backoff::next(); let hyper = 1; }",
    );
    assert!(strays(&namesake, HOMES, Stray::Crate).is_empty());
}

#[test]
fn a_door_in_the_wrong_room_is_found() {
    let text = "fn f() {\n    let t = jiff::Timestamp::now();\n    println!(\"{t}\");\n}\n";
    let found = strays(&source("src/ops/mod.rs", text), DOORS, Stray::Door);
    assert_eq!(
        found,
        [
            "src/ops/mod.rs:2: `Timestamp::now` belongs in base/clock",
            "src/ops/mod.rs:3: `println!` belongs in nowhere",
        ]
    );
    assert!(
        strays(
            &source("src/base/clock.rs", "Timestamp::now()"),
            DOORS,
            Stray::Door
        )
        .is_empty()
    );
    let inner = "#[cfg(test)]\nmod tests { fn f() { println!(); } }";
    assert!(strays(&source("src/ops/mod.rs", inner), DOORS, Stray::Door).is_empty());
}

#[test]
fn a_module_for_tests_alone_is_known_by_its_name() {
    let (_, modules) = scan::code_of("#[cfg(test)]\npub(crate) mod samples;\nmod real;\n");
    assert_eq!(modules, ["samples"]);
}
