//! The first pass: finds every key and value, and refuses what is not read here.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle};

use crate::base::diagnostics::Diagnostic;

use super::spans::{Entry, Node, Spans};
use super::{DEEPEST, LARGEST, code};

/// Where everything stands in `text`, or everything that is wrong with it as YAML.
pub(super) fn scan(file: &str, text: &str) -> Result<Spans, Vec<Diagnostic>> {
    if text.len() > LARGEST {
        let message = format!(
            "the file has {} KB; at most {} KB are read",
            text.len() / 1024,
            LARGEST / 1024
        );
        return Err(vec![Diagnostic::error(code::TOO_MUCH, file, 0..0, message)]);
    }
    let mut scan = Scan::new(file, text);
    for event in Parser::new_from_str(text) {
        let go_on = match event {
            Ok((event, span)) => {
                let span = span.byte_range().unwrap_or(0..0);
                scan.event(&event, boundary(text, span.start)..boundary(text, span.end))
            }
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(text.len());
                scan.syntax(at, &reason(error.kind()))
            }
        };
        if !go_on {
            break;
        }
    }
    match scan.root {
        Some(root) if scan.found.is_empty() => Ok(Spans::new(root)),
        None if scan.found.is_empty() => Err(vec![Diagnostic::error(
            code::SYNTAX,
            file,
            0..0,
            "the file is empty",
        )]),
        _ => Err(scan.found),
    }
}

/// A list or mapping that is still open.
enum Open {
    List { start: usize, items: Vec<Node> },
    Map(OpenMap),
}

struct OpenMap {
    start: usize,
    entries: Vec<Entry>,
    names: HashMap<String, Range<usize>>,
    key: Option<(String, Range<usize>)>,
}

struct Scan<'a> {
    file: &'a str,
    text: &'a str,
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
    /// Length of each anchored scalar, and what all aliases together would expand to.
    anchored: HashMap<usize, usize>,
    expanded: usize,
    found: Vec<Diagnostic>,
}

impl<'a> Scan<'a> {
    fn new(file: &'a str, text: &'a str) -> Self {
        Self {
            file,
            text,
            open: Vec::new(),
            root: None,
            documents: 0,
            anchored: HashMap::new(),
            expanded: 0,
            found: Vec::new(),
        }
    }

    /// Takes one event; false when the rest of the text is not worth reading.
    fn event(&mut self, event: &Event<'_>, span: Range<usize>) -> bool {
        if event.tag().is_some() {
            self.refuse(
                &span,
                "tags such as `!x` are not read here",
                "leave the tag out",
            );
        }
        match event {
            Event::DocumentStart(..) => self.document(&span),
            Event::Scalar(value, style, anchor, _) => self.scalar(value, *style, *anchor, span),
            Event::Alias(anchor) => self.alias(*anchor, span),
            Event::SequenceStart(_, anchor, _) => self.start(
                *anchor,
                &span,
                Open::List {
                    start: span.start,
                    items: Vec::new(),
                },
            ),
            Event::MappingStart(_, anchor, _) => {
                if self.text[span.start..].starts_with("{{") {
                    return self.unquoted(span.start);
                }
                let map = OpenMap {
                    start: span.start,
                    entries: Vec::new(),
                    names: HashMap::new(),
                    key: None,
                };
                self.start(*anchor, &span, Open::Map(map))
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(&span),
            _ => true,
        }
    }

    fn document(&mut self, span: &Range<usize>) -> bool {
        self.documents += 1;
        if self.documents > 1 {
            let help = "put each document into a file of its own";
            self.refuse(span, "a second document starts here", help);
        }
        self.documents == 1
    }

    fn start(&mut self, anchor: usize, span: &Range<usize>, open: Open) -> bool {
        if anchor != 0 {
            let help = "write the value out where it is used";
            self.refuse(
                span,
                "anchors on lists and mappings are not read here",
                help,
            );
        }
        if let Some(Open::Map(OpenMap { key: None, .. })) = self.open.last() {
            self.refuse(
                span,
                "a key must be a word, not a list or mapping",
                "quote it",
            );
            return false;
        }
        if self.open.len() >= DEEPEST {
            let message = format!("nested deeper than {DEEPEST} levels");
            self.found.push(Diagnostic::error(
                code::TOO_MUCH,
                self.file,
                span.clone(),
                message,
            ));
            return false;
        }
        self.open.push(open);
        true
    }

    fn end(&mut self, span: &Range<usize>) -> bool {
        // A block ends where the next token starts: the blanks between are not part of it.
        let close = |start: usize, last: Option<usize>| start..last.unwrap_or(span.end).max(start);
        let node = match self.open.pop() {
            Some(Open::List { start, items }) => {
                let last = (span.is_empty())
                    .then(|| items.last().map(|i| i.span().end))
                    .flatten();
                Node::List(close(start, last), items)
            }
            Some(Open::Map(map)) => {
                let last = (span.is_empty())
                    .then(|| {
                        map.entries
                            .last()
                            .map(|e| e.value.span().end.max(e.key.end))
                    })
                    .flatten();
                Node::Map(close(map.start, last), map.entries)
            }
            None => return false,
        };
        self.attach(node);
        true
    }

    fn scalar(
        &mut self,
        value: &str,
        style: ScalarStyle,
        anchor: usize,
        span: Range<usize>,
    ) -> bool {
        if anchor != 0 {
            self.anchored.insert(anchor, value.len());
        }
        match self.open.last_mut() {
            Some(Open::Map(map)) if map.key.is_none() => {
                map.key = Some((value.to_owned(), span.clone()));
                if value == "<<" && style == ScalarStyle::Plain {
                    let help = "write the keys out";
                    self.refuse(&span, "merge keys `<<` are not read here", help);
                } else {
                    self.name(value, span);
                }
            }
            _ => self.attach(Node::Leaf(span)),
        }
        true
    }

    /// Remembers a key, and reports it when its mapping has it already.
    fn name(&mut self, name: &str, span: Range<usize>) {
        let Some(Open::Map(map)) = self.open.last_mut() else {
            return;
        };
        if let Some(first) = map.names.get(name) {
            let found = Diagnostic::error(
                code::DUPLICATE,
                self.file,
                span,
                format!("the key `{name}` is there twice"),
            );
            let first = first.clone();
            self.found.push(
                found
                    .labelled("again here")
                    .related(self.file, first, "first here")
                    .helped("remove one of the two"),
            );
        } else {
            map.names.insert(name.to_owned(), span);
        }
    }

    fn alias(&mut self, anchor: usize, span: Range<usize>) -> bool {
        self.expanded += self.anchored.get(&anchor).copied().unwrap_or(0);
        if self.expanded > LARGEST {
            let message = format!("aliases expand to more than {} KB", LARGEST / 1024);
            self.found
                .push(Diagnostic::error(code::TOO_MUCH, self.file, span, message));
            return false;
        }
        if let Some(Open::Map(OpenMap { key: None, .. })) = self.open.last() {
            self.refuse(
                &span,
                "a key must be a word, not an alias",
                "write the key out",
            );
            return false;
        }
        self.attach(Node::Leaf(span));
        true
    }

    fn attach(&mut self, node: Node) {
        match self.open.last_mut() {
            None => self.root = self.root.take().or(Some(node)),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map(map)) => {
                if let Some((name, key)) = map.key.take() {
                    map.entries.push(Entry {
                        name,
                        key,
                        value: node,
                    });
                }
            }
        }
    }

