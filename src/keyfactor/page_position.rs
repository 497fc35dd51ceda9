//! Which page of a list is asked for next.

/// The vendor's own page size: a page with fewer rows than this is the last one, whatever the server's maximum is.
pub(super) const VENDORS_PAGE: usize = 50;

/// A page, by its number and the number of its rows: the rows before it are `(number - 1) * size`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct PagePosition {
    pub(super) number: u32,
    pub(super) size: usize,
}

impl PagePosition {
    /// The first page.
    pub(super) fn first(size: usize) -> Self {
        Self { number: 1, size }
    }

    /// The page after this one, which had so many rows. `None` where pages cannot be counted any further.
    ///
    /// Servers may give fewer rows than were asked for, and then skip by what was asked or by what they give. Asked for as many
    /// as it gives, a server does the same either way. So a first page with fewer rows than were asked for sets the page size, if
    /// there are more rows: as the server counts them, or, where it counts none, because it gave a page of the vendor's own size
    /// or a larger one. A smaller one without a count is the whole list, as far as can be known.
    pub(super) fn next(self, rows: usize, counted: Option<u64>) -> Option<Self> {
        let is_capped = self.number == 1
            && (1..self.size).contains(&rows)
            && counted.map_or(rows >= VENDORS_PAGE, |counted| counted > rows as u64);
        let size = if is_capped { rows } else { self.size };
        Some(Self { number: self.number.checked_add(1)?, size })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_first_page_sets_the_size_if_there_are_more_rows() {
        for (asked, rows, counted, size) in [
            (1_000, 50, Some(120), 50),
            (100, 30, Some(31), 30),
            (100, 60, Some(60), 100),
            (100, 60, Some(0), 100),
            (100, 100, Some(120), 100),
            (100, 120, Some(300), 100),
            (1_000, 50, None, 50),
            (1_000, 49, None, 1_000),
            (50, 50, None, 50),
            (100, 0, Some(9), 100),
        ] {
            let next = PagePosition::first(asked).next(rows, counted);
            assert_eq!(next, Some(PagePosition { number: 2, size }), "{asked}, {rows}, {counted:?}");
        }
    }

    #[test]
    fn later_pages_keep_the_size() {
        let second = PagePosition { number: 2, size: 50 };
        assert_eq!(second.next(20, Some(120)), Some(PagePosition { number: 3, size: 50 }));
        assert_eq!(PagePosition { number: u32::MAX, size: 50 }.next(50, None), None);
    }
}
