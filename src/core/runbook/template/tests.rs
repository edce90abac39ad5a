use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Facts of a small world; `locks` is known after step 2, `job` could not be read.
struct World;

impl Scope for World {
    fn read(&self, path: &FactPath) -> Reading {
        let tree = json!({
            "vm": {
                "name": "web\u{1b}[2J1", "n": 3, "big": 9_007_199_254_740_993_i64, "running": true,
                "none": null, "disks": [{"lun": 7}], "tags": ["a", "b"], "empty": []
            },
            "params": {"cleanup": "delete"}
        });
        match path.root() {
            "locks" => return Reading::Unknown("step 2".to_owned()),
            "points" => return Reading::Unknown("step 1".to_owned()),
            "job" => return Reading::Failed("403 on the job".to_owned()),
            root if tree.get(root).is_none() => return Reading::Undeclared,
            _ => {}
        }
        let found = path.segments().iter().try_fold(&tree, |at, segment| {
            segment
                .parse::<usize>()
                .ok()
                .and_then(|i| at.get(i))
                .or_else(|| at.get(segment))
        });
        Reading::Known(found.cloned().unwrap_or(Value::Null))
    }
}

fn value(text: &str) -> Evaluated {
    Template::parse(text)
        .unwrap_or_else(|e| panic!("{text}: {e}"))
        .evaluate(&World)
}

fn holds(text: &str) -> Evaluated {
    Condition::parse(text)
        .unwrap_or_else(|e| panic!("{text}: {e}"))
        .evaluate(&World)
}

fn failed(evaluated: Evaluated) -> String {
    match evaluated {
        Evaluated::Failed(why) => why,
        other => panic!("{other:?} is not a failure"),
    }
}

#[test]
fn one_expression_keeps_its_type_and_a_mixture_is_text() {
    assert_eq!(value("{{vm.n}}"), Evaluated::Known(json!(3)));
    assert_eq!(value("{{ vm.running }}"), Evaluated::Known(json!(true)));
    assert_eq!(value("{{vm.tags}}"), Evaluated::Known(json!(["a", "b"])));
    assert_eq!(value("{{vm.disks.0.lun}}"), Evaluated::Known(json!(7)));
    assert_eq!(value("{{vm.none}}"), Evaluated::Known(Value::Null));
    assert_eq!(value("{{default vm.none 5}}"), Evaluated::Known(json!(5)));
    assert_eq!(
        value("n={{vm.n}}, {{vm.running}}"),
        Evaluated::Known(json!("n=3, true"))
    );
    assert_eq!(
        value("plain }} text"),
        Evaluated::Known(json!("plain }} text"))
    );
    assert_eq!(
        value("{{join vm.tags \"; \"}}"),
        Evaluated::Known(json!("a; b"))
    );
}

#[test]
fn conditions_compare_count_and_combine() {
    for (text, expected) in [
        ("eq params.cleanup \"delete\"", true),
        ("eq params.cleanup 'automatic'", false),
        ("eq vm.n 3.0", true),
        ("ne vm.n 3", false),
        ("gt vm.n 2", true),
        ("gte vm.n 3", true),
        ("lt vm.n 3", false),
        ("lte vm.big 9007199254740992", false),
        ("and (gt vm.n 2) vm.running", true),
        ("or (gt vm.n 9) (not vm.running)", false),
        ("any vm.tags", true),
        ("any vm.empty", false),
        ("any vm.none", false),
        ("eq (count vm.tags) 2", true),
        ("eq (len vm.tags) 2", true),
        ("contains vm.tags \"b\"", true),
        ("contains (lower \"ABC\") \"b\"", true),
        ("eq (default vm.none \"x\") \"x\"", true),
        ("(eq 1 1)", true),
        ("vm.running", true),
        ("true", true),
    ] {
        assert_eq!(holds(text), Evaluated::Known(json!(expected)), "{text}");
    }
}

#[test]
fn one_unknown_makes_the_result_unknown_whatever_the_rest_says() {
    let unknown = |by: &str| Evaluated::Unknown(by.to_owned());
    assert_eq!(holds("or vm.running (any locks)"), unknown("step 2"));
    assert_eq!(
        holds("and false (any locks.blocking) (any points)"),
        unknown("step 1 and step 2")
    );
    assert_eq!(value("{{vm.name}} {{locks}}"), unknown("step 2"));
}

#[test]
fn a_failure_beats_an_unknown_and_an_undeclared_fact_is_a_failure() {
    assert_eq!(
        failed(holds("or (any locks) (eq job.code 1)")),
        "403 on the job"
    );
    assert_eq!(failed(value("{{nope.x}}")), "there is no fact `nope.x`");
}