    fn refuse(&mut self, span: &Range<usize>, message: &str, help: &str) {
        let found = Diagnostic::error(code::REFUSED, self.file, span.clone(), message);
        self.found.push(found.helped(help));
    }

    fn unquoted(&mut self, start: usize) -> bool {
        let line = self.text[start..].lines().next().unwrap_or_default();
        let mut value = line.split(" #").next().unwrap_or_default().trim_end();
        // What closes the list or mapping around the value is not part of it.
        if let Some((expression, rest)) = value.split_once("}}")
            && rest.trim_start().starts_with(['}', ']', ','])
        {
            value = &value[..expression.len() + 2];
        }
        let found = Diagnostic::error(
            code::UNQUOTED,
            self.file,
            start..start + value.len(),
            "a value that starts with `{{` must be quoted, else YAML reads a mapping",
        );
        let quoted = if value.contains('"') {
            format!("'{value}'")
        } else {
            format!("\"{value}\"")
        };
        self.found.push(found.helped(format!("quote it: {quoted}")));
        false
    }

    /// The innermost bracket that is still open.
    fn bracket(&self) -> Option<usize> {
        self.open.iter().rev().find_map(|open| {
            let start = match open {
                Open::List { start, .. } => *start,
                Open::Map(map) => map.start,
            };
            self.text
                .get(start..)?
                .starts_with(['[', '{'])
                .then_some(start)
        })
    }

    /// The parser stops at `at`: a tab that indents this line or the next is the usual reason,
    /// and the parser does not name it.
    fn syntax(&mut self, at: usize, why: &str) -> bool {
        let at = boundary(self.text, at);
        let start = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let found = match indenting_tab(self.text, start) {
            Some(tab) => {
                let message = "a tab indents this line";
                Diagnostic::error(code::SYNTAX, self.file, tab..tab + 1, message)
                    .helped("indent with blanks")
            }
            None => {
                let message = format!("not valid YAML: {why}");
                let found = Diagnostic::error(code::SYNTAX, self.file, at..at, message);
                match self.bracket() {
                    Some(start) => found.related(self.file, start..start + 1, "still open"),
                    None => found,
                }
            }
        };
        self.found.push(found);
        false
    }
}

/// The start of the character at a byte: the parser's places are its own, not ours to trust.
fn boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The parser's reason. Its sentences are a feature that is off; the names of its errors say as
/// much: `UnexpectedEofFlowSequence`.
fn reason(kind: &granit_parser::ErrorKind) -> String {
    let mut words = String::new();
    for c in format!("{kind:?}")
        .chars()
        .take_while(char::is_ascii_alphanumeric)
    {
        if c.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(c.to_ascii_lowercase());
    }
    words
}

/// The first tab that indents one of the two lines from `start` on.
fn indenting_tab(text: &str, start: usize) -> Option<usize> {
    let mut at = start;
    for line in text[start..].split_inclusive('\n').take(2) {
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        if let Some(tab) = line[..indent].find('\t') {
            return Some(at + tab);
        }
        at += line.len();
    }
    None
}
