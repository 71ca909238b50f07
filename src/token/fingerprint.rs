//! By what a token is known whose text nobody has.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// The fingerprint of a token with these restrictions, in whatever order: SHA-256 of them, in base64.
///
/// Its id can be had from any log. Its restrictions are in the token and in all that was made from it, and the server lists
/// them for nobody but its user.
pub fn fingerprint<T: AsRef<str>>(restrictions: &[T]) -> String {
    let mut lines: Vec<&str> = restrictions.iter().map(AsRef::as_ref).collect();
    lines.sort_unstable();
    URL_SAFE_NO_PAD.encode(Sha256::digest(lines.join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_restriction_more_or_another_time_is_another_token() {
        let own = fingerprint(&["allowed=pkg_read", "expires=1900000000"]);
        assert_eq!(own, fingerprint(&["expires=1900000000".to_owned(), "allowed=pkg_read".to_owned()]));
        assert_eq!(own.len(), 43);
        for other in [&["allowed=pkg_read"][..], &["allowed=pkg_read", "expires=1900000001"], &[]] {
            assert_ne!(own, fingerprint(other));
        }
    }
}