#[test]
fn helpers_say_what_they_cannot_do_instead_of_saying_false() {
    for (text, said) in [
        (
            "gt vm.none 3",
            "`gt` compares two numbers or two texts, not nothing and `3`",
        ),
        ("gt \"10\" 9", "`gt` compares"),
        ("and vm.n true", "`and` takes true or false, not `3`"),
        ("not vm.none", "`not` takes true or false, not nothing"),
        ("any vm.name", "`any` takes a list"),
        ("eq (lower vm.n) 1", "`lower` takes a text"),
        ("eq (len vm.none) 0", "`len` takes"),
        ("vm.n", "must yield true or false, and this one yields `3`"),
        ("lower \"x\"", "must yield true or false"),
    ] {
        let why = failed(holds(text));
        assert!(why.contains(said), "{text}: {why}");
    }
}

#[test]
fn nothing_absent_becomes_part_of_a_text_that_addresses_something() {
    assert!(failed(value("name-{{vm.none}}")).contains("nothing cannot be part of a text"));
    assert!(failed(value("name-{{vm.disks}}")).contains("cannot be part"));
}

#[test]
fn titles_say_what_is_unknown_and_escape_what_azure_sent() {
    let text = |text: &str| Template::parse(text).expect("a title").text(&World);
    assert_eq!(text("Delete {{locks.name}}"), "Delete (known after step 2)");
    assert_eq!(text("VM {{vm.name}}"), "VM web\\u{1b}[2J1");
    assert_eq!(
        text("{{vm.none}} {{vm.tags}} {{vm.disks}}"),
        "- a, b a mapping"
    );
    assert_eq!(text("{{job.code}}"), "(cannot be read: 403 on the job)");
}

#[test]
fn a_fact_that_looks_like_an_expression_stays_text() {
    struct Evil;
    impl Scope for Evil {
        fn read(&self, _: &FactPath) -> Reading {
            Reading::Known(json!("{{vm.secret}}"))
        }
    }
    let template = Template::parse("x {{vm.name}}").expect("a template");
    assert_eq!(
        template.evaluate(&Evil),
        Evaluated::Known(json!("x {{vm.secret}}"))
    );
    assert_eq!(
        render_value(&json!("{{vm.a}}"), &Evil),
        Evaluated::Known(json!("{{vm.secret}}"))
    );
}

#[test]
fn what_is_not_used_here_is_refused_at_its_place() {
    for (text, at, said) in [
        ("a {{#if vm.n}}b{{/if}}", 4, "blocks"),
        ("{{> part}}", 2, "partials"),
        ("{{* deco}}", 2, "decorators"),
        ("{{{vm.n}}}", 2, "triple braces"),
        ("{{&vm.n}}", 2, "triple braces"),
        ("{{~vm.n}}", 2, "whitespace"),
        ("{{! why }}", 2, "remarks"),
        ("{{@root.vm}}", 2, "`@`"),
        ("{{../vm}}", 4, "blocks"),
        ("{{vm.[a b]}}", 5, "square brackets"),
        ("{{eq a=1}}", 6, "named arguments"),
        ("{{this}}", 2, "not the path"),
        ("{{this.vm}}", 2, "not the path"),
        ("{{lookup vm.tags 1}}", 2, "no helper `lookup`"),
        ("{{each vm.tags}}", 2, "no helper `each`"),
        ("{{lowr vm.name}}", 2, "no helper `lowr`"),
        ("{{eq vm.n}}", 2, "needs two arguments, not 1"),
        ("{{eq vm.n 1 2}}", 2, "needs two arguments, not 3"),
        ("{{any}}", 2, "needs one argument"),
        ("x {{vm.name", 2, "never closed"),
        ("{{eq vm.n \"x}}", 10, "never closed"),
        ("{{ }}", 0, "not an expression"),
        ("{{vm..n}}", 0, "not an expression"),
        ("\\{{vm.n}}", 0, "backslash"),
        ("{{(((((((eq 1 1)))))))}}", 8, "deeper"),
        ("{{vm.n ü}}", 7, "has no place"),
    ] {
        let error = Template::parse(text).expect_err(text);
        assert!(error.message.contains(said), "{text}: {}", error.message);
        assert_eq!(error.span.start, at, "{text}: {}", error.message);
    }
    let error = Template::parse("{{lowr vm.name}}").expect_err("a slip");
    assert_eq!(error.help.as_deref(), Some("did you mean `lower`?"));
}

