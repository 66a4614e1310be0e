//! Where a page may lead that was told where to by its address or form.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};

/// What a path may have in it where it is the value of a query's parameter.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A path with its query, as the value of a query's parameter.
pub(crate) fn as_parameter(path: &str) -> PercentEncode<'_> {
    utf8_percent_encode(path, PLAIN)
}

/// That path, if it is one of this portal and never another site; else the first page.
pub(crate) fn local_path(next: &str) -> &str {
    let plain = next.chars().all(|c| c.is_ascii_graphic() && c != '\\');
    let local = next.starts_with('/') && !next.starts_with("//") && plain;
    if local { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::local_path;

    #[test]
    fn only_paths_of_this_portal_are_followed_after_sign_in() {
        for path in ["/", "/orders?x=1"] {
            assert_eq!(local_path(path), path);
        }
        for path in
            ["", "orders", "//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil", "/\r\nx"]
        {
            assert_eq!(local_path(path), "/");
        }
    }
}
