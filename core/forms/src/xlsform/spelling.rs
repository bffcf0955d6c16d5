//! Words that are nearly right.

/// The known word that was probably meant: at most a third of its letters differ.
pub fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    known
        .into_iter()
        .filter(|known| known.len().abs_diff(word.len()) <= 3 && *known != word)
        .map(|known| (distance(&lower, &known.to_lowercase()), known))
        .filter(|(far, known)| *far <= (known.chars().count() / 3).clamp(1, 3))
        .min_by_key(|(far, _)| *far)
        .map(|(_, known)| known)
}

/// Letters to change, add or drop (Levenshtein) between two words; words beyond 64 letters never match.
pub fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(65).collect(), b.chars().take(65).collect());
    if a.len() > 64 || b.len() > 64 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let best = (corner + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            corner = std::mem::replace(&mut row[j + 1], best);
        }
    }
    row[b.len()]
}
