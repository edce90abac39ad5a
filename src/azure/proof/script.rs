//! A script that is part of this program, with arguments from a narrow alphabet.

use super::RuleBroken;

/// The longest value of a parameter.
const LONGEST_VALUE: usize = 128;

/// A fixed script: its text was compiled in, so nothing that Azure, a chat or an alert said can
/// become code.
#[derive(Clone, Debug)]
pub struct FixedScript {
    name: &'static str,
    text: &'static str,
    parameters: Vec<(String, String)>,
    is_probe: bool,
}

impl FixedScript {
    /// Checks every parameter: a value is up to 128 of `A-Z a-z 0-9 . _ : / \ -`, a name begins
    /// with a letter and goes on with letters, digits and `_`.
    pub fn new(
        name: &'static str,
        text: &'static str,
        parameters: Vec<(String, String)>,
    ) -> Result<Self, RuleBroken> {
        for (key, value) in &parameters {
            if !is_name(key) {
                return Err(RuleBroken(format!(
                    "the script `{name}` has a parameter that cannot be named {key:?}"
                )));
            }
            if !is_value(value) {
                return Err(RuleBroken(format!(
                    "the parameter `{key}` of the script `{name}` has a value that is too long or has \
                     other characters than letters, digits and . _ : / \\ -"
                )));
            }
        }
        Ok(Self {
            name,
            text,
            parameters,
            is_probe: false,
        })
    }

    /// The same script, counted as a probe: it only looks inside the guest.
    #[must_use]
    pub fn that_only_looks(self) -> Self {
        Self {
            is_probe: true,
            ..self
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> &'static str {
        self.text
    }

    /// Its parameters, checked.
    #[must_use]
    pub fn parameters(&self) -> &[(String, String)] {
        &self.parameters
    }

    /// Whether it only looks.
    #[must_use]
    pub fn is_probe(&self) -> bool {
        self.is_probe
    }
}

fn is_name(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn is_value(value: &str) -> bool {
    value.len() <= LONGEST_VALUE
        && value
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || br"._:/\-".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(key: &str, value: &str) -> Result<FixedScript, RuleBroken> {
        FixedScript::new("win-reg-string", "exit", vec![(key.into(), value.into())])
    }

    #[test]
    fn plain_values_pass_and_keep_their_order() {
        let parameters = vec![
            ("Key".to_owned(), r"HKLM:\SOFTWARE\x".to_owned()),
            ("Apply".to_owned(), String::new()),
        ];
        let script = FixedScript::new("s", "t", parameters.clone()).unwrap();
        assert_eq!(script.parameters(), parameters);
        assert!(!script.is_probe() && script.that_only_looks().is_probe());
    }

    #[test]
    fn anything_that_a_shell_could_read_is_refused() {
        for value in [
            "a b",
            "a;b",
            "$(x)",
            "`x`",
            "a'b",
            "a\"b",
            "a|b",
            "a&b",
            "a\nb",
            "é",
            "%x%",
            "a>b",
            "{}",
            &"a".repeat(129),
        ] {
            assert!(script("Key", value).is_err(), "{value:?}");
        }
        for key in ["", "1a", "a b", "a-b", "a;b"] {
            assert!(script(key, "v").is_err(), "{key:?}");
        }
    }
}
