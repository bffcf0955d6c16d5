//! Paths of our own pages, as they come back from a browser: where to go after signing in or after another language.

/// A path and query of one of our pages, safe to redirect to: one slash, letters and hyphens, then a query of few signs.
/// No other site, no control sign and no second slash passes.
pub(super) fn local_path(text: &str) -> Option<&str> {
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    let name = path.strip_prefix('/')?;
    let plain = |c: u8| c.is_ascii_alphanumeric() || b"=&._~%/-".contains(&c);
    let ours = name.bytes().all(|c| c.is_ascii_lowercase() || c == b'-') && query.bytes().all(plain);
    (ours && text.len() <= 500).then_some(text)
}

/// Percent-encodes a path and query for use inside a query.
pub(super) fn encoded(address: &str) -> String {
    let plain = |c: u8| c.is_ascii_alphanumeric() || b"-._~/".contains(&c);
    address.bytes().map(|c| if plain(c) { (c as char).to_string() } else { format!("%{c:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pages_of_ours_pass_and_other_sites_do_not() {
        for ours in ["/", "/figures", "/figures?page=people&place=BI-PR-04&period=2026-q1", "/sign-in?to=%2Ffigures"] {
            assert_eq!(local_path(ours), Some(ours));
        }
        for other in
            ["", "figures", "//evil", "/\t/evil", "/\\evil", "/a/b", "https://evil", "/figures#x", "/figures?\n", "/é"]
        {
            assert_eq!(local_path(other), None, "{other:?}");
        }
    }

    proptest! {
        #[test]
        fn what_passes_is_read_by_a_browser_as_a_path_of_this_site(text in "[/\\\\a-z.?%@:\t\n -]{0,12}") {
            if let Some(path) = local_path(&text) {
                let uri: axum::http::Uri = path.parse().unwrap();
                prop_assert!(uri.scheme().is_none() && uri.authority().is_none() && path.starts_with('/'));
                prop_assert!(!path[1..].starts_with(['/', '\\']) && path.bytes().all(|c| c > b' '));
            }
        }
    }
}
