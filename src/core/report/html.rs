//! A report as one HTML file: it loads nothing, runs nothing, and can be printed.
//!
//! All text is escaped: a job's message must not become an element.

use crate::core::report::page::{Block, Line, Mark, Page, Tone, clean};
use crate::core::report::{Report, text};

/// Dark and light follow the reader's system; meaning is in the words, not in the colours.
const STYLE: &str = "\
:root { color-scheme: light dark; --bad: #b3261e; --warn: #8a5300; --good: #1a6b33; --dim: #5f6368; --line: #d0d4d9; --code: #f3f4f6; }
@media (prefers-color-scheme: dark) {
  :root { --bad: #ff8a80; --warn: #ffb95c; --good: #7bd88f; --dim: #a0a6ad; --line: #3c4043; --code: #23262a; }
}
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 52rem; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; }
h2 { border-bottom: 1px solid var(--line); font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .5rem 0; }
dl { display: grid; gap: .15rem 1rem; grid-template-columns: 10rem 1fr; margin: .5rem 0; }
dt { color: var(--dim); }
dd { margin: 0; }
li { margin: .35rem 0; }
code, pre { background: var(--code); border-radius: .25rem; font: .875em/1.4 ui-monospace, monospace; }
code { padding: .05rem .25rem; }
pre { padding: .75rem; white-space: pre-wrap; }
.good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); } .dim { color: var(--dim); }
@media (max-width: 36rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .5rem; } }
@media print { body { margin: 0; max-width: none; } pre, li { break-inside: avoid; } }
";

/// A report, ending in a line feed.
#[must_use]
pub fn render(report: &Report) -> String {
    draw(&text::page(report))
}

fn draw(page: &Page) -> String {
    let title = page.0.iter().find_map(|block| match block {
        Block::Title(line) => Some(plain(line)),
        _ => None,
    });
    let mut body = String::new();
    blocks(&page.0, &mut body);
    format!(
        "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">
<title>{}</title>
<style>
{STYLE}</style>
</head>
<body>
<main>
{body}</main>
</body>
</html>
",
        title.unwrap_or_else(|| "runbook".to_owned())
    )
}

/// What encloses a block together with its like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    Nothing,
    Names,
    Numbers,
    Dashes,
}

impl Around {
    fn of(block: &Block) -> Self {
        match block {
            Block::Field(..) => Self::Names,
            Block::Item(Mark::Number(_), ..) => Self::Numbers,
            Block::Item(Mark::Dash, ..) => Self::Dashes,
            _ => Self::Nothing,
        }
    }

    fn tags(self) -> (&'static str, &'static str) {
        match self {
            Self::Nothing => ("", ""),
            Self::Names => ("<dl>\n", "</dl>\n"),
            Self::Numbers => ("<ol>\n", "</ol>\n"),
            Self::Dashes => ("<ul>\n", "</ul>\n"),
        }
    }
}

fn blocks(list: &[Block], out: &mut String) {
    let mut open = Around::Nothing;
    for block in list {
        let around = Around::of(block);
        if around != open {
            out.push_str(open.tags().1);
            out.push_str(around.tags().0);
            open = around;
        }
        self::block(block, out);
    }
    out.push_str(open.tags().1);
}

fn block(block: &Block, out: &mut String) {
    match block {
        Block::Title(line) => out.push_str(&format!("<h1>{}</h1>\n", inline(line))),
        Block::Heading(text) => out.push_str(&format!("<h2>{}</h2>\n", escaped(text))),
        Block::Text(line) => out.push_str(&format!("<p>{}</p>\n", inline(line))),
        Block::Field(name, line) => {
            let (name, line) = (escaped(name), inline(line));
            out.push_str(&format!("<dt>{name}</dt><dd>{line}</dd>\n"));
        }
        Block::Item(mark, line, inner) => {
            let number = match mark {
                Mark::Number(number) => format!(" value=\"{number}\""),
                Mark::Dash => String::new(),
            };
            out.push_str(&format!("<li{number}>{}\n", inline(line)));
            blocks(inner, out);
            out.push_str("</li>\n");
        }
        Block::Verbatim(text) => {
            let lines: Vec<String> = text.lines().map(escaped).collect();
            out.push_str(&format!("<pre>{}</pre>\n", lines.join("\n")));
        }
    }
}

