//! The little markup of labels, as XLSForm tools know it: `**bold**`, `*italic*` (or with `_`), `# heading`, lines, and
//! links as text. Everything else is text; a backslash takes the meaning of a mark away.

use maud::{Markup, PreEscaped, Render as _};

/// A text of a form as HTML that may stand inside a paragraph or a legend.
pub(super) fn inline(text: &str) -> Markup {
    let mut html = String::with_capacity(text.len() + 16);
    for (number, line) in plain(text).lines().enumerate() {
        if number > 0 {
            html += "<br>";
        }
        let heading = line.trim_start_matches('#');
        match line.len() - heading.len() {
            1..=6 if heading.starts_with(' ') => {
                html += "<strong>";
                write(heading.trim(), &mut html);
                html += "</strong>";
            }
            _ => write(line, &mut html),
        }
    }
    PreEscaped(html)
}

/// Without `<span>` and `</span>`, with which authors of other tools give colours.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let tag = &rest[at..];
        let end = tag.find('>').filter(|_| tag.starts_with("<span") || tag.starts_with("</span"));
        out += &rest[..at + usize::from(end.is_none())];
        rest = &tag[end.map_or(1, |end| end + 1)..];
    }
    out + rest
}

fn write(text: &str, html: &mut String) {
    let mut rest = text;
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        if let Some((tag, inner, after)) = marked(rest, before) {
            html.push_str(&format!("<{tag}>"));
            write(inner, html);
            html.push_str(&format!("</{tag}>"));
            (rest, before) = (after, ' ');
        } else if let Some((label, address, after)) = link(rest) {
            write(label, html);
            format!(" ({address})").render_to(html);
            (rest, before) = (after, ')');
        } else {
            let escaped = c == '\\' && rest[1..].starts_with(['*', '_', '#', '[', '\\']);
            let shown = if escaped { &rest[1..2] } else { &rest[..c.len_utf8()] };
            shown.render_to(html);
            rest = &rest[if escaped { 2 } else { c.len_utf8() }..];
            before = c;
        }
    }
}

/// `**bold**` and the like at the beginning of a text: the tag, what is inside, and the rest. A `_` inside of a word is none.
fn marked(text: &str, before: char) -> Option<(&'static str, &str, &str)> {
    for (mark, tag) in [("**", "strong"), ("__", "strong"), ("*", "em"), ("_", "em")] {
        let Some(inner) = text.strip_prefix(mark).filter(|inner| !inner.starts_with(char::is_whitespace)) else {
            continue;
        };
        if mark.starts_with('_') && before.is_alphanumeric() {
            continue;
        }
        let ends = inner.match_indices(mark).map(|(at, _)| at).filter(|at| *at > 0 && !inner[..*at].ends_with('\\'));
        let word = |at: &usize| mark.starts_with('_') && inner[at + mark.len()..].starts_with(char::is_alphanumeric);
        if let Some(end) = ends.into_iter().find(|at| !word(at) && !inner[..*at].ends_with(char::is_whitespace)) {
            return Some((tag, &inner[..end], &inner[end + mark.len()..]));
        }
    }
    None
}

/// `[label](address)` at the beginning of a text.
fn link(text: &str) -> Option<(&str, &str, &str)> {
    let (label, rest) = text.strip_prefix('[')?.split_once("](")?;
    let (address, rest) = rest.split_once(')')?;
    Some((label, address, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_tags_and_all_else_is_text() {
        for (text, html) in [
            ("a **bold** word", "a <strong>bold</strong> word"),
            ("__bold__ and _it_, *it*", "<strong>bold</strong> and <em>it</em>, <em>it</em>"),
            ("**bold *both* on**", "<strong>bold <em>both</em> on</strong>"),
            ("snake_case_name and 2*3*4 = 24", "snake_case_name and 2<em>3</em>4 = 24"),
            ("# Title\nline", "<strong>Title</strong><br>line"),
            ("#1 of 3", "#1 of 3"),
            ("see [us](https://a.example/?a=1&b)", "see us (https://a.example/?a=1&amp;b)"),
            ("<script>x</script> & <b>", "&lt;script&gt;x&lt;/script&gt; &amp; &lt;b&gt;"),
            (r#"<span style="color:red">red</span> < 3"#, "red &lt; 3"),
            (r"\*no\* 5 * 3", "*no* 5 * 3"),
            ("**", "**"),
            ("* a", "* a"),
        ] {
            assert_eq!(inline(text).into_string(), html, "{text}");
        }
    }
}
