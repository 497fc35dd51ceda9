//! Putting back what a plan can put back.

use std::path::Path;

use clm::keyfactor::{AddCertificates, PlannedRemoval, RemovalPlan, Restorability, Schedule};
use serde_json::json;

use super::find::{only, place, put_back, show_certificate, show_losses};
use super::send::{Call, Order};
use super::{KeyfactorJob, Orders, Prepared};
use crate::ended::Trouble;
use crate::plan_file;
use crate::report::Report;
use crate::table::{or_unknown, table};

impl KeyfactorJob {
    pub(super) fn look_back(&self, path: &Path, report: &Report) -> Result<Prepared, Trouble> {
        let plan: RemovalPlan = plan_file::read(path)?;
        show_certificate(&plan, report);
        let orders = self.additions(&plan)?;
        report.line(format!("  {} of {} place(s) can be put back:", orders.len(), plan.removals.len()));
        report.lines(&table(
            ["machine", "path", "alias", "put back"],
            &plan.removals.iter().map(row).collect::<Vec<_>>(),
        ));
        show_losses(&plan, report);
        if orders.is_empty() {
            return Err(Trouble::Refused("nothing in this plan can be put back. Nothing was sent".to_owned()));
        }
        Ok(Prepared { orders: Orders::Add(orders), losses: 0, plan: None })
    }

    fn additions(&self, plan: &RemovalPlan) -> Result<Vec<Order<AddCertificates>>, Trouble> {
        let order = |removal: &PlannedRemoval| {
            let one = only(plan, removal);
            let request = self.client.certificate_stores().add_back(&one, Schedule::Immediate).build()?;
            Ok(Order { place: place(removal), request, call: addition_call(&one, removal) })
        };
        let can = |removal: &&PlannedRemoval| {
            matches!(removal.put_back, Restorability::WithPrivateKey | Restorability::WithoutPrivateKey)
        };
        plan.removals.iter().filter(can).map(order).collect()
    }
}

/// An addition as it is sent. It holds no secret: a plan has none.
fn addition_call(plan: &RemovalPlan, removal: &PlannedRemoval) -> Call {
    let entry = json!({
        "CertificateStoreId": removal.store_id,
        "Alias": removal.alias,
        "Overwrite": false,
        "IncludePrivateKey": removal.put_back == Restorability::WithPrivateKey,
    });
    let body = json!({
        "CertificateId": plan.certificate_of(removal).map(|it| it.id),
        "CertificateStores": [entry],
        "Schedule": {"Immediate": true},
    });
    Call { path: "CertificateStores/Certificates/Add", body }.in_collection(plan.collection_id)
}

fn row(removal: &PlannedRemoval) -> [String; 4] {
    [
        or_unknown(removal.store_machine.as_deref()),
        or_unknown(removal.store_path.as_deref()),
        removal.alias.clone(),
        put_back(removal),
    ]
}
