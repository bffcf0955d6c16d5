//! The reader page: one offline HTML file that opens an exported case on a computer without this program. Its sources and its
//! build are in `desk/reader`; every catalog publishes its hash, so that a case worker can tell a genuine one.

use tabara_protocol::envelope::{Digest, sha256};

/// The page.
pub const PAGE: &[u8] = include_bytes!("../reader/reader.html");

/// What the catalog says of it.
pub fn digest() -> Digest {
    sha256(PAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_one_small_file_that_may_not_connect_to_anything() {
        let page = std::str::from_utf8(PAGE).unwrap();
        assert!(PAGE.len() < 300_000, "{} bytes", PAGE.len());
        assert!(page.contains("default-src 'none'; connect-src 'none'"));
        for outside in ["src=\"", "href=\"", "@import", "url("] {
            assert!(!page.split("<script>").next().unwrap().contains(outside), "{outside}");
        }
    }
}
