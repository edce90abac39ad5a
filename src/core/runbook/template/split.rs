//! Cuts a text into words and expressions, and refuses whatever of Handlebars is not used here
//! before Handlebars sees it: with the exact place, and bounded in length and depth.

use std::ops::Range;

use super::TemplateError;

/// The longest text with expressions; a title or an argument is far shorter.
const LONGEST: usize = 4096;
/// The deepest parentheses. Handlebars' parser takes time and stack for each.
const DEEPEST: usize = 6;

/// One part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Bytes that stand for themselves.
    Text(Range<usize>),
    /// An expression.
    Expression {
        /// Its bytes, braces included.
        span: Range<usize>,
        /// Its paths, names and literals other than texts, in order.
        words: Vec<Range<usize>>,
    },
}

/// The parts of `text`, in order.
pub(super) fn split(text: &str) -> Result<Vec<Piece>, TemplateError> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find("{{") {
        let start = at + found;
        if text.len() > LONGEST {
            let message = format!("a text with `{{{{` has at most {LONGEST} bytes");
            return Err(TemplateError::new(start..start + 2, message));
        }
        if text[..start].ends_with('\\') {
            let message = "a backslash before `{{` means nothing here";
            return Err(TemplateError::new(start - 1..start + 2, message));
        }
        if start > at {
            pieces.push(Piece::Text(at..start));
        }
        let (end, words) = expression(text, start)?;
        pieces.push(Piece::Expression {
            span: start..end,
            words,
        });
        at = end;
    }
    if at < text.len() {
        pieces.push(Piece::Text(at..text.len()));
    }
    Ok(pieces)
}

/// Reads one expression from its braces on: where it ends, and its words.
fn expression(text: &str, start: usize) -> Result<(usize, Vec<Range<usize>>), TemplateError> {
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut depth = 0_usize;
    let mut at = start + 2;
    while let Some(c) = text[at..].chars().next() {
        let next = at + c.len_utf8();
        match c {
            '}' if text[at..].starts_with("}}") => return Ok((at + 2, words)),
            '"' | '\'' => {
                at = quoted(text, at, c)?;
                continue;
            }
            '(' if depth == DEEPEST => {
                let message = format!("parentheses deeper than {DEEPEST} levels");
                return Err(TemplateError::new(at..next, message));
            }
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ' ' | '\t' | '\n' | '\r' => {}
            c if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.') => {
                match words.last_mut() {
                    Some(word) if word.end == at => word.end = next,
                    _ => words.push(at..next),
                }
            }
            other => return Err(refused(other, at..next)),
        }
        at = next;
    }
    Err(
        TemplateError::new(start..text.len(), "`{{` is never closed")
            .helped("end the expression with `}}`"),
    )
}

/// The byte after the closing quote.
fn quoted(text: &str, start: usize, quote: char) -> Result<usize, TemplateError> {
    let mut escaped = false;
    for (offset, c) in text[start + 1..].char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Ok(start + 1 + offset + 1),
            _ => {}
        }
    }
    Err(
        TemplateError::new(start..text.len(), "this text is never closed")
            .helped(format!("end it with {quote}")),
    )
}

/// Why a character has no place in an expression.
fn refused(c: char, span: Range<usize>) -> TemplateError {
    let only = "an expression holds paths of facts, literals and helpers";
    let message = match c {
        '#' | '^' | '/' => "blocks are not used here",
        '{' | '&' => "triple braces are not used here",
        '>' => "partials are not used here",
        '*' => "decorators are not used here",
        '!' => "remarks are not used here",
        '~' => "whitespace control is not used here",
        '@' => "variables with `@` are not used here",
        '=' | '|' => "named arguments are not used here",
        '[' | ']' => {
            return TemplateError::new(span, "square brackets are not used here")
                .helped("an item of a list is written `vm.disks.0`");
        }
        other => {
            let message = format!("`{}` has no place in an expression", other.escape_debug());
            return TemplateError::new(span, message).helped(only);
        }
    };
    TemplateError::new(span, message).helped(only)
}
