//! Values by name, as a caller sets them one after the other.

use std::collections::BTreeMap;

/// Of a name that is set again and again, so many different values are kept. The request is refused in any case.
const MOST_VALUES: usize = 8;

/// Values by name, which remember the order in which they were set. Setting one costs the logarithm of their number.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct NamedValues<T> {
    by_name: BTreeMap<String, Vec<SetValue<T>>>,
    /// How many names and values there are.
    count: usize,
}

/// What a name was set to. Several for one name contradict each other.
#[derive(Clone, PartialEq, Debug)]
struct SetValue<T> {
    position: usize,
    value: T,
}

/// One name and value.
pub(crate) struct NamedValue<'a, T> {
    pub(crate) name: &'a str,
    pub(crate) value: &'a T,
    /// The name had another value before.
    pub(crate) is_conflict: bool,
}

impl<T: PartialEq> NamedValues<T> {
    /// The same name and value twice is one.
    pub(crate) fn add(&mut self, name: String, value: T) {
        let values = self.by_name.entry(name).or_default();
        if values.len() < MOST_VALUES && values.iter().all(|it| it.value != value) {
            values.push(SetValue { position: self.count, value });
            self.count += 1;
        }
    }
}

impl<T> NamedValues<T> {
    pub(crate) fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// In the order in which they were set.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = NamedValue<'_, T>> {
        let mut fields = Vec::with_capacity(self.count);
        for (name, values) in &self.by_name {
            fields.extend(values.iter().enumerate().map(|(index, it)| (it.position, name, &it.value, index > 0)));
        }
        fields.sort_unstable_by_key(|(position, ..)| *position);
        fields.into_iter().map(|(_, name, value, is_conflict)| NamedValue { name, value, is_conflict })
    }

    /// In the order of their names, the last value of each.
    pub(crate) fn last_of_each(&self) -> impl Iterator<Item = (&str, &T)> {
        self.by_name.iter().filter_map(|(name, values)| Some((name.as_str(), &values.last()?.value)))
    }
}

impl<T> Default for NamedValues<T> {
    fn default() -> Self {
        Self { by_name: BTreeMap::new(), count: 0 }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn shown<T: Copy>(values: &NamedValues<T>) -> Vec<(String, T, bool)> {
        values.in_order().map(|it| (it.name.to_owned(), *it.value, it.is_conflict)).collect()
    }

    #[test]
    fn the_same_twice_is_one_and_another_value_is_a_conflict() {
        let mut values = NamedValues::default();
        for (name, value) in [("b", 1), ("a", 1), ("b", 1), ("b", 2), ("a", 1), ("b", 1), ("c", 3)] {
            values.add(name.to_owned(), value);
        }
        let expected = [("b", 1, false), ("a", 1, false), ("b", 2, true), ("c", 3, false)];
        assert_eq!(shown(&values), expected.map(|(name, value, conflict)| (name.to_owned(), value, conflict)));
        assert_eq!(values.last_of_each().collect::<Vec<_>>(), [("a", &1), ("b", &2), ("c", &3)]);
        let mut other_order = NamedValues::default();
        other_order.add("a".to_owned(), 1);
        other_order.add("b".to_owned(), 1);
        let mut in_order = NamedValues::default();
        in_order.add("b".to_owned(), 1);
        in_order.add("a".to_owned(), 1);
        assert_ne!(other_order, in_order);
    }

    /// A value that counts how often it is compared.
    struct Counted<'a>(usize, &'a Cell<usize>);

    impl PartialEq for Counted<'_> {
        fn eq(&self, other: &Self) -> bool {
            self.1.set(self.1.get() + 1);
            self.0 == other.0
        }
    }

    #[test]
    fn values_of_other_names_are_never_compared() {
        let compared = Cell::new(0);
        let mut values = NamedValues::default();
        for index in 0..20_000 {
            values.add(format!("field{index}"), Counted(7, &compared));
        }
        assert_eq!((values.in_order().count(), compared.get()), (20_000, 0));
        for index in 0..20_000 {
            values.add(format!("field{index}"), Counted(7, &compared));
        }
        assert_eq!((values.in_order().count(), compared.get()), (20_000, 20_000));
        // One name, always another value: a few are kept.
        compared.set(0);
        let mut values = NamedValues::default();
        for index in 0..20_000 {
            values.add("field".to_owned(), Counted(index, &compared));
        }
        assert_eq!(values.in_order().count(), MOST_VALUES);
        assert!(compared.get() <= MOST_VALUES * MOST_VALUES, "{}", compared.get());
    }
}
