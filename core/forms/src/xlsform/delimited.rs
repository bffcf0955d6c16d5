//! Text files of a spreadsheet program: CSV with commas, semicolons or tabs, in UTF-8 or UTF-16, with a byte order mark
//! or without.

use std::borrow::Cow;

/// Text in UTF-8, or in UTF-16 with its mark; without the mark. None if it is neither.
pub fn decode(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let units = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, odd) = rest.as_chunks::<2>();
        let text = String::from_utf16(&pairs.iter().map(|pair| unit(*pair)).collect::<Vec<_>>());
        text.ok().filter(|_| odd.is_empty()).map(Cow::Owned)
    };
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => std::str::from_utf8(rest).ok().map(Cow::Borrowed),
        [0xFF, 0xFE, rest @ ..] => units(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => units(rest, u16::from_be_bytes),
        _ => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
    }
}

/// What stands between the cells: of comma, semicolon and tab, the one that comes first outside quotes.
pub fn delimiter(text: &str) -> u8 {
    let mut quoted = false;
    let found = text.bytes().find(|byte| {
        quoted ^= *byte == b'"';
        !quoted && matches!(byte, b',' | b';' | b'\t')
    });
    found.unwrap_or(b',')
}

/// A reader of records of any length.
pub fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    let mut builder = csv::ReaderBuilder::new();
    builder.flexible(true).has_headers(false).trim(csv::Trim::All).delimiter(delimiter).from_reader(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_mark_outside_quotes_parts_the_cells() {
        for (text, mark) in [
            ("name,label;x\n", b','),
            ("name;\"a, b\",c\n", b';'),
            ("\"a, b\";c", b';'),
            ("a\tb", b'\t'),
            ("name\n1\n", b','),
            ("survey\n;type;name", b';'),
        ] {
            assert_eq!(delimiter(text), mark, "{text}");
        }
    }

    #[test]
    fn marks_of_byte_order_are_no_text() {
        assert_eq!(decode(b"\xef\xbb\xbfa").as_deref(), Some("a"));
        assert_eq!(decode(b"\xff\xfea\0").as_deref(), Some("a"));
        assert_eq!(decode(b"\xfe\xff\0a").as_deref(), Some("a"));
        assert_eq!(decode(b"\xff\xfea"), None);
        assert_eq!(decode(b"caf\xe9"), None);
    }
}
