//! Many texts that are looked for at once.

use std::collections::HashMap;

/// Bytes of the shortest text that is looked for.
pub(super) const SHORTEST: usize = 4;

type Head = [u8; SHORTEST];

/// Texts to be found in another one: sorted, so that those with the same beginning stand side by side.
#[derive(Default)]
pub(crate) struct Needles {
    sorted: Vec<Vec<u8>>,
    /// Where those that begin with these bytes stand.
    heads: HashMap<Head, (usize, usize)>,
    /// What each byte may be the beginning of.
    kinds: Kinds,
    /// Which bytes stand second, third and fourth in one of them.
    next: [Bytes; SHORTEST - 1],
}

/// What a byte of a text may be the beginning of.
#[derive(Clone, Copy)]
pub(super) struct Kind(u8);

impl Kind {
    const FIRST: u8 = 1;
    const ESCAPE: u8 = 2;
    const DIGIT: u8 = 4;

    const fn of(byte: u8) -> Self {
        if matches!(byte, b'\\' | b'&' | b'+' | b'%') {
            Self(Self::ESCAPE)
        } else if byte.is_ascii_hexdigit() {
            Self(Self::DIGIT)
        } else {
            Self(0)
        }
    }

    /// Of none of the things that are looked for.
    pub(super) fn is_other(self) -> bool {
        self.0 == 0
    }

    /// Of one of the needles.
    pub(super) fn is_first(self) -> bool {
        self.0 & Self::FIRST != 0
    }

    /// Of an escape.
    pub(super) fn is_escape(self) -> bool {
        self.0 & Self::ESCAPE != 0
    }

    /// Of a run of digits of base16.
    pub(super) fn is_digit(self) -> bool {
        self.0 & Self::DIGIT != 0
    }
}

/// The kind of each byte.
struct Kinds([Kind; 256]);

impl Default for Kinds {
    fn default() -> Self {
        let mut bytes = 0..=u8::MAX;
        Self(std::array::from_fn(|_| bytes.next().map_or(Kind(0), Kind::of)))
    }
}

impl Kinds {
    fn add_first(&mut self, byte: u8) {
        if let Some(kind) = self.0.get_mut(usize::from(byte)) {
            kind.0 |= Kind::FIRST;
        }
    }

    fn of(&self, byte: u8) -> Kind {
        self.0.get(usize::from(byte)).copied().unwrap_or(Kind(0))
    }
}

/// A set of bytes.
struct Bytes([bool; 256]);

impl Default for Bytes {
    fn default() -> Self {
        Self([false; 256])
    }
}

impl Bytes {
    fn add(&mut self, byte: u8) {
        if let Some(has) = self.0.get_mut(usize::from(byte)) {
            *has = true;
        }
    }

    fn has(&self, byte: u8) -> bool {
        self.0.get(usize::from(byte)) == Some(&true)
    }
}

/// How many bytes may be compared while one text is looked through.
pub(super) struct Budget(usize);

impl Budget {
    pub(super) fn for_text(length: usize) -> Self {
        Self(length.saturating_mul(32).saturating_add(64 * 1024))
    }

    pub(super) fn is_spent(&self) -> bool {
        self.0 == 0
    }

    #[cfg(test)]
    pub(super) fn left(&self) -> usize {
        self.0
    }

    fn spend(&mut self) {
        self.0 = self.0.saturating_sub(1);
    }
}

impl Needles {
    /// Texts of less than [`SHORTEST`] bytes are left out.
    pub(crate) fn new(texts: impl IntoIterator<Item = String>) -> Self {
        let mut sorted: Vec<Vec<u8>> =
            texts.into_iter().map(String::into_bytes).filter(|text| text.len() >= SHORTEST).collect();
        sorted.sort_unstable();
        sorted.dedup();
        let mut heads: HashMap<Head, (usize, usize)> = HashMap::new();
        let (mut kinds, mut next) = (Kinds::default(), <[Bytes; SHORTEST - 1]>::default());
        for (index, text) in sorted.iter().enumerate() {
            if let (Some(first), Some(head)) = (text.first(), text.first_chunk()) {
                kinds.add_first(*first);
                next.iter_mut().zip(text.iter().skip(1)).for_each(|(bytes, byte)| bytes.add(*byte));
                heads.entry(*head).or_insert((index, index)).1 = index + 1;
            }
        }
        Self { sorted, heads, kinds, next }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// What this byte of a text may be the beginning of.
    pub(super) fn kind_of(&self, byte: u8) -> Kind {
        self.kinds.of(byte)
    }

    /// Whether one of the texts begins like this.
    pub(super) fn has_head_of(&self, rest: &[u8]) -> bool {
        let Some(head) = rest.first_chunk::<SHORTEST>() else { return false };
        self.next.iter().zip(head.iter().skip(1)).all(|(bytes, byte)| bytes.has(*byte)) && self.heads.contains_key(head)
    }

    /// How long the longest of the texts is that `rest` begins with. What follows one of them for `cut_after` bytes counts as
    /// its beginning, the rest of which was cut off.
    pub(super) fn at_the_start_of(&self, rest: &[u8], cut_after: usize, budget: &mut Budget) -> Option<usize> {
        let (from, to) = *self.heads.get(rest.first_chunk::<SHORTEST>()?)?;
        let mut same = self.sorted.get(from..to)?;
        let mut longest = None;
        let mut length = SHORTEST;
        loop {
            if let Some((whole, longer)) = same.split_first()
                && whole.len() == length
            {
                longest = Some(length);
                same = longer;
            }
            if same.is_empty() || budget.is_spent() {
                return longest;
            }
            if length >= cut_after {
                longest = Some(length);
            }
            let Some(next) = rest.get(length) else { return longest };
            let at = |text: &Vec<u8>| text.get(length).copied();
            let from = same.partition_point(|text| at(text) < Some(*next));
            let to = same.partition_point(|text| at(text) <= Some(*next));
            same = same.get(from..to).unwrap_or_default();
            length += 1;
            budget.spend();
        }
    }
}
