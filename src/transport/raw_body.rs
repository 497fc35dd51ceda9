//! The body of an answer, byte for byte.

use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

/// A body as it came: kept whole, and not shown, since it may carry a token.
///
/// Of a body that is no UTF-8, a lossy text is made when it is asked for.
#[derive(Clone)]
pub(crate) struct RawBody(Arc<Kept>);

struct Kept {
    bytes: Bytes,
    lossy: OnceLock<String>,
}

impl RawBody {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// The body as text. What is no UTF-8 is replaced.
    pub(crate) fn as_str(&self) -> &str {
        let Kept { bytes, lossy } = &*self.0;
        str::from_utf8(bytes).unwrap_or_else(|_| lossy.get_or_init(|| String::from_utf8_lossy(bytes).into_owned()))
    }
}

impl From<Bytes> for RawBody {
    fn from(bytes: Bytes) -> Self {
        Self(Arc::new(Kept { bytes, lossy: OnceLock::new() }))
    }
}

#[cfg(test)]
impl From<Vec<u8>> for RawBody {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl PartialEq for RawBody {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for RawBody {}

impl fmt::Debug for RawBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.as_bytes().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_kept_and_only_the_text_is_lossy() {
        for (bytes, text) in [
            (b"caf\xc3\xa9".as_slice(), "caf\u{e9}"),
            (b"caf\xe9", "caf\u{fffd}"),
            (b"\x1f\x8b\x08\x00", "\u{1f}\u{fffd}\u{8}\0"),
            (b"", ""),
        ] {
            let body = RawBody::from(bytes.to_vec());
            assert_eq!((body.as_bytes(), body.as_str()), (bytes, text));
            assert_eq!(format!("{body:?}"), format!("{} bytes", bytes.len()));
            assert_eq!(body, RawBody::from(bytes.to_vec()));
        }
        assert_ne!(RawBody::from(b"\xe9".to_vec()), RawBody::from("\u{fffd}".as_bytes().to_vec()));
    }

    #[test]
    fn a_text_is_not_copied() {
        let bytes = b"[]".to_vec();
        let place = bytes.as_ptr();
        let body = RawBody::from(bytes);
        assert_eq!((body.as_bytes().as_ptr(), body.as_str().as_ptr()), (place, place));
    }
}
