//! A place whose certificate is looked for, and what a look at the store's inventory shows of it.

use std::collections::{HashMap, HashSet};

use super::confirm_store::Freshness;
use crate::keyfactor::certificate_stores::{CertificateLocation, InventoryEntry, Listed, Reading, Sought, spelling};
use crate::keyfactor::thumbprint::Thumbprint;

/// A location, and what the last look at its store showed there.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) location: CertificateLocation,
    /// The certificate that a look found under the alias, if none is expected.
    learnt: Option<Thumbprint>,
    pub(super) shown: Shown,
    pub(super) agreement: Agreement,
    pub(super) reading: Reading,
    /// Whether any look found the alias, or the certificate under another one.
    pub(super) was_listed: bool,
    /// Whether any look that can be relied on found neither.
    pub(super) was_missing: bool,
}

/// What is under an alias.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Shown {
    Nothing,
    /// Not the certificate, but the one with this thumbprint.
    Another(String),
    /// Not the certificate, which stands under this other alias.
    Elsewhere(String),
    /// Not the certificate, as far as can be told: the entry under this alias shows no thumbprint, and may hold it.
    Unreadable(String),
    /// One that cannot be told from it: nobody knows which one it is, it stands in a chain, or the entry shows no thumbprint.
    PerhapsHeld,
    /// The certificate.
    Held,
}

/// Whether a look can be relied on when it misses something: it read all of the inventory, or the look before showed the
/// same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Agreement {
    Sure,
    AnotherLookNeeded,
}

/// Whether each place needs an entry of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Entries {
    /// One entry is enough for all places of an alias.
    Shared,
    /// As many entries as places.
    OneForEach,
}

impl Place {
    pub(super) fn new(location: CertificateLocation) -> Self {
        Self {
            location,
            learnt: None,
            shown: Shown::Nothing,
            agreement: Agreement::AnotherLookNeeded,
            reading: Reading::PerhapsNotWhole,
            was_listed: false,
            was_missing: false,
        }
    }

    /// The certificate: the expected one, or the one that was found under the alias.
    fn certificate(&self) -> Option<&Thumbprint> {
        self.location.expected_thumbprint().or(self.learnt.as_ref())
    }

    /// The same, or the one that the alias is named after.
    pub(super) fn wanted(&self) -> Option<Thumbprint> {
        self.certificate().cloned().or_else(|| Thumbprint::of_alias(self.location.alias()))
    }

    /// Takes what a look showed.
    pub(super) fn take(&mut self, shown: Shown, entries: &[InventoryEntry], look: TakenLook) {
        let is_sure = match look.reading {
            Reading::Whole => true,
            Reading::PerhapsNotWhole => look.has_look_before && shown == self.shown,
            Reading::Short => false,
            // Nothing at all is an empty inventory where one has ended since, and elsewhere perhaps none yet.
            Reading::NoContent => look.freshness >= Freshness::Renewed,
        };
        self.reading = look.reading;
        self.agreement = if is_sure { Agreement::Sure } else { Agreement::AnotherLookNeeded };
        // An alias with another certificate says nothing of the wanted one: the inventory may be older than that.
        self.was_listed |= matches!(shown, Shown::Held | Shown::PerhapsHeld | Shown::Elsewhere(_));
        self.was_missing |= is_sure && shown == Shown::Nothing;
        self.shown = shown;
        if self.certificate().is_none() {
            self.learnt = only_one(entries);
        }
    }

    /// Whether an entry of its alias shows the certificate, or one that cannot be told from it.
    pub(super) fn is_there(&self, entry: &InventoryEntry) -> bool {
        matches!(self.shown_by(std::slice::from_ref(entry)), Shown::Held | Shown::PerhapsHeld)
    }

    /// That the certificate itself stands before its chain was seen on real servers and is undocumented by the vendor: one that
    /// stands anywhere in an entry may be it. So may one without a readable thumbprint.
    pub(super) fn shown_by(&self, entries: &[InventoryEntry]) -> Shown {
        let Some(first) = entries.first() else { return Shown::Nothing };
        let Some(wanted) = self.certificate() else { return Shown::PerhapsHeld };
        if entries.iter().any(|entry| entry.thumbprint().as_ref() == Some(wanted)) {
            return Shown::Held;
        }
        let mut certificates = entries.iter().flat_map(|entry| &entry.certificates);
        let may_be_it = |text: &str| Thumbprint::read(text).is_none_or(|it| it == *wanted);
        let is_empty = entries.iter().any(|entry| entry.certificates.is_empty());
        match first.leaf() {
            Some(leaf) if !is_empty && !certificates.any(|it| may_be_it(&it.thumbprint)) => {
                Shown::Another(leaf.thumbprint.clone())
            }
            _ => Shown::PerhapsHeld,
        }
    }
}

