//! Results of rehearsals as JUnit XML, as CI systems read it.

use std::fmt::Write as _;
use std::time::Duration;

/// One result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// What it belongs to.
    pub class: String,
    /// Its name.
    pub name: String,
    /// How long it took.
    pub took: Duration,
    /// What was wrong.
    pub wrong: Option<Wrong>,
}

/// What was wrong with a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// A failure is an expectation that was not met; anything else is an error.
    pub is_failure: bool,
    /// On one line.
    pub message: String,
    /// In full.
    pub text: String,
}

/// The document of one suite.
#[must_use]
pub fn render(suite: &str, tests: &[Test]) -> String {
    let of = |failure: bool| {
        let is = |test: &&Test| test.wrong.as_ref().is_some_and(|w| w.is_failure == failure);
        tests.iter().filter(is).count()
    };
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{}\"",
        tests.len(),
        of(true),
        of(false),
        seconds(tests.iter().map(|test| test.took).sum())
    );
    let name = escaped(suite);
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(out, "<testsuites name=\"{name}\" {counts}>");
    let _ = writeln!(out, "  <testsuite name=\"{name}\" {counts}>");
    out.extend(tests.iter().map(case));
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

fn case(test: &Test) -> String {
    let head = format!(
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{}\"",
        escaped(&test.class),
        escaped(&test.name),
        seconds(test.took)
    );
    let Some(wrong) = &test.wrong else {
        return format!("{head}/>\n");
    };
    let kind = if wrong.is_failure { "failure" } else { "error" };
    let (message, text) = (escaped(&wrong.message), escaped(&wrong.text));
    format!("{head}>\n      <{kind} message=\"{message}\">{text}</{kind}>\n    </testcase>\n")
}

fn seconds(took: Duration) -> String {
    format!("{:.3}", took.as_secs_f64())
}

/// XML 1.0 has no way to write most control characters: they become `U+FFFD`.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(letter),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            control if control.is_control() => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(name: &str, wrong: Option<Wrong>) -> Test {
        Test {
            class: "Code".to_owned(),
            name: name.to_owned(),
            took: Duration::from_millis(1500),
            wrong,
        }
    }

    #[test]
    fn failures_and_errors_are_told_apart_counted_and_escaped() {
        let wrong = |is_failure, text: &str| Wrong {
            is_failure,
            message: "\"it\" is <not> so".to_owned(),
            text: text.to_owned(),
        };
        let tests = [
            test("plain", None),
            test("a&b", Some(wrong(true, "-old\n+new\u{1b}[1m"))),
            test("c", Some(wrong(false, "cannot read"))),
        ];
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="rehearsals" tests="3" failures="1" errors="1" time="4.500">
  <testsuite name="rehearsals" tests="3" failures="1" errors="1" time="4.500">
    <testcase classname="Code" name="plain" time="1.500"/>
    <testcase classname="Code" name="a&amp;b" time="1.500">
      <failure message="&quot;it&quot; is &lt;not&gt; so">-old
+new�[1m</failure>
    </testcase>
    <testcase classname="Code" name="c" time="1.500">
      <error message="&quot;it&quot; is &lt;not&gt; so">cannot read</error>
    </testcase>
  </testsuite>
</testsuites>
"#;
        assert_eq!(render("rehearsals", &tests), expected);
    }
}
