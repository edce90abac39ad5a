//! Where each part of a document stands, found by its path.

use std::ops::Range;

/// The places of a document's keys and values.
///
/// A path is written `steps[0].with.scopes`; the empty path is the whole document.
#[derive(Clone, Debug)]
pub struct Spans {
    root: Node,
}

/// One value and what it holds.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Leaf(Range<usize>),
    List(Range<usize>, Vec<Node>),
    Map(Range<usize>, Vec<Entry>),
}

/// One key of a mapping.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) key: Range<usize>,
    pub(super) value: Node,
}

impl Node {
    pub(super) fn span(&self) -> Range<usize> {
        match self {
            Self::Leaf(span) | Self::List(span, _) | Self::Map(span, _) => span.clone(),
        }
    }

    /// The child that `path` starts with, its key's place, and the rest of the path.
    fn child<'a, 'p>(&'a self, path: &'p str) -> Option<(Range<usize>, &'a Node, &'p str)> {
        match self {
            Self::Leaf(_) => None,
            Self::List(_, items) => {
                let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
                let item = items.get(index.parse::<usize>().ok()?)?;
                Some((item.span(), item, rest))
            }
            // Keys may hold dots and brackets themselves: the longest key that fits wins.
            Self::Map(_, entries) => {
                let path = path.strip_prefix('.').unwrap_or(path);
                let fits = entries.iter().filter_map(|entry| {
                    let rest = path.strip_prefix(entry.name.as_str())?;
                    (rest.is_empty() || rest.starts_with(['.', '['])).then_some((entry, rest))
                });
                let (entry, rest) = fits.max_by_key(|(entry, _)| entry.name.len())?;
                Some((entry.key.clone(), &entry.value, rest))
            }
        }
    }
}

impl Spans {
    pub(super) fn new(root: Node) -> Self {
        Self { root }
    }

    /// The place of the key at `path`; of the item, when it is one of a list. A path that does
    /// not exist gives the nearest part above it that does.
    #[must_use]
    pub fn key(&self, path: &str) -> Range<usize> {
        self.find(path).0
    }

    /// The place of the value at `path`. A path that does not exist gives the nearest part
    /// above it that does.
    #[must_use]
    pub fn value(&self, path: &str) -> Range<usize> {
        self.find(path).1
    }

    /// The place in `text` of some bytes of the scalar at `path`, whose value is `scalar`.
    ///
    /// Escapes and folded lines move bytes: then the part is looked for in the source, and when
    /// it is not there in these words, the place is the whole value.
    #[must_use]
    pub fn inside(
        &self,
        path: &str,
        text: &str,
        scalar: &str,
        part: &Range<usize>,
    ) -> Range<usize> {
        let whole = self.value(path);
        let Some(source) = text.get(whole.clone()) else {
            return whole;
        };
        if let Some(at) = source.find(scalar) {
            let start = whole.start + at;
            return start + part.start..start + part.end;
        }
        match scalar
            .get(part.clone())
            .and_then(|words| Some((source.find(words)?, words.len())))
        {
            Some((at, length)) if length > 0 => whole.start + at..whole.start + at + length,
            _ => whole,
        }
    }

    fn find(&self, path: &str) -> (Range<usize>, Range<usize>) {
        let mut found = (self.root.span(), self.root.span());
        let (mut node, mut rest) = (&self.root, path);
        while !rest.is_empty() {
            let Some((key, child, after)) = node.child(rest) else {
                break;
            };
            found = (key, child.span());
            (node, rest) = (child, after);
        }
        found
    }
}