fn inline(line: &Line) -> String {
    let span = |tone, text: &str| match tone {
        Tone::Plain => quoted(text),
        Tone::Strong => format!("<strong>{}</strong>", escaped(text)),
        Tone::Id => format!("<code>{}</code>", escaped(text)),
        Tone::Good => format!("<span class=\"good\">{}</span>", escaped(text)),
        Tone::Warn => format!("<strong class=\"warn\">{}</strong>", escaped(text)),
        Tone::Bad => format!("<strong class=\"bad\">{}</strong>", escaped(text)),
        Tone::Dim => format!("<span class=\"dim\">{}</span>", escaped(text)),
    };
    let spans = line.0.iter().map(|s| span(s.tone, &s.text));
    spans.collect::<String>().trim_end().to_owned()
}

/// Escaped; what stands between backticks is set as code.
fn quoted(text: &str) -> String {
    let pieces: Vec<&str> = text.split('`').collect();
    let mut out = String::new();
    for (at, piece) in pieces.iter().enumerate() {
        let closed = at + 1 < pieces.len();
        match at % 2 == 1 {
            true if closed && !piece.is_empty() => {
                out.push_str(&format!("<code>{}</code>", escaped(piece)));
            }
            true => out.push_str(&format!(
                "`{}{}",
                escaped(piece),
                if closed { "`" } else { "" }
            )),
            false => out.push_str(&escaped(piece)),
        }
    }
    out
}

fn plain(line: &Line) -> String {
    line.0.iter().map(|span| escaped(&span.text)).collect()
}

/// `text` without meaning to HTML, in elements and in attributes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::report::samples;

    /// The elements of a document, each by the name that opens or closes it.
    fn elements(html: &str) -> Vec<String> {
        let after = html.split('<').skip(1);
        let name = |tag: &str| {
            let end = tag.find([' ', '>']).unwrap_or(tag.len());
            tag[..end].to_owned()
        };
        after.map(name).collect()
    }

    #[test]
    fn what_came_from_azure_is_text_and_never_an_element() {
        let evil = "</p><script>alert(1)</script><img src=x onerror='a\"b'>&amp;";
        let mut plan = samples::plan();
        plan.incident.message = Some(evil.to_owned());
        plan.target.id = evil.to_owned();
        plan.steps[0].title = evil.to_owned();
        let told = render(&Report::of_plan(&plan));
        for element in ["script", "/script", "img"] {
            assert!(!elements(&told).iter().any(|e| e == element), "{element}");
        }
        assert!(
            told.contains("&lt;img src=x onerror=&#39;a&quot;b&#39;&gt;&amp;amp;"),
            "{told}"
        );
    }

    #[test]
    fn names_between_backticks_are_code_and_a_lone_backtick_is_itself() {
        assert_eq!(
            quoted("lock `a<b` on `c`"),
            "lock <code>a&lt;b</code> on <code>c</code>"
        );
        assert_eq!(quoted("a ` b"), "a ` b");
        assert_eq!(quoted("a `` b"), "a `` b");
    }

    #[test]
    fn it_loads_nothing_and_closes_what_it_opens() {
        let told = render(&Report::of_run(&samples::fixed_run()).expect("a history"));
        for loads in ["src=", "href=", "url(", "@import", "<script", "<link"] {
            assert!(!told.contains(loads), "{loads}");
        }
        let mut open: Vec<String> = Vec::new();
        for element in elements(&told) {
            match element.strip_prefix('/') {
                Some(name) => assert_eq!(open.pop().as_deref(), Some(name)),
                None if ["!doctype", "meta"].contains(&element.as_str()) => {}
                None => open.push(element),
            }
        }
        assert_eq!(open, Vec::<String>::new());
        assert!(
            told.contains("<title>") && told.contains("<code>corr-1</code>"),
            "{told}"
        );
    }
}
