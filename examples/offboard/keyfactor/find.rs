//! Looks up where certificates are, and makes the plan.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use clm::keyfactor::{
    CertificateRef, CertificateStoreLocation, Error, LocatedCertificate, LookupError, OmissionReason, PlannedRemoval,
    PlannedStoreType, RemovalPlan, RemoveCertificates, Restorability, Schedule, Thumbprint,
};

use serde_json::json;

use super::record::{self, Action};
use super::send::{Order, removal_call};
use super::step::Place;
use super::{KeyfactorJob, Orders, Prepared};
use crate::ended::{Ended, Trouble};
use crate::report::{Report, counted, shown};
use crate::table::{or_unknown, table, yes_or_no};

impl KeyfactorJob {
    pub(super) async fn find(
        &self,
        (certificate, collection_id): (&CertificateRef, Option<i32>),
        plan_path: Option<&Path>,
        report: &Report,
    ) -> Result<Prepared, Trouble> {
        let mut locate = self.client.certificates().locations_of(certificate.clone());
        if let Some(id) = collection_id {
            locate = locate.collection_id(id);
        }
        let located = match locate.send().await {
            Ok(located) => located,
            Err(Error::Lookup(error)) if matches!(*error, LookupError::InNoStore { unclear: 0, .. }) => {
                report.line(format!("  nothing to remove: {}", shown(&error)));
                return Ok(nothing_to_remove());
            }
            Err(error) => return Err(error.into()),
        };
        let plan = self.client.certificate_stores().plan_removal(&located).await?;
        show(&located, &plan, report);
        let path =
            plan_path.map_or_else(|| PathBuf::from(format!("offboard-{}.json", located.thumbprint())), Path::to_owned);
        self.to_remove(plan, path)
    }

    /// One plan for several certificates.
    pub(super) async fn find_many(
        &self,
        thumbprints: &[Thumbprint],
        collection_id: Option<i32>,
        plan_path: Option<&Path>,
        report: &Report,
    ) -> Result<Prepared, Trouble> {
        report.line(format!("  looking up {}", counted(thumbprints.len(), "certificate")));
        let mut planning = self.client.certificate_stores().plan_removal_of(thumbprints.iter().cloned());
        if let Some(id) = collection_id {
            planning = planning.collection_id(id);
        }
        let plan = planning.allow_empty().send().await?;
        if plan.removals.is_empty() {
            show_omitted(&plan, report);
            if plan.omitted.iter().any(|it| it.why != OmissionReason::InNoStore) {
                return Err(Trouble::Refused("nothing can be removed. Nothing was sent".to_owned()));
            }
            report.line("  nothing to remove: none of the certificates is in a store");
            return Ok(nothing_to_remove());
        }
        show_plan(&plan, report);
        show_losses(&plan, report);
        let first = plan.certificates.first().map(|it| it.thumbprint.to_string()).unwrap_or_default();
        let default = || PathBuf::from(format!("offboard-{}-and-more.json", shown(first)));
        let path = plan_path.map_or_else(default, Path::to_owned);
        self.to_remove(plan, path)
    }

    /// Prepares a plan, to be saved at this path.
    fn to_remove(&self, plan: RemovalPlan, path: PathBuf) -> Result<Prepared, Trouble> {
        let losses = plan.cannot_be_put_back().count();
        let (orders, jobs) = (Orders::Remove(self.removals(&plan)?), record::beside(&path, Action::Remove));
        Ok(Prepared {
            orders,
            losses,
            plan: Some((path, plan)),
            jobs,
            schedules: Vec::new(),
            at_risk: Vec::new(),
            floor: Ended::NothingToDo,
        })
    }

    fn removals(&self, plan: &RemovalPlan) -> Result<Vec<Order<RemoveCertificates>>, Trouble> {
        let order = |one: RemovalPlan, removal: &PlannedRemoval| {
            let asked = self.client.certificate_stores().remove(&one, Schedule::Immediate);
            let request = self.with_job_fields(asked).build()?;
            let call = removal_call(&request, &one.removals, self);
            Ok(Order { place: place(removal), request, call })
        };
        places(plan).iter().map(|(one, removal)| order(one.clone(), removal)).collect()
    }
}

