//! The undo: puts back what a plan allows and what is not back already.

use std::collections::HashMap;
use std::path::Path;

use clm::jiff::Timestamp;
use clm::keyfactor::{
    AddCertificates, CertificateLocation, PlannedRemoval, PutBackVerdict, RemovalPlan, Restorability, Schedule,
};
use serde_json::{Value, json};

use super::find::{place, places, put_back, show_certificate, show_losses};
use super::record::{self, Action, JobsEnd, Known};
use super::send::{Call, Order, shown_fields};
use super::step::Place;
use super::{KeyfactorJob, Orders, Prepared};
use crate::consent::Loss;
use crate::ended::{Ended, Trouble};
use crate::plan_file;
use crate::report::{Report, counted, shown};
use crate::table::{or_unknown, table};

/// What to do for a location.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Now {
    /// The inventory does not list it.
    PutBack,
    /// The inventory lists it, but is older than the removal.
    PutBackUnseen,
    /// It is already back, under this alias.
    Already(String),
    /// The inventory lists it, but may be older than the removal.
    PerhapsThere,
    /// The alias holds another certificate, with this thumbprint.
    Occupied(String),
    /// It cannot be put back.
    Impossible,
}

impl Now {
    fn goes_back(&self) -> bool {
        matches!(self, Self::PutBack | Self::PutBackUnseen)
    }
}

impl KeyfactorJob {
    pub(super) async fn look_back(&self, path: &Path, report: &Report) -> Result<Prepared, Trouble> {
        let plan: RemovalPlan = plan_file::read_removal(path)?;
        self.consent.check_server(plan.header.server.as_deref(), self.client.base_url().as_str())?;
        show_certificate(&plan, report);
        let places = places(&plan);
        let found = self.look(&places, path, report).await?;
        let count = |wanted: fn(&Now) -> bool| found.iter().filter(|now| wanted(now)).count();
        let back = count(Now::goes_back);
        let already = count(|now| matches!(now, Now::Already(_)));
        report.line(format!("  to put back: {back} of {}", counted(places.len(), "location")));
        let rows = places.iter().zip(&found).map(|((_, removal), now)| row(removal, now));
        report.lines(&table(["machine", "path", "alias", "undo"], &rows.collect::<Vec<_>>()));
        show_losses(&plan, report);
        let perhaps = count(|now| *now == Now::PerhapsThere);
        if perhaps > 0 {
            let skipped = counted(perhaps, "location");
            report.complain(format!(
                "  NOTE: skipped {skipped}, because the inventory lists the certificate but may be older than the removal."
            ));
            report.complain("  Run this again after the next inventory.");
        }
        let left = places.len() - back - already - perhaps;
        if back == 0 && left > 0 {
            return Err(Trouble::Refused("nothing in this plan can be put back. Nothing was sent".to_owned()));
        }
        if back == 0 && already == places.len() {
            report.line("  nothing to put back: everything is back already");
        }
        let wanted = places.into_iter().zip(&found).filter(|(_, now)| now.goes_back());
        let orders = wanted.map(|(place, now)| self.addition(place, now)).collect::<Result<_, _>>()?;
        let floor = if perhaps > 0 || count(|now| matches!(now, Now::Occupied(_))) > 0 {
            Ended::Open
        } else {
            Ended::NothingToDo
        };
        Ok(Prepared {
            orders: Orders::Add(orders),
            losses: 0,
            plan: None,
            jobs: record::beside(path, Action::PutBack),
            schedules: Vec::new(),
            at_risk: self.at_risk(path, &plan),
            floor,
        })
    }

    /// Reads the inventories and the record of the removal.
    async fn look(
        &self,
        places: &[(RemovalPlan, &PlannedRemoval)],
        path: &Path,
        report: &Report,
    ) -> Result<Vec<Now>, Trouble> {
        let removed = removed(&record::beside(path, Action::Remove), self.client.base_url().as_str(), report);
        let known: Vec<Option<&Known>> =
            places.iter().map(|(_, removal)| removed.get(&key(&removal.location()))).collect();
        let gone = |known: Option<&Known>| known.is_some_and(|known| known.confirmed);
        let mut found = vec![Now::Impossible; places.len()];
        // If the removal was confirmed, no new inventory is needed to see the certificate again.
        for was_gone in [true, false] {
            let can = |removal: &PlannedRemoval| {
                matches!(removal.put_back, Restorability::WithPrivateKey | Restorability::WithoutPrivateKey)
            };
            let these: Vec<usize> = (0..places.len())
                .filter(|at| known.get(*at).is_some_and(|known| gone(*known) == was_gone))
                .filter(|at| places.get(*at).is_some_and(|(_, removal)| can(removal)))
                .collect();
            if these.is_empty() {
                continue;
            }
            let locations = these.iter().filter_map(|at| places.get(*at)).map(|(_, removal)| removal.location());
            let mut look = self.client.certificate_stores().confirm_put_back(locations).look_once();
            look = look.deadline(self.settings.deadline);
            let ends: Option<Timestamp> =
                these.iter().filter_map(|at| known.get(*at).copied().flatten()?.jobs_end.at()).max();
            if was_gone {
                look = look.was_gone();
            } else if let Some(ended) = ends {
                look = look.newer_than(ended);
            }
            let look = look.send().await?;
            for (at, place) in these.iter().zip(look.locations()) {
                let has_run =
                    known.get(*at).copied().flatten().is_some_and(|known| known.jobs_end != JobsEnd::NotKnown);
                if let Some(now) = found.get_mut(*at) {
                    *now = of_verdict(&place.location, &place.verdict, has_run)?;
                }
            }
        }
        Ok(found)
    }

