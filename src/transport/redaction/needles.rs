//! Many texts that are looked for at once.

use std::collections::HashMap;

use super::SHORTEST_BEGINNING;

/// Bytes of the shortest text that is looked for.
pub(super) const SHORTEST: usize = 4;

type Head = [u8; SHORTEST];

/// Texts to be found in another one: sorted, so that those with the same beginning stand side by side.
#[derive(Default)]
pub(crate) struct Needles {
    sorted: Vec<Vec<u8>>,
    /// Where those that begin with these bytes stand.
    heads: HashMap<Head, (usize, usize)>,
    /// What they begin with.
    first: Bytes,
    skips: Skips,
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

/// How far a search may go on after each pair of bytes. Of the texts, only the first bytes count, as many as the shortest has: where
/// none of them stands at a place of a text, that place is never looked at (the method of Wu and Manber).
#[derive(Default)]
struct Skips {
    /// As many bytes of each text count.
    length: usize,
    /// For each pair, how many bytes behind it may still belong to one of the texts. Pairs with the same [place](Self::place)
    /// share the smallest.
    of_pairs: Vec<u8>,
}

impl Skips {
    const PLACES: usize = 1024;

    fn of(texts: &[Vec<u8>]) -> Self {
        let Some(shortest) = texts.iter().map(Vec::len).min() else { return Self::default() };
        let length = shortest.min(SHORTEST_BEGINNING);
        let furthest = u8::try_from(length - 1).unwrap_or(1);
        let mut of_pairs = vec![furthest; Self::PLACES];
        for text in texts {
            let behind = (0..furthest).rev();
            for (pair, behind) in text.windows(2).zip(behind) {
                if let Some(skip) = of_pairs.get_mut(Self::place(pair)) {
                    *skip = behind.min(*skip);
                }
            }
        }
        Self { length, of_pairs }
    }

    fn place(pair: &[u8]) -> usize {
        match pair {
            [first, second] => ((usize::from(*first) * 4) ^ usize::from(*second)) % Self::PLACES,
            _ => 0,
        }
    }

    /// Every place of a text where one of the texts may begin.
    fn places<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let mut start = 0;
        std::iter::from_fn(move || {
            loop {
                let begun = text.get(start..)?;
                let pair = begun.get(self.length.checked_sub(2)?..self.length)?;
                match self.of_pairs.get(Self::place(pair)) {
                    Some(0) | None => {
                        start += 1;
                        return Some(begun);
                    }
                    Some(skip) => start += usize::from(*skip),
                }
            }
        })
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
        let mut first = Bytes::default();
        for (index, text) in sorted.iter().enumerate() {
            if let (Some(byte), Some(head)) = (text.first(), text.first_chunk()) {
                first.add(*byte);
                heads.entry(*head).or_insert((index, index)).1 = index + 1;
            }
        }
        let skips = Skips::of(&sorted);
        Self { sorted, heads, first, skips }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// Whether one of the texts begins with this byte.
    pub(super) fn begin_with(&self, byte: u8) -> bool {
        self.first.has(byte)
    }

    /// Whether one of them may stand in this text, or may have been cut off there.
    pub(super) fn may_stand_in(&self, text: &[u8]) -> bool {
        let is_head = |begun: &[u8]| begun.first_chunk().is_some_and(|head| self.heads.contains_key::<Head>(head));
        self.skips.places(text).any(is_head)
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