/// There is no location to remove a certificate from.
fn nothing_to_remove() -> Prepared {
    Prepared {
        orders: Orders::Remove(Vec::new()),
        losses: 0,
        plan: None,
        jobs: PathBuf::new(),
        schedules: Vec::new(),
        at_risk: Vec::new(),
        floor: Ended::NothingToDo,
    }
}

/// Splits the plan into one plan per location, with its first entry: one call removes or adds what an alias holds, however
/// many entries it has. Each entry is visited once, so that large plans are fast.
pub(super) fn places(plan: &RemovalPlan) -> Vec<(RemovalPlan, &PlannedRemoval)> {
    let mut bare = plan.clone();
    bare.certificates.clear();
    bare.removals.clear();
    bare.omitted.clear();
    let certificates: HashMap<_, _> = plan.certificates.iter().map(|it| (&it.thumbprint, it)).collect();
    let mut places: Vec<(RemovalPlan, &PlannedRemoval)> = Vec::new();
    let mut numbers = HashMap::new();
    for removal in &plan.removals {
        let key = (removal.store_id, removal.alias.as_str(), &removal.thumbprint);
        let number = *numbers.entry(key).or_insert_with(|| {
            let mut one = bare.clone();
            one.certificates.extend(certificates.get(&removal.thumbprint).map(|it| (*it).clone()));
            places.push((one, removal));
            places.len() - 1
        });
        if let Some((one, _)) = places.get_mut(number) {
            one.removals.push(removal.clone());
        }
    }
    places
}

pub(super) fn place(removal: &PlannedRemoval) -> Place {
    Place {
        machine: removal.store_machine.clone(),
        path: removal.store_path.clone(),
        location: removal.location(),
        was_gone: false,
    }
}

/// Shows a plan for several certificates.
fn show_plan(plan: &RemovalPlan, report: &Report) {
    show_certificate(plan, report);
    show_places(plan, report);
}

/// Shows the locations, the job fields, and what the plan omits.
fn show_places(plan: &RemovalPlan, report: &Report) {
    let places = plan.removals.iter().map(|it| (it.store_id, &it.alias)).collect::<HashSet<_>>().len();
    report.line(format!("  found in {}:", counted(places, "location")));
    report.lines(&table(
        ["machine", "path", "alias", "agent available", "approved", "removal supported", "undo"],
        &plan.removals.iter().map(row).collect::<Vec<_>>(),
    ));
    show_unknown_types(plan, report);
    for removal in &plan.removals {
        let fields = removal.job_fields_on_remove();
        if !fields.is_empty() {
            report.line(format!(
                "    {}: job fields that the store type requires, taken from the inventory: {}",
                shown(place(removal).label()),
                shown(json!(fields))
            ));
        }
        let missing: Vec<&str> = removal.missing_on_remove().collect();
        if !missing.is_empty() {
            report.complain(format!(
                "  NOTE: {} may fail: the store type requires {}, which the inventory does not show; see --job-field",
                shown(&removal.alias),
                shown(missing.join(", "))
            ));
        }
    }
    show_omitted(plan, report);
}

fn show_omitted(plan: &RemovalPlan, report: &Report) {
    if !plan.omitted.is_empty() {
        report.complain(format!("  omitted from the plan ({}):", plan.omitted.len()));
        for omitted in &plan.omitted {
            report.complain(format!("    {}", shown(omitted)));
        }
    }
}

fn show(located: &LocatedCertificate, plan: &RemovalPlan, report: &Report) {
    show_certificate(plan, report);
    if let Some(until) = &located.certificate().not_after {
        report.line(format!("    valid until {}", shown(until)));
    }
    show_places(plan, report);
    if let Some(error) = located.readiness_error() {
        report.complain("  The state of the stores could not be read:");
        report.keyfactor_error(error);
    }
    let doubtful = plan.removals.iter().filter(|removal| removal.readiness.has_obstacle()).count();
    if doubtful > 0 {
        let at = counted(doubtful, "location");
        report.complain(format!("  NOTE: the removal may be delayed or fail at {at} (NO in the list)"));
    }
    if !located.excluded().is_empty() {
        report.line(format!(
            "  skipped {} where the certificate is, or may be, only part of another certificate's chain:",
            counted(located.excluded().len(), "location")
        ));
        report.lines(&table(
            ["machine", "path", "alias", "chain level"],
            &located.excluded().iter().map(excluded_row).collect::<Vec<_>>(),
        ));
    }
    show_losses(plan, report);
}

