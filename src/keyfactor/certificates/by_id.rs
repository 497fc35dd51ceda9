//! What the calls that name one certificate by its id have in common.

use crate::keyfactor::scope::Scope;
use crate::keyfactor::types::CertificateId;
use crate::transport::{Parameters, Path};
use crate::validation::{Problems, Reason};

/// A certificate by its id, and the scope in which it is read.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct ById {
    pub(super) id: CertificateId,
    pub(super) scope: Scope,
}

impl ById {
    pub(super) fn new(id: CertificateId) -> Self {
        Self { id, scope: Scope::default() }
    }

    pub(super) fn check(&mut self, path: &Path, problems: &mut Problems) {
        if self.id.get() < 0 {
            problems.add("id", Reason::OutOfRange, format!("must not be negative, is {}", self.id));
        }
        path.check(problems);
        self.scope.check(problems);
    }

    /// The flags that are set, and the scope.
    pub(super) fn query(&self, flags: &[&'static str]) -> Parameters {
        let mut query: Parameters = flags.iter().map(|flag| ((*flag).into(), "true".to_owned())).collect();
        query.extend(self.scope.resolved().sent().map(|(scope, id)| (scope.parameter().into(), id.to_string())));
        query
    }
}
