//! Searches for the certificates. Search results depend on the server, so every row is compared with the target.

use std::collections::HashSet;

use clm::ListBuilder;
use clm::appviewx::{Certificate, CertificateCategory, CertificateSearch, Error, Keyword, ResourceId};

use super::{AppViewXJob, Target};
use crate::ended::Trouble;
use crate::report::{Report, counted};
use crate::table::{or_unknown, table};

/// The number of skipped rows to show.
const SHOWN: usize = 20;

/// A certificate that matches the target.
pub(super) struct Hit {
    pub(super) id: ResourceId,
    /// Its row, if the search returned one.
    pub(super) row: Option<Certificate>,
}

impl Hit {
    pub(super) fn group(&self) -> Option<&str> {
        self.row.as_ref()?.group.as_deref().filter(|group| !group.trim().is_empty())
    }

    pub(super) fn text(&self, member: impl Fn(&Certificate) -> Option<&String>) -> String {
        or_unknown(self.row.as_ref().and_then(member).map(String::as_str))
    }
}

#[derive(Default)]
pub(super) struct Found {
    pub(super) hits: Vec<Hit>,
    ids: HashSet<ResourceId>,
    /// The first rows that do not match, and the number of all of them.
    others: Vec<Certificate>,
    other_rows: usize,
    /// The number of matching rows without a resource id.
    nameless: usize,
}

impl AppViewXJob {
    pub(super) fn check_target(&self, target: &Target) -> Result<(), Trouble> {
        if let Target::Ids(ids) = target {
            self.with_comment(self.client.certificate_groups().unassign(ids)).build().map_err(Error::from)?;
        }
        for search in self.searches(target) {
            drop(search.rows().map_err(Error::from)?);
        }
        Ok(())
    }

    pub(super) async fn find(&self, target: &Target) -> Result<Found, Error> {
        let mut found = Found::default();
        if let Target::Ids(ids) = target {
            for id in ids.iter().map(ResourceId::from) {
                if found.ids.insert(id.clone()) {
                    let row = self.find_id(&id, &mut found).await?;
                    found.hits.push(Hit { id, row });
                }
            }
            return Ok(found);
        }
        for search in self.searches(target) {
            let mut rows = search.rows()?;
            while let Some(row) = rows.next().await {
                found.take(row?, target);
            }
        }
        Ok(found)
    }

    /// One search per category, because not every version accepts several categories.
    fn searches(&self, target: &Target) -> Vec<ListBuilder<CertificateSearch>> {
        let search = |category: &CertificateCategory| {
            let search = self.client.certificates().search().category(category.clone());
            match target {
                Target::CommonName(name) => Some(search.keyword(Keyword::SubjectCommonName, name)),
                Target::Group(name) => Some(search.in_group(name)),
                Target::Ids(_) => None,
            }
        };
        self.categories.iter().filter_map(search).collect()
    }

    /// The row with exactly this id.
    async fn find_id(&self, id: &ResourceId, found: &mut Found) -> Result<Option<Certificate>, Error> {
        for category in &self.categories {
            let mut rows = self.client.certificates().search().category(category.clone()).resource_id(id).rows()?;
            while let Some(row) = rows.next().await {
                let row = row?;
                if row.resource_id.as_ref() == Some(id) {
                    return Ok(Some(row));
                }
                found.leave(row);
            }
        }
        Ok(None)
    }
}

impl Found {
    fn take(&mut self, row: Certificate, target: &Target) {
        let is_meant = match target {
            Target::CommonName(name) => row.common_name.as_ref().is_some_and(|it| it.eq_ignore_ascii_case(name)),
            Target::Group(name) => row.group.as_ref() == Some(name),
            Target::Ids(_) => false,
        };
        match row.resource_id.clone() {
            _ if !is_meant => self.leave(row),
            None => self.nameless += 1,
            Some(id) => {
                if self.ids.insert(id.clone()) {
                    self.hits.push(Hit { id, row: Some(row) });
                }
            }
        }
    }

    fn leave(&mut self, row: Certificate) {
        self.other_rows += 1;
        if self.others.len() < SHOWN {
            self.others.push(row);
        }
    }

    pub(super) fn show_others(&self, report: &Report) {
        if self.nameless > 0 {
            report.complain(format!(
                "  NOTE: skipped {} without a resource id, which a call requires",
                counted(self.nameless, "matching row")
            ));
        }
        if self.other_rows == 0 {
            return;
        }
        report.line(format!("  skipped {} that the search returned:", counted(self.other_rows, "other row")));
        let cells = |row: &Certificate| {
            [
                or_unknown(row.resource_id.as_ref().map(ResourceId::as_str)),
                or_unknown(row.common_name.as_deref()),
                or_unknown(row.group.as_deref()),
            ]
        };
        report
            .lines(&table(["certificate", "common name", "group"], &self.others.iter().map(cells).collect::<Vec<_>>()));
        if self.other_rows > self.others.len() {
            report.line(format!("    … and {} more", self.other_rows - self.others.len()));
        }
    }
}
