//! Rows that stood on a page before.

/// The ids of the last page and of the one before it, each sorted. They are compared, not hashed: whatever a server makes of
/// them, a page costs no more than its rows take to sort.
pub(super) struct SeenIds<I> {
    last: Vec<I>,
    before: Vec<I>,
}

impl<I> Default for SeenIds<I> {
    fn default() -> Self {
        Self { last: Vec::new(), before: Vec::new() }
    }
}

/// What a page is, by the ids of its rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum WhichPage {
    New {
        /// Rows of it that stood on one of the two pages before.
        again: usize,
    },
    /// It has the rows of one of the two pages before it. A part of the last page is none: rows that came in before move its end
    /// to a page of its own.
    Repeated,
}

impl<I: Ord> SeenIds<I> {
    /// Drops the rows whose id stood before, on this page or on one of the two pages before it.
    pub(super) fn keep_new<R>(&mut self, rows: &mut Vec<R>, id: impl Fn(&R) -> I) -> WhichPage {
        let mut ids: Vec<I> = rows.iter().map(&id).collect();
        ids.sort_unstable();
        let many = ids.len();
        ids.dedup();
        let Self { last, before } = self;
        if ids == *last || ids == *before {
            return WhichPage::Repeated;
        }
        if ids.len() < many {
            let mut is_taken = vec![false; ids.len()];
            rows.retain(|row| {
                let place = ids.binary_search(&id(row)).ok().and_then(|index| is_taken.get_mut(index));
                place.is_some_and(|is_taken| !std::mem::replace(is_taken, true))
            });
        }
        let on_this_page = rows.len();
        if !last.is_empty() {
            rows.retain(|row| [&*last, &*before].iter().all(|seen| seen.binary_search(&id(row)).is_err()));
        }
        std::mem::swap(last, before);
        *last = ids;
        WhichPage::New { again: on_this_page - rows.len() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_new_once_and_a_page_is_told_by_all_of_its_rows() {
        let new = |again| WhichPage::New { again };
        let mut seen = SeenIds::default();
        let mut page = |ids: &[i32]| {
            let mut rows = ids.to_vec();
            let which = seen.keep_new(&mut rows, |row| *row);
            (which, rows)
        };
        assert_eq!(page(&[3, 1, 3, 2, 1]), (new(0), vec![3, 1, 2]));
        assert_eq!(page(&[2, 5, 4]), (new(1), vec![5, 4]));
        assert_eq!(page(&[1, 5, 9, 9]), (new(2), vec![9]));
        assert_eq!(page(&[5, 2, 4, 4]).0, WhichPage::Repeated);
        assert_eq!(page(&[9, 5, 1]).0, WhichPage::Repeated);
        // Three pages ago it was the first one.
        assert_eq!(page(&[9]), (new(1), vec![]));
        assert_eq!(page(&[3, 2]), (new(0), vec![3, 2]));
    }
}