/// What a look was like.
#[derive(Clone, Copy)]
pub(super) struct TakenLook {
    pub(super) reading: Reading,
    pub(super) has_look_before: bool,
    pub(super) freshness: Freshness,
}

/// The certificate of these entries, if they show one and the same.
fn only_one(entries: &[InventoryEntry]) -> Option<Thumbprint> {
    let mut thumbprints = entries.iter().map(InventoryEntry::thumbprint);
    let first = thumbprints.next()??;
    thumbprints.all(|it| it.as_ref() == Some(&first)).then_some(first)
}

/// What is looked for in the inventory of the places' store. `wanted` are their certificates.
pub(super) fn sought<'a>(places: &'a [Place], wanted: &'a HashSet<Thumbprint>) -> Sought<'a> {
    let nameless = places.iter().filter(|place| place.wanted().is_none());
    Sought {
        aliases: places.iter().map(|place| place.location.alias()).collect(),
        certificates: wanted.iter().collect(),
        spellings: nameless.map(|place| spelling(place.location.alias())).collect(),
    }
}

/// What an inventory shows of each place.
pub(super) fn seen(places: &[Place], listed: &Listed, entries: Entries) -> Vec<Shown> {
    let mut asked_for: HashMap<&str, HashSet<Option<&Thumbprint>>> = HashMap::new();
    for place in places {
        asked_for.entry(place.location.alias()).or_default().insert(place.certificate());
    }
    let (under, elsewhere) = (HashMap::new(), HashMap::new());
    let mut seen = Seen { listed, entries, asked_for, under, elsewhere };
    places.iter().map(|place| seen.of(place)).collect()
}

struct Seen<'a> {
    listed: &'a Listed,
    entries: Entries,
    /// The certificates of the places of each alias; `None` where nobody knows it.
    asked_for: HashMap<&'a str, HashSet<Option<&'a Thumbprint>>>,
    /// What the entries of an alias show of a certificate.
    under: HashMap<(&'a str, Option<&'a Thumbprint>), Under>,
    /// The aliases of a certificate that no place asks for, without those that were given to places.
    elsewhere: HashMap<Thumbprint, Vec<&'a str>>,
}

/// What the entries of an alias show of a certificate.
struct Under {
    shown: Shown,
    /// Those that hold it and were not given to a place.
    left: usize,
}

impl Under {
    fn of(place: &Place, entries: &[InventoryEntry], certificate: Option<&Thumbprint>) -> Self {
        let holds = |entry: &&InventoryEntry| certificate.is_some() && entry.thumbprint().as_ref() == certificate;
        Self { shown: place.shown_by(entries), left: entries.iter().filter(holds).count() }
    }
}

impl<'a> Seen<'a> {
    fn of(&mut self, place: &'a Place) -> Shown {
        let (listed, alias, certificate) = (self.listed, place.location.alias(), place.certificate());
        let under = self
            .under
            .entry((alias, certificate))
            .or_insert_with(|| Under::of(place, listed.under(alias), certificate));
        let mut shown = under.shown.clone();
        let wanted = place.wanted();
        if shown == Shown::Held && self.entries == Entries::OneForEach {
            match under.left.checked_sub(1) {
                Some(left) => under.left = left,
                None => shown = Shown::Nothing,
            }
        }
        if matches!(shown, Shown::Held | Shown::PerhapsHeld) {
            return shown;
        }
        let elsewhere = match &wanted {
            Some(wanted) => self.elsewhere(alias, wanted),
            None => listed.respelled(alias),
        };
        match (elsewhere, &self.listed.unreadable) {
            (Some(alias), _) => Shown::Elsewhere(alias.to_owned()),
            (None, Some(alias)) if wanted.is_some() => Shown::Unreadable(alias.clone()),
            _ => shown,
        }
    }

    /// Another alias of the certificate; one that is this one but for its spelling first.
    fn elsewhere(&mut self, alias: &str, wanted: &Thumbprint) -> Option<&'a str> {
        let (listed, asked_for) = (self.listed, &self.asked_for);
        // A certificate that another place of this call asks for is told there. So is one under an alias of which nobody knows
        // the certificate.
        let is_asked_for = |alias: &str| {
            asked_for
                .get(alias)
                .is_some_and(|certificates| [None, Some(wanted)].iter().any(|it| certificates.contains(it)))
        };
        let aliases = self
            .elsewhere
            .entry(wanted.clone())
            .or_insert_with(|| listed.aliases_of(wanted).filter(|alias| !is_asked_for(alias)).collect());
        let index = aliases.iter().position(|it| spelling(it) == spelling(alias)).unwrap_or_default();
        match self.entries {
            Entries::Shared => aliases.get(index).copied(),
            Entries::OneForEach => (index < aliases.len()).then(|| aliases.remove(index)),
        }
    }
}
