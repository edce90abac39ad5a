//! Plans and reports for chat and tickets, as CommonMark.
//!
//! All text is escaped: a job's message must not become a heading, a link, an HTML element or a
//! mention of everybody in the channel.

use crate::core::report::page::{Block, Line, Mark, Page, Tone, clean};
use crate::core::report::{Report, text};

/// A report, ending in a line feed.
#[must_use]
pub fn render(report: &Report) -> String {
    draw(&text::page(report))
}

pub(super) fn draw(page: &Page) -> String {
    let mut out = String::new();
    blocks(&page.0, 0, &mut out);
    out
}

fn blocks(list: &[Block], indent: usize, out: &mut String) {
    for (at, block) in list.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| list.get(before));
        if (before.is_some() || indent > 0) && !(is_list(block) && before.is_none_or(is_list)) {
            out.push('\n');
        }
        self::block(block, indent, out);
    }
}

/// Entries of one list follow each other without a blank line.
fn is_list(block: &Block) -> bool {
    matches!(block, Block::Field(..) | Block::Item(..))
}

fn block(block: &Block, indent: usize, out: &mut String) {
    let pad = " ".repeat(indent);
    match block {
        Block::Title(line) => out.push_str(&format!("{pad}### {}\n", inline(line))),
        Block::Heading(text) => out.push_str(&format!("{pad}**{text}**\n")),
        Block::Text(line) => out.push_str(&format!("{pad}{}\n", inline(line))),
        Block::Field(name, line) => {
            out.push_str(&format!("{pad}- **{name}:** {}\n", inline(line)));
        }
        Block::Item(mark, line, inner) => {
            let mark = match mark {
                Mark::Number(number) => format!("{number}. "),
                Mark::Dash => "- ".to_owned(),
            };
            out.push_str(&format!("{pad}{mark}{}\n", inline(line)));
            blocks(inner, indent + mark.len(), out);
        }
        Block::Verbatim(text) => {
            let fence = "`".repeat(longest_run_of_backticks(text).max(2) + 1);
            out.push_str(&format!("{pad}{fence}\n"));
            for line in text.lines() {
                out.push_str(&format!("{pad}{}\n", clean(line)));
            }
            out.push_str(&format!("{pad}{fence}\n"));
        }
    }
}

fn longest_run_of_backticks(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

fn inline(line: &Line) -> String {
    let mut out = String::new();
    for span in &line.0 {
        let text = clean(&span.text);
        match span.tone {
            Tone::Id if !text.is_empty() && !text.contains(['`', '<', '|']) => {
                out.push_str(&format!("`{text}`"));
            }
            Tone::Strong | Tone::Warn | Tone::Bad => out.push_str(&strong(&text)),
            Tone::Plain | Tone::Good | Tone::Dim | Tone::Id => out.push_str(&escaped(&text)),
        }
    }
    out.trim_end().to_owned()
}

/// Emphasis must not begin or end with a blank.
fn strong(text: &str) -> String {
    let core = text.trim();
    if core.is_empty() {
        return text.to_owned();
    }
    let after = if text.ends_with(' ') { " " } else { "" };
    format!("**{}**{after}", escaped(core))
}

/// `text` without meaning to Markdown, HTML or a chat.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::report::samples;

    #[test]
    fn data_from_azure_has_no_meaning_in_markdown() {
        let mut plan = samples::plan();
        plan.incident.message =
            Some("<!channel> | `x` [a](http://evil) **b**\n# c @here".to_owned());
        plan.target.id = "/subscriptions/`|<b>".to_owned();
        let told = render(&Report::of_plan(&plan));
        assert!(
            told.contains(
                r"&lt;\!channel&gt; \| \`x\` \[a\](http://evil) \*\*b\*\* \# c &#64;here"
            ),
            "{told}"
        );
        assert!(
            told.contains(r"**VM:** /subscriptions/\`\|&lt;b&gt;"),
            "{told}"
        );
    }

    #[test]
    fn a_run_in_chat_has_its_requests_and_the_lock_to_put_back() {
        let told = render(&Report::of_run(&samples::fixed_run()).expect("a history"));
        assert!(told.starts_with("### "), "{told}");
        assert!(told.contains("- **Correlation id:** `corr-1`"), "{told}");
        assert!(told.contains("az rest --method put"), "{told}");
        assert!(
            told.contains("\n1. **Remove the lock**: changed\n"),
            "{told}"
        );
    }

    #[test]
    fn a_fence_is_longer_than_any_in_the_text() {
        let mut page = Page::default();
        page.verbatim("a ```` b");
        assert_eq!(draw(&page), "`````\na ```` b\n`````\n");
    }

    #[test]
    fn a_blank_after_emphasis_stays_outside_it() {
        assert_eq!(
            inline(&Line::default().then(Tone::Warn, "approval: ").text("x")),
            "**approval:** x"
        );
    }
}
