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
    /// Drops the rows whose id stood on one of the two pages before, and those that stand on this page already and are alike as
    /// a whole. Two rows of one page that have an id in common and differ are two.
    pub(super) fn keep_new<R: PartialEq>(&mut self, rows: &mut Vec<R>, id: impl Fn(&R) -> I) -> WhichPage {
        let mut ids: Vec<I> = rows.iter().map(&id).collect();
        ids.sort_unstable();
        let many = ids.len();
        ids.dedup();
        let Self { last, before } = self;
        if ids == *last || ids == *before {
            return WhichPage::Repeated;
        }
        if ids.len() < many {
            let mut first_with: Vec<Option<&R>> = vec![None; ids.len()];
            let mut is_kept = Vec::with_capacity(many);
            for row in &*rows {
                is_kept.push(match ids.binary_search(&id(row)).ok().and_then(|index| first_with.get_mut(index)) {
                    Some(Some(first)) => *first != row,
                    Some(first) => first.replace(row).is_none(),
                    None => true,
                });
            }
            let mut is_kept = is_kept.into_iter();
            rows.retain(|_| is_kept.next().unwrap_or(true));
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

    #[test]
    fn rows_of_one_page_that_have_an_id_in_common_are_one_only_if_they_are_alike() {
        let mut rows = vec![(1, "a"), (2, "a"), (1, "b"), (1, "a"), (1, "b")];
        let which = SeenIds::default().keep_new(&mut rows, |row| row.0);
        assert_eq!(which, WhichPage::New { again: 0 });
        assert_eq!(rows, [(1, "a"), (2, "a"), (1, "b"), (1, "b")], "each is compared with the first of its id");
    }
}
