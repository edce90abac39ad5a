//! Which known word somebody may have meant.

/// The candidate nearest to `word`, if one is near enough to be a slip: compared without case,
/// at most a third of the letters changed. The first of equals wins.
#[must_use]
pub fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // Longer words are not slips of a name, and comparing them would cost time.
    const LONGEST: usize = 96;
    let wanted: Vec<char> = word
        .chars()
        .take(LONGEST + 1)
        .flat_map(char::to_lowercase)
        .collect();
    if wanted.is_empty() || wanted.len() > LONGEST {
        return None;
    }
    let limit = (wanted.len() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let other: Vec<char> = candidate
            .chars()
            .take(LONGEST + 1)
            .flat_map(char::to_lowercase)
            .collect();
        let distance = edits(&wanted, &other);
        if distance <= limit && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`.
fn edits(a: &[char], b: &[char]) -> usize {
    let mut older: Vec<usize> = Vec::new();
    let mut old: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &y) in b.iter().enumerate() {
            let change = old[j] + usize::from(x != y);
            let mut least = change.min(old[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && x == b[j - 1] && a[i - 1] == y {
                least = least.min(older[j - 1] + 1);
            }
            row.push(least);
        }
        older = std::mem::replace(&mut old, row);
    }
    old.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_a_stranger_finds_none() {
        let words = ["lock.delete", "restore_points.delete", "backup.now", "id"];
        let meant = |word| did_you_mean(word, words);
        assert_eq!(meant("lock.delet"), Some("lock.delete"));
        assert_eq!(meant("LOCK.DELETE"), Some("lock.delete"));
        assert_eq!(meant("bakcup.now"), Some("backup.now"));
        assert_eq!(meant("restart"), None);
        assert_eq!(meant(""), None);
        assert_eq!(meant(&"x".repeat(5000)), None);
    }

    #[test]
    fn neighbours_swapped_count_as_one_slip() {
        let edit = |a: &str, b: &str| {
            edits(
                &a.chars().collect::<Vec<_>>(),
                &b.chars().collect::<Vec<_>>(),
            )
        };
        assert_eq!(edit("actoin", "action"), 1);
        assert_eq!(edit("", "abc"), 3);
        assert_eq!(edit("same", "same"), 0);
    }
}