#[test]
fn a_condition_with_braces_is_told_how_to_be_written() {
    let error = Condition::parse("{{ eq vm.n 3 }}").expect_err("braces");
    assert_eq!(error.help.as_deref(), Some("write `eq vm.n 3`"));
    for text in ["eq vm.n 3 }} x", "", "  ", "eq vm.n 3 }}"] {
        Condition::parse(text).expect_err(text);
    }
    let error = Condition::parse("eq vm.n #").expect_err("a hash");
    assert_eq!(error.span, 8..9);
}

#[test]
fn paths_come_with_their_places() {
    let text = "ü {{eq vm.name \"vm.name (\"}} {{or (any locks) (eq 5 vm.n)}}";
    let template = Template::parse(text).expect("a template");
    let places: Vec<&str> = template
        .places()
        .map(|(_, span)| &text[span.clone()])
        .collect();
    assert_eq!(places, ["vm.name", "locks", "vm.n"]);
    let condition = Condition::parse("eq vm.n 1").expect("a condition");
    assert_eq!(
        condition.places().next().map(|(_, span)| span.clone()),
        Some(3..7)
    );
}

#[test]
fn values_are_rendered_all_the_way_down() {
    let with = json!({"a": ["{{vm.n}}", {"b": "n {{vm.n}}"}], "c": 1});
    let expected = json!({"a": [3, {"b": "n 3"}], "c": 1});
    assert_eq!(render_value(&with, &World), Evaluated::Known(expected));
    assert_eq!(value_paths(&with).map(|paths| paths.len()), Ok(2));
    let with = json!(["{{locks}}", "{{job.x}}"]);
    assert!(matches!(render_value(&with, &World), Evaluated::Failed(_)));
    assert_eq!(
        render_value(&json!(["{{locks}}"]), &World),
        Evaluated::Unknown("step 2".into())
    );
}

proptest! {
    #[test]
    fn no_text_makes_parsing_or_evaluating_panic(
        text in "(\\{\\{|\\}\\}|\\(|\\)|eq |and |not |lower |vm\\.n|locks|\"|'|\\\\|\\\\u00|[a-z.0-9 =@#ü\\[\\]|~-]| ){0,24}"
    ) {
        if let Ok(template) = Template::parse(&text) {
            let _ = template.evaluate(&World);
            let _ = template.text(&World);
        }
        if let Ok(condition) = Condition::parse(&text) {
            let _ = condition.evaluate(&World);
        }
        let _ = render_value(&json!({"a": text}), &World);
    }

    #[test]
    fn no_characters_make_parsing_panic(text in any::<String>()) {
        let _ = Template::parse(&text);
        let _ = Template::parse(&format!("{{{{{text}}}}}"));
        let _ = Condition::parse(&text);
    }
}

/// One fact has words of its own.
struct Own;

impl Phrases for Own {
    fn phrase(&self, path: &FactPath, truth: bool) -> Option<String> {
        let truth = if truth {
            "a tag is set"
        } else {
            "no tag is set"
        };
        (path.to_string() == "vm.tags").then(|| truth.to_owned())
    }
}

fn told(text: &str) -> String {
    Condition::parse(text)
        .unwrap_or_else(|e| panic!("{text}: {e}"))
        .told(&World, &Own)
}

#[test]
fn a_condition_tells_what_decided_it_in_words_and_with_values() {
    for (condition, words) in [
        ("eq vm.n 4", "the VM's n is 3"),
        ("eq vm.running false", "the VM is running"),
        ("not vm.running", "the VM is running"),
        (
            "eq params.cleanup \"points\"",
            "the parameter `cleanup` is delete",
        ),
        (
            "ne (lower params.cleanup) \"delete\"",
            "the parameter `cleanup` is delete",
        ),
        ("eq vm.none \"x\"", "the VM's none is not known"),
        ("and vm.running (eq vm.n 4)", "the VM's n is 3"),
        (
            "or (eq vm.n 4) (eq params.cleanup \"points\")",
            "the VM's n is 3 and the parameter `cleanup` is delete",
        ),
        ("and (eq vm.n 4) (not (eq vm.n 3))", "the VM's n is 3"),
        (
            "gte vm.n vm.big",
            "the VM's n (3) is below the VM's big (9007199254740993)",
        ),
        (
            "gt (count vm.disks) 4",
            "the number of the VM's disks (1) is not above 4",
        ),
        ("default vm.none false", "the VM is not none"),
        ("any vm.empty", "no VM is empty"),
        ("any vm.tags", "a tag is set: a, b"),
        ("not (any vm.tags)", "a tag is set: a, b"),
        ("eq vm.name \"web2\"", "the VM's name is web\\u{1b}[2J1"),
        ("true", "nothing asks for it"),
    ] {
        assert_eq!(told(condition), words, "{condition}");
    }
}
