//! The bytes of an answer's body, while they come.

use bytes::Bytes;
use http::StatusCode;

use super::raw_body::RawBody;
use super::request::Effect;

/// Bytes for which room is made before they come.
const MOST_RESERVED: usize = 1024 * 1024;

/// What has come of a body.
pub(super) enum Received {
    /// Nothing yet. What comes at once, and is all, is not copied: it may hold on to a larger buffer of the connection, which is
    /// given back as soon as the rows of a page are read.
    Nothing {
        announced: usize,
    },
    InOnePiece {
        piece: Bytes,
        announced: usize,
    },
    Copied(Vec<u8>),
}

impl Received {
    /// The answers to changes and refusals are kept by outcomes and errors: they are copied, and are no larger than they are.
    pub(super) fn of(effect: Effect, status: StatusCode, announced: usize) -> Self {
        if effect == Effect::Read && status.is_success() {
            Self::Nothing { announced }
        } else {
            Self::Copied(Vec::with_capacity(announced.min(MOST_RESERVED)))
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Nothing { .. } => 0,
            Self::InOnePiece { piece, .. } => piece.len(),
            Self::Copied(bytes) => bytes.len(),
        }
    }

    pub(super) fn add(&mut self, chunk: Bytes) {
        match self {
            Self::Nothing { announced } => *self = Self::InOnePiece { piece: chunk, announced: *announced },
            Self::InOnePiece { piece, announced } => {
                let mut bytes = Vec::with_capacity((*announced).min(MOST_RESERVED).max(piece.len() + chunk.len()));
                bytes.extend_from_slice(piece);
                bytes.extend_from_slice(&chunk);
                *self = Self::Copied(bytes);
            }
            Self::Copied(bytes) => bytes.extend_from_slice(&chunk),
        }
    }
}

impl From<Received> for RawBody {
    fn from(received: Received) -> Self {
        match received {
            Received::Nothing { .. } => Bytes::new(),
            Received::InOnePiece { piece, .. } => piece,
            Received::Copied(bytes) => bytes.into(),
        }
        .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(effect: Effect, status: StatusCode, chunks: &[&Bytes]) -> RawBody {
        let mut received = Received::of(effect, status, 6);
        for (index, chunk) in chunks.iter().enumerate() {
            assert_eq!(received.len(), 3 * index);
            received.add((*chunk).clone());
        }
        received.into()
    }

    #[test]
    fn every_piece_is_kept_and_only_a_page_in_one_piece_is_not_copied() {
        let (one, two) = (Bytes::from(vec![b'a'; 3]), Bytes::from(vec![b'b'; 3]));
        for (effect, status, is_copied) in [
            (Effect::Read, StatusCode::OK, false),
            (Effect::Read, StatusCode::BAD_REQUEST, true),
            (Effect::Change, StatusCode::OK, true),
            (Effect::RepeatableChange, StatusCode::OK, true),
        ] {
            assert_eq!(body(effect, status, &[]).as_bytes(), b"");
            let whole = body(effect, status, &[&one]);
            assert_eq!(whole.as_bytes(), b"aaa");
            assert_eq!(whole.as_bytes().as_ptr() != one.as_ptr(), is_copied, "{effect:?} {status}");
            assert_eq!(body(effect, status, &[&one, &two]).as_bytes(), b"aaabbb");
            assert_eq!(body(effect, status, &[&one, &two, &one]).as_bytes(), b"aaabbbaaa");
        }
    }
}
