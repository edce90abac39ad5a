//! Reads Rust as far as the rules need: code without comments, texts and tests, and its paths.

/// `source` with comments, the contents of texts, and items under `#[cfg(test)]` blanked out;
/// lines stay where they are. Names of modules that are declared for tests alone come second.
pub(crate) fn code_of(source: &str) -> (String, Vec<String>) {
    without_tests(&without_words(source))
}

/// How a text that begins somewhere goes on.
struct Opening {
    /// Bytes up to its contents.
    length: usize,
    /// What closes it.
    close: Vec<u8>,
    /// Whether a backslash takes the next byte with it: not in raw texts.
    escapes: bool,
}

/// The text that begins at `at`, if one does.
fn text_at(bytes: &[u8], at: usize) -> Option<Opening> {
    let rest = &bytes[at..];
    if rest.first() == Some(&b'"') {
        return Some(Opening {
            length: 1,
            close: b"\"".to_vec(),
            escapes: true,
        });
    }
    let follows_a_name = at > 0 && is_name(bytes[at - 1]);
    let raw = match rest {
        [b'r', ..] if !follows_a_name => 1,
        [b'b', b'r', ..] if !follows_a_name => 2,
        _ => return None,
    };
    let hashes = rest[raw..].iter().take_while(|b| **b == b'#').count();
    (rest.get(raw + hashes) == Some(&b'"')).then(|| Opening {
        length: raw + hashes + 1,
        close: [b"\"".as_slice(), &b"#".repeat(hashes)].concat(),
        escapes: false,
    })
}

fn without_words(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut out: Vec<u8> = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = if bytes[at..].starts_with(b"//") {
            bytes[at..]
                .iter()
                .position(|b| *b == b'\n')
                .map_or(bytes.len(), |n| at + n)
        } else if bytes[at..].starts_with(b"/*") {
            end_of_block_comment(bytes, at)
        } else if let Some(opening) = text_at(bytes, at) {
            end_of_text(bytes, at + opening.length, &opening)
        } else if bytes[at] == b'\'' {
            end_of_character(bytes, at)
        } else {
            at += 1;
            continue;
        };
        out[at..end]
            .iter_mut()
            .filter(|b| **b != b'\n')
            .for_each(|b| *b = b' ');
        at = end.max(at + 1);
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn end_of_block_comment(bytes: &[u8], from: usize) -> usize {
    let (mut at, mut depth) = (from, 0);
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    bytes.len()
}

fn end_of_text(bytes: &[u8], from: usize, opening: &Opening) -> usize {
    let mut at = from;
    while at < bytes.len() {
        if opening.escapes && bytes[at] == b'\\' {
            at += 2;
        } else if bytes[at..].starts_with(&opening.close) {
            return at + opening.close.len();
        } else {
            at += 1;
        }
    }
    bytes.len()
}

/// A character is blanked out; a lifetime is code.
fn end_of_character(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at + 1) {
        Some(b'\\') => {
            let close = bytes[at + 3..].iter().position(|b| *b == b'\'');
            close.map_or(bytes.len(), |n| at + 3 + n + 1)
        }
        Some(_) => {
            let close = (at + 2..bytes.len().min(at + 6)).find(|i| bytes[*i] == b'\'');
            let one = close.filter(|i| {
                std::str::from_utf8(&bytes[at + 1..*i]).is_ok_and(|text| text.chars().count() == 1)
            });
            one.map_or(at + 1, |i| i + 1)
        }
        None => at + 1,
    }
}

fn without_tests(code: &str) -> (String, Vec<String>) {
    const MARK: &str = "#[cfg(test)]";
    let mut out = code.to_owned();
    let mut modules = Vec::new();
    while let Some(start) = out.find(MARK) {
        let end = end_of_item(&out, start + MARK.len());
        let item = &out[start + MARK.len()..end];
        if let Some((_, name)) = item.trim_end_matches(';').rsplit_once("mod ")
            && item.ends_with(';')
        {
            modules.push(name.trim().to_owned());
        }
        let blank: String = out[start..end]
            .chars()
            .map(|c| if c == '\n' { c } else { ' ' })
            .collect();
        out.replace_range(start..end, &blank);
    }
    (out, modules)
}

/// An item ends with its `;` or with the brace that closes its first one.
fn end_of_item(code: &str, from: usize) -> usize {
    let mut depth = 0_usize;
    for (at, c) in code[from..].char_indices() {
        match c {
            ';' if depth == 0 => return from + at + 1,
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return from + at + 1;
                }
            }
            _ => {}
        }
    }
    code.len()
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Every place where `word` stands in `code` as a whole word and is not the tail of a path, as a
/// byte offset.
pub(crate) fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(move |at| {
            let (before, after) = (&code.as_bytes()[..*at], &code.as_bytes()[at + word.len()..]);
            let starts = before.last().is_none_or(|b| !is_name(*b));
            let ends = after.first().is_none_or(|b| !is_name(*b)) || word.ends_with('!');
            starts && ends
        })
}

/// The line of a byte, from 1.
pub(crate) fn line_of(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

/// Every path of `code` that begins with `crate` or `super`, from the root of the crate, as
/// `core/plan/build`, with its byte offset. `module` is where the code stands: `core/plan/step`.
pub(crate) fn paths(code: &str, module: &[&str]) -> Vec<(usize, String)> {
    const STEP: &str = "super::";
    let mut found = Vec::new();
    for at in words(code, "crate") {
        if code[at..].starts_with("crate::") {
            expand(&code[at + 7..], String::new(), &mut |path| {
                found.push((at, path))
            });
        }
    }
    for at in words(code, "super").filter(|at| !code[..*at].ends_with(STEP)) {
        let mut supers = 0;
        while code[at + supers * STEP.len()..].starts_with(STEP) {
            supers += 1;
        }
        let Some(kept) = module.len().checked_sub(supers).filter(|_| supers > 0) else {
            continue;
        };
        let rest = &code[at + supers * STEP.len()..];
        expand(rest, module[..kept].join("/"), &mut |path| {
            found.push((at, path))
        });
    }
    found
}

/// Follows a path, and each branch of its brace groups.
fn expand(rest: &str, so_far: String, found: &mut dyn FnMut(String)) {
    let rest = rest.trim_start();
    if let Some(group) = rest.strip_prefix('{') {
        branches(group)
            .into_iter()
            .for_each(|branch| expand(branch, so_far.clone(), found));
        return;
    }
    let length = rest.bytes().take_while(|b| is_name(*b)).count();
    let name = &rest[..length];
    let path = match (so_far.is_empty(), name) {
        (_, "" | "self") => so_far,
        (true, name) => name.to_owned(),
        (false, name) => format!("{so_far}/{name}"),
    };
    match rest[length..].strip_prefix("::") {
        Some(more) => expand(more, path, found),
        None => found(path),
    }
}

/// The branches of a group, up to the brace that closes it.
fn branches(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut all) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                all.push(&group[start..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                all.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    all.retain(|branch| !branch.trim().is_empty());
    all
}
