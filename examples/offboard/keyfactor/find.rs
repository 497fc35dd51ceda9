//! From a certificate to its removal: where it is, and the plan.

use std::path::{Path, PathBuf};

use clm::keyfactor::{
    CertificateRef, CertificateStoreLocation, LocatedCertificate, PlannedRemoval, RemovalPlan, RemoveCertificates,
    Restorability, Schedule,
};

use super::send::{Order, removal_call};
use super::step::Place;
use super::{KeyfactorJob, Orders, Prepared};
use crate::ended::Trouble;
use crate::report::{Report, shown};
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
        let located = locate.send().await?;
        let plan = self.client.certificate_stores().plan_removal(&located).await?;
        show(&located, &plan, report);
        let path =
            plan_path.map_or_else(|| PathBuf::from(format!("offboard-{}.json", located.thumbprint())), Path::to_owned);
        let losses = plan.cannot_be_put_back().count();
        Ok(Prepared { orders: Orders::Remove(self.removals(&plan)?), losses, plan: Some((path, plan)) })
    }

    fn removals(&self, plan: &RemovalPlan) -> Result<Vec<Order<RemoveCertificates>>, Trouble> {
        let order = |one: RemovalPlan, removal: &PlannedRemoval| {
            let request = self.client.certificate_stores().remove(&one, Schedule::Immediate).build()?;
            let call = removal_call(&request);
            Ok(Order { place: place(removal), request, call })
        };
        plan.removals.iter().map(|removal| order(only(plan, removal), removal)).collect()
    }
}

/// The plan for one of its places alone.
pub(super) fn only(plan: &RemovalPlan, removal: &PlannedRemoval) -> RemovalPlan {
    plan.clone().only(|it| it == removal)
}

pub(super) fn place(removal: &PlannedRemoval) -> Place {
    Place { machine: removal.store_machine.clone(), path: removal.store_path.clone(), location: removal.location() }
}

fn show(located: &LocatedCertificate, plan: &RemovalPlan, report: &Report) {
    show_certificate(plan, report);
    if let Some(until) = &located.certificate().not_after {
        report.line(format!("    valid until {}", shown(until)));
    }
    report.line(format!("  found in {} place(s):", plan.removals.len()));
    report.lines(&table(
        ["machine", "path", "alias", "agent available", "approved", "removal supported", "put back"],
        &plan.removals.iter().map(row).collect::<Vec<_>>(),
    ));
    if let Some(error) = located.readiness_error() {
        report.complain("  Nothing is known about the state of the stores:");
        report.keyfactor_error(error);
    }
    let doubtful = plan.removals.iter().filter(|removal| removal.readiness.has_obstacle()).count();
    if doubtful > 0 {
        report
            .complain(format!("  NOTE: at {doubtful} place(s) a removal may wait for long, or fail (NO in the list)"));
    }
    if !located.excluded().is_empty() {
        report.line(format!(
            "  left alone, {} place(s) where it only stands in another certificate's chain, or may:",
            located.excluded().len()
        ));
        report.lines(&table(
            ["machine", "path", "alias", "place in the chain"],
            &located.excluded().iter().map(excluded_row).collect::<Vec<_>>(),
        ));
    }
    show_losses(plan, report);
}

pub(super) fn show_certificate(plan: &RemovalPlan, report: &Report) {
    for it in &plan.certificates {
        let key =
            if it.has_private_key { "Command holds its private key" } else { "Command holds no private key of it" };
        report.line(format!("  certificate {}  {}  {}", it.id, shown(&it.issued_cn), shown(&it.thumbprint)));
        report.line(format!("    {key}"));
    }
}

/// Loud, and before anything is sent.
pub(super) fn show_losses(plan: &RemovalPlan, report: &Report) {
    let losses: Vec<&PlannedRemoval> = plan.cannot_be_put_back().collect();
    if losses.is_empty() {
        return;
    }
    report.complain(format!("  !!! {} PLACE(S) CANNOT BE PUT BACK: a private key is there, or may be,", losses.len()));
    report.complain("  !!! and Command does not hold it. Save it first, or lose it:");
    for removal in losses {
        let machine = or_unknown(removal.store_machine.as_deref());
        let path = or_unknown(removal.store_path.as_deref());
        report.complain(format!("  !!!   {}  {}  {}", shown(machine), shown(path), shown(&removal.alias)));
    }
}

pub(super) fn put_back(removal: &PlannedRemoval) -> String {
    let how = match removal.put_back {
        Restorability::WithPrivateKey => "with its key",
        Restorability::WithoutPrivateKey => "the certificate alone",
        Restorability::Unclear => "UNCLEAR",
        Restorability::Impossible => "IMPOSSIBLE",
        _ => "?",
    };
    how.to_owned()
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
