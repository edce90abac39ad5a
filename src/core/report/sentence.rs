//! Reasons are fragments; where one stands alone it is a sentence.

/// As [`sentence`], where the text may begin with the target's name.
pub(super) fn sentence_on(target: &str, text: &str) -> String {
    let told = sentence(text);
    match text.split(' ').next() {
        Some(first) if first == target => format!("{first}{}", &told[first.len()..]),
        _ => told,
    }
}

/// `text` with a capital and a full stop; no full stop touches an id or a mark, and what is
/// written like a name (`web1`, `vmbackup.conf`) keeps its spelling.
pub(super) fn sentence(text: &str) -> String {
    let first = text.split(' ').next().unwrap_or_default();
    let first = first.trim_end_matches([',', ':', ';', '.']);
    if first.contains(|c: char| c.is_ascii_digit() || "./_-".contains(c)) {
        return stopped(text.to_owned());
    }
    let mut chars = text.chars();
    let first: String = chars
        .next()
        .map(|c| c.to_uppercase().collect())
        .unwrap_or_default();
    stopped(format!("{first}{}", chars.as_str()))
}

fn stopped(mut text: String) -> String {
    if text.ends_with(char::is_alphabetic) {
        text.push('.');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_begins_with_a_capital_and_a_name_as_it_is_spelled() {
        for (text, told) in [
            ("it is done", "It is done."),
            ("web1 has 18", "web1 has 18"),
            ("vmbackup.conf is there", "vmbackup.conf is there."),
            ("mail: it is done", "Mail: it is done."),
            ("`web1` runs", "`web1` runs."),
            ("", ""),
        ] {
            assert_eq!(sentence(text), told);
        }
        assert_eq!(sentence_on("mail", "mail has gone"), "mail has gone.");
        assert_eq!(sentence_on("m", "mail has gone"), "Mail has gone.");
    }
}
