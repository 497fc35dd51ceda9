//! Where certificates are, by what Command's inventories list.

use std::collections::BTreeSet;
use std::ops::Deref;

use uuid::Uuid;

use super::state::State;
use super::stores::{Entries, Entry, Store};

/// What Command's inventory of a store lists. It is changed by [`State::list`] and [`State::take_inventory`] alone, so that
/// [`Places`] knows of every change.
#[derive(Default)]
pub(super) struct Inventory(Entries);

impl Deref for Inventory {
    type Target = Entries;

    fn deref(&self) -> &Entries {
        &self.0
    }
}

/// The places of each certificate: so the row of one need not look through all inventories.
#[derive(Default)]
pub(super) struct Places(BTreeSet<(i32, Uuid, String)>);

impl Places {
    fn change(&mut self, store: Uuid, alias: &str, before: &[Entry], after: &[Entry]) {
        for certificate in before.iter().flat_map(Entry::certificates) {
            self.0.remove(&(certificate, store, alias.to_owned()));
        }
        for certificate in after.iter().flat_map(Entry::certificates) {
            self.0.insert((certificate, store, alias.to_owned()));
        }
    }

    fn of(&self, certificate: i32) -> impl Iterator<Item = (Uuid, &str)> {
        let from = (certificate, Uuid::nil(), String::new());
        let places = self.0.range(from..).take_while(move |(it, ..)| *it == certificate);
        places.map(|(_, store, alias)| (*store, alias.as_str()))
    }
}

/// One certificate of one entry of an inventory.
pub(super) struct Place<'a> {
    pub(super) id: Uuid,
    pub(super) store: &'a Store,
    pub(super) alias: &'a str,
    pub(super) entry: &'a Entry,
}

impl State {
    /// Command's inventory of a store lists these entries under an alias, and no others; none, and the alias is gone.
    pub(super) fn list(&mut self, id: Uuid, alias: &str, entries: Vec<Entry>) {
        self.store(id);
        let Some(Inventory(listed)) = self.stores.get_mut(&id).map(|store| &mut store.inventory) else { return };
        self.places.change(id, alias, listed.get(alias).map_or(&[], Vec::as_slice), &entries);
        if entries.is_empty() {
            listed.remove(alias);
        } else {
            listed.insert(alias.to_owned(), entries);
        }
    }

    /// Command sees what the store holds.
    pub(super) fn take_inventory(&mut self, id: Uuid) {
        self.store(id).respell();
        let Some(store) = self.stores.get_mut(&id) else { return };
        let Inventory(listed) = &mut store.inventory;
        for (alias, entries) in &*listed {
            self.places.change(id, alias, entries, &[]);
        }
        for (alias, entries) in &store.held {
            self.places.change(id, alias, &[], entries);
        }
        listed.clone_from(&store.held);
    }

    /// The entries that hold a certificate, itself or in their chain, in the order of the stores and their aliases.
    pub(super) fn places_of(&self, certificate: i32) -> impl Iterator<Item = Place<'_>> {
        let known = self.places.of(certificate).filter_map(|(id, alias)| Some((id, alias, self.stores.get(&id)?)));
        known.flat_map(move |(id, alias, store)| {
            let entries = store.inventory.get(alias).into_iter().flatten();
            let holding = entries.filter(move |entry| entry.certificates().any(|it| it == certificate));
            holding.map(move |entry| Place { id, store, alias, entry })
        })
    }
}
