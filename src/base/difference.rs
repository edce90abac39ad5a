//! Two texts, line against line: what a person reads before agreeing to a change of one.

/// Lines that are shown around a difference.
const AROUND: usize = 2;
/// Larger middles are shown as replaced: comparing each line with each would take too long.
const MOST: usize = 4_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line<'a> {
    Same(&'a str),
    Gone(&'a str),
    New(&'a str),
}

/// What changes from `before` to `after`, as diff shows it; nothing when they are the same.
#[must_use]
pub fn drawn(before: &str, after: &str) -> Option<String> {
    if before == after {
        return None;
    }
    let lines = compared(before, after);
    if lines.iter().all(|line| matches!(line, Line::Same(_))) {
        return Some("only the ends of lines differ\n".to_owned());
    }
    let near = |at: usize| {
        let from = at.saturating_sub(AROUND);
        let to = (at + AROUND + 1).min(lines.len());
        lines[from..to]
            .iter()
            .any(|line| !matches!(line, Line::Same(_)))
    };
    let (mut out, mut number, mut shown) = (String::new(), 1, true);
    for (at, line) in lines.iter().enumerate() {
        let shows = near(at);
        if shows && (!shown || at == 0) {
            out.push_str(&format!("@@ line {number} @@\n"));
        }
        shown = shows;
        let (mark, text) = match line {
            Line::Same(text) => (' ', text),
            Line::Gone(text) => ('-', text),
            Line::New(text) => ('+', text),
        };
        if shows {
            out.push_str(&format!("{mark}{text}\n"));
        }
        number += usize::from(!matches!(line, Line::New(_)));
    }
    Some(out)
}

fn compared<'a>(before: &'a str, after: &'a str) -> Vec<Line<'a>> {
    let (before, after): (Vec<&str>, Vec<&str>) =
        (before.lines().collect(), after.lines().collect());
    let same = |(a, b): &(&&str, &&str)| a == b;
    let head = before.iter().zip(&after).take_while(same).count();
    let (old, new) = (&before[head..], &after[head..]);
    let tail = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take_while(same)
        .count();
    let (old, new) = (&old[..old.len() - tail], &new[..new.len() - tail]);
    let mut lines: Vec<Line<'_>> = before[..head].iter().map(|line| Line::Same(line)).collect();
    lines.extend(middle(old, new));
    lines.extend(
        before[before.len() - tail..]
            .iter()
            .map(|line| Line::Same(line)),
    );
    lines
}

/// By the longest common subsequence; what goes stands before what comes.
fn middle<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    let gone = |lines: &[&'a str]| {
        lines
            .iter()
            .map(|line| Line::Gone(line))
            .collect::<Vec<_>>()
    };
    let come = |lines: &[&'a str]| lines.iter().map(|line| Line::New(line)).collect::<Vec<_>>();
    if old.len().saturating_mul(new.len()) > MOST {
        return [gone(old), come(new)].concat();
    }
    // `longest[a][b]`: how many lines `old[a..]` and `new[b..]` have in common.
    let mut longest = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for a in (0..old.len()).rev() {
        for b in (0..new.len()).rev() {
            longest[a][b] = match old[a] == new[b] {
                true => longest[a + 1][b + 1] + 1,
                false => longest[a + 1][b].max(longest[a][b + 1]),
            };
        }
    }
    let (mut lines, mut a, mut b) = (Vec::new(), 0, 0);
    while a < old.len() && b < new.len() {
        if old[a] == new[b] {
            lines.push(Line::Same(old[a]));
            (a, b) = (a + 1, b + 1);
        } else if longest[a + 1][b] >= longest[a][b + 1] {
            lines.push(Line::Gone(old[a]));
            a += 1;
        } else {
            lines.push(Line::New(new[b]));
            b += 1;
        }
    }
    lines.extend(gone(&old[a..]));
    lines.extend(come(&new[b..]));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_and_what_comes_is_shown_with_two_lines_around_it() {
        let before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n";
        let after = "1\n2\n3\n4\nfive\n6\n7\n8\n9\n10\n12\n13\n";
        let expected =
            "@@ line 3 @@\n 3\n 4\n-5\n+five\n 6\n 7\n@@ line 9 @@\n 9\n 10\n-11\n 12\n+13\n";
        assert_eq!(drawn(before, after).as_deref(), Some(expected));
    }

    #[test]
    fn texts_that_are_the_same_differ_in_nothing_and_all_others_in_something() {
        assert_eq!(drawn("a\nb\n", "a\nb\n"), None);
        assert_eq!(drawn("", "a\n").as_deref(), Some("@@ line 1 @@\n+a\n"));
        assert_eq!(drawn("a\n", "").as_deref(), Some("@@ line 1 @@\n-a\n"));
        let ends = drawn("a\n", "a").unwrap();
        assert!(ends.contains("ends of lines"), "{ends}");
    }

    #[test]
    fn a_difference_undone_and_done_gives_both_texts_back() {
        let (before, after) = ("a\nb\nc\nd\nb\n", "b\nc\nx\nb\nd\n");
        let lines = compared(before, after);
        let side = |mine: fn(&Line<'_>) -> bool| {
            let text = |line: &Line<'_>| match line {
                Line::Same(text) | Line::Gone(text) | Line::New(text) => format!("{text}\n"),
            };
            lines
                .iter()
                .filter(|line| mine(line))
                .map(text)
                .collect::<String>()
        };
        assert_eq!(side(|line| !matches!(line, Line::New(_))), before);
        assert_eq!(side(|line| !matches!(line, Line::Gone(_))), after);
    }
}