    fn addition(
        &self,
        (one, removal): (RemovalPlan, &PlannedRemoval),
        now: &Now,
    ) -> Result<Order<AddCertificates>, Trouble> {
        let fields = &self.settings.job_fields;
        let mut addition = self.client.certificate_stores().add_back(&one, Schedule::Immediate).map_entries(|entry| {
            fields.iter().fold(entry, |entry, (name, value)| entry.job_field(name, value.as_str()))
        });
        if self.consent.other_server == Loss::Accepted {
            addition = addition.accept_other_server();
        }
        if let Some(note) = &self.settings.audit_note {
            addition = addition.audit_note(note);
        }
        let request = addition.build()?;
        let place = Place { was_gone: *now == Now::PutBack, ..place(removal) };
        Ok(Order { place, request, call: addition_call(&one, removal, self) })
    }
}

fn of_verdict(location: &CertificateLocation, verdict: &PutBackVerdict, has_run: bool) -> Result<Now, Trouble> {
    Ok(match verdict {
        PutBackVerdict::Back => Now::Already(location.alias().to_owned()),
        PutBackVerdict::BackUnderAnotherAlias { alias, .. } => Now::Already(alias.clone()),
        // The removal has run, so this inventory is older.
        it if it.is_listed() => {
            if has_run {
                Now::PutBackUnseen
            } else {
                Now::PerhapsThere
            }
        }
        PutBackVerdict::HoldsAnother { thumbprint, .. } => Now::Occupied(thumbprint.clone()),
        PutBackVerdict::NotListed | PutBackVerdict::NotInventoried { .. } => Now::PutBack,
        PutBackVerdict::Unreadable(error) => {
            return Err(Trouble::Refused(format!(
                "store {} cannot be read: {}. Nothing was sent",
                location.store(),
                shown(error)
            )));
        }
        _ => {
            return Err(Trouble::Refused(format!("store {} could not be read. Nothing was sent", location.store())));
        }
    })
}

/// Identifies a location.
type Key = (clm::keyfactor::CertificateStoreId, String);

fn key(location: &CertificateLocation) -> Key {
    (location.store(), location.alias().to_owned())
}

/// What the record contains about the removal on this server; empty without a record.
fn removed(path: &Path, server: &str, report: &Report) -> HashMap<Key, Known> {
    if !path.exists() {
        return HashMap::new();
    }
    match record::Read::of(path) {
        Ok(read) if read.server != server => HashMap::new(),
        Ok(read) => read.places.into_iter().map(|(location, known)| (key(&location), known)).collect(),
        Err(trouble) => {
            let _ = report.trouble(&trouble);
            HashMap::new()
        }
    }
}

/// An addition for a dry run, without the values of `--job-field`.
fn addition_call(plan: &RemovalPlan, removal: &PlannedRemoval, job: &KeyfactorJob) -> Call {
    let entry = |removal: &PlannedRemoval| {
        let mut entry = json!({
            "CertificateStoreId": removal.store_id,
            "Overwrite": false,
            "IncludePrivateKey": removal.put_back == Restorability::WithPrivateKey,
        });
        let fields = shown_fields(removal.job_fields_on_add(), job);
        if let Some(members) = entry.as_object_mut() {
            members.extend(removal.alias_on_add().map(|alias| ("Alias".to_owned(), json!(alias))));
            members.extend(Some(fields).filter(|it| !it.is_empty()).map(|it| ("JobFields".to_owned(), json!(it))));
        }
        entry
    };
    let mut entries: Vec<Value> = plan.removals.iter().map(entry).collect();
    entries.dedup();
    let body = json!({
        "CertificateId": plan.certificate_of(removal).map(|it| it.id),
        "CertificateStores": entries,
        "Schedule": {"Immediate": true},
    });
    Call { path: "CertificateStores/Certificates/Add", body }.in_collection(plan.collection_id)
}

fn row(removal: &PlannedRemoval, now: &Now) -> [String; 4] {
    let what = match now {
        Now::PutBack | Now::PutBackUnseen | Now::Impossible => put_back(removal),
        Now::Already(alias) if *alias == removal.alias => "already back".to_owned(),
        Now::Already(alias) => format!("already back, under the alias {alias}"),
        Now::PerhapsThere => "SKIPPED: the inventory still lists it".to_owned(),
        Now::Occupied(thumbprint) => format!("SKIPPED: the alias holds {thumbprint}"),
    };
    [
        or_unknown(removal.store_machine.as_deref()),
        or_unknown(removal.store_path.as_deref()),
        removal.alias.clone(),
        what,
    ]
}