pub(super) fn show_certificate(plan: &RemovalPlan, report: &Report) {
    for it in &plan.certificates {
        let key =
            if it.has_private_key { "Command holds its private key" } else { "Command does not hold its private key" };
        report.line(format!("  certificate {}  {}  {}", it.id, shown(&it.issued_cn), shown(&it.thumbprint)));
        report.line(format!("    {key}"));
    }
}

/// Shows losses prominently, before anything is sent.
pub(super) fn show_losses(plan: &RemovalPlan, report: &Report) {
    let losses: Vec<&PlannedRemoval> = plan.cannot_be_put_back().collect();
    if losses.is_empty() {
        return;
    }
    report.complain(format!(
        "  !!! CANNOT BE PUT BACK: {}. The store has, or may have, a private",
        counted(losses.len(), "location")
    ));
    report.complain("  !!! key that Command does not hold. Back it up first, or it is lost:");
    for removal in losses {
        let machine = or_unknown(removal.store_machine.as_deref());
        let path = or_unknown(removal.store_path.as_deref());
        report.complain(format!("  !!!   {}  {}  {}", shown(machine), shown(path), shown(&removal.alias)));
    }
}

pub(super) fn put_back(removal: &PlannedRemoval) -> String {
    let how = match removal.put_back {
        Restorability::WithPrivateKey => "with private key",
        Restorability::WithoutPrivateKey => "certificate only",
        Restorability::Unclear => "UNCLEAR",
        Restorability::Impossible => "IMPOSSIBLE",
        _ => "?",
    };
    match removal.put_back {
        Restorability::WithPrivateKey | Restorability::WithoutPrivateKey => format!("{how}, {}", alias_on_add(removal)),
        _ => how.to_owned(),
    }
}

/// The alias after an undo.
fn alias_on_add(removal: &PlannedRemoval) -> &'static str {
    match (removal.alias_on_add(), removal.store_type.needs()) {
        (None, _) => "the store chooses the alias",
        (Some(_), Some(_)) => "same alias",
        (Some(_), None) => "same alias if the store type allows it",
    }
}

/// Shows the stores whose type could not be read, and why.
fn show_unknown_types(plan: &RemovalPlan, report: &Report) {
    let mut stores: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for removal in &plan.removals {
        if let PlannedStoreType::Unknown { why } = &removal.store_type {
            stores.entry(why).or_default().insert(place(removal).store_label());
        }
    }
    for (why, stores) in stores {
        report.complain(format!("  NOTE: store type unknown for {}: {}", counted(stores.len(), "store"), shown(why)));
        for store in stores {
            report.complain(format!("    {}", shown(store)));
        }
        report.complain(
            "    It is therefore unknown which job fields a removal requires there, and whether an undo can set",
        );
        report.complain("    the alias.");
    }
}

fn row(removal: &PlannedRemoval) -> [String; 7] {
    [
        or_unknown(removal.store_machine.as_deref()),
        or_unknown(removal.store_path.as_deref()),
        removal.alias.clone(),
        yes_or_no(removal.readiness.agent_available),
        yes_or_no(removal.readiness.approved),
        yes_or_no(removal.readiness.supports_removal),
        put_back(removal),
    ]
}

fn excluded_row(place: &CertificateStoreLocation) -> [String; 4] {
    [
        or_unknown(place.store_machine.as_deref()),
        or_unknown(place.store_path.as_deref()),
        place.alias.clone(),
        place.chain_level.map_or_else(|| "?".to_owned(), |level| level.to_string()),
    ]
}
