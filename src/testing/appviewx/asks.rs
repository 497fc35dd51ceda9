//! What a test asks of the fake, and what it asserts.

use serde_json::Value;

use super::{AppViewXCall, DEFAULT_GROUP, FakeAppViewX};
use crate::testing::server::member;
use crate::testing::{RecordedRequest, seen};

/// Questions and assertions for tests. The message of a failed assertion shows the requests with method, path and status, and the
/// group of the certificate. It shows no bodies, headers and queries, because they may contain secrets.
impl FakeAppViewX {
    /// Starts a new section of the test: assertions and [`changes`](Self::changes) ignore earlier requests, and
    /// [`assert_untouched`](Self::assert_untouched) compares with the state at this point.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::{AppViewXCall, FakeAppViewX};
    ///
    /// let fake = FakeAppViewX::start().await;
    /// fake.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
    ///
    /// fake.mark();
    /// let groups = fake.client().certificate_groups();
    /// groups.view("web-servers").send().await?;
    /// fake.assert_untouched();
    ///
    /// groups.unassign(["67bc2ca76a105e1a05691c1c"]).send().await?;
    /// fake.assert_sent_once(AppViewXCall::Unassign);
    /// fake.assert_unassigned("67bc2ca76a105e1a05691c1c");
    /// # Ok(()) }
    /// ```
    pub fn mark(&self) {
        let state = self.snapshot();
        self.server.mark(state);
    }

    /// Returns the changes that were received since the last [`mark`](Self::mark), or since the start: requests for calls that may
    /// change certificates and groups, whatever the response was. Logins and logouts are not included. Unknown requests are
    /// included, unless their method is `GET`, `HEAD` or `OPTIONS`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::{AppViewXCall, FakeAppViewX};
    ///
    /// let fake = FakeAppViewX::start().await;
    /// fake.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
    /// let groups = fake.client().certificate_groups();
    /// groups.view("web-servers").send().await?;
    /// groups.unassign(["67bc2ca76a105e1a05691c1c"]).send().await?;
    /// assert_eq!(fake.changes().len(), 1);
    /// assert!(fake.changes()[0].is(AppViewXCall::Unassign));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn changes(&self) -> Vec<RecordedRequest> {
        let of_sessions = |it: &RecordedRequest| it.is(AppViewXCall::Login) || it.is(AppViewXCall::Logout);
        let requests = self.server.requests_since_mark().into_iter();
        requests.filter(|it| seen::is_change(it) && !of_sessions(it)).collect()
    }

    /// Asserts that a certificate was unassigned: it is in the default group, and an unassignment that names it returned 200 since
    /// the last [`mark`](Self::mark), or since the start. See the example of [`mark`](Self::mark).
    ///
    /// # Panics
    /// If it was not unassigned. The message shows its group and the requests.
    #[track_caller]
    pub fn assert_unassigned(&self, resource_id: &str) {
        self.assert_moved(AppViewXCall::Unassign, resource_id, DEFAULT_GROUP, "was not unassigned");
    }

    /// Asserts that a certificate was assigned to a group: it is in this group, and an assignment that names it returned 200 since
    /// the last [`mark`](Self::mark), or since the start.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeAppViewX;
    ///
    /// let fake = FakeAppViewX::start().await;
    /// fake.add_group("agents", "Default");
    /// fake.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
    /// fake.client()
    ///     .certificate_groups()
    ///     .assign("agents", ["67bc2ca76a105e1a05691c1c"])
    ///     .send()
    ///     .await?;
    /// fake.assert_assigned("67bc2ca76a105e1a05691c1c", "agents");
    /// # Ok(()) }
    /// ```
    ///
    /// # Panics
    /// If it was not assigned. The message shows its group and the requests.
    #[track_caller]
    pub fn assert_assigned(&self, resource_id: &str, group: &str) {
        self.assert_moved(
            AppViewXCall::Assign,
            resource_id,
            group,
            &format!("was not assigned to the group {group:?}"),
        );
    }

    #[track_caller]
    #[expect(clippy::panic, reason = "an assertion of tests")]
    fn assert_moved(&self, call: AppViewXCall, resource_id: &str, group: &str, otherwise: &str) {
        let requests = self.server.requests_since_mark();
        let names = |body: &Value| {
            member(body, "resourceIds").as_array().is_some_and(|ids| ids.iter().any(|it| it == resource_id))
        };
        let asked = requests.iter().any(|it| it.is(call) && it.status() == 200 && names(&it.json()));
        let is_in = self.group_of(resource_id);
        if asked && is_in.as_deref() == Some(group) {
            return;
        }
        let place =
            is_in.map_or_else(|| "it is unknown to the fake".to_owned(), |it| format!("it is in the group {it:?}"));
        let asked = if asked { "" } else { ", and no request for it returned 200" };
        panic!("the certificate {resource_id:?} {otherwise}: {place}{asked}{}", seen::requests(&requests));
    }

    /// Asserts that nothing was changed since the last [`mark`](Self::mark): no change was received, whatever the response was, and
    /// the state is the same. Without a mark it asserts that no change was received since the start, and does not compare the
    /// state. See the example of [`mark`](Self::mark).
    ///
    /// # Panics
    /// If something was changed. The message shows the changes and the differences of the state.
    #[track_caller]
    #[expect(clippy::panic, reason = "an assertion of tests")]
    pub fn assert_untouched(&self) {
        if let Some(touched) = seen::touched(&self.changes(), self.server.marked_state().as_ref(), &self.snapshot()) {
            panic!("the AppViewX fake was touched{touched}");
        }
        self.server.assert_none_forgotten();
    }

    /// Asserts that a call was sent once since the last [`mark`](Self::mark), or since the start. Every attempt counts, whatever
    /// the response was. See the example of [`mark`](Self::mark).
    ///
    /// # Panics
    /// If it was not sent exactly once. The message shows the requests.
    #[track_caller]
    pub fn assert_sent_once(&self, call: AppViewXCall) {
        seen::assert_sent_once(&self.server, call.as_str(), |it| it.is(call));
    }

    /// Asserts that exactly one request for a call has a JSON body for which `body` returns true. Otherwise it is the same as
    /// [`assert_sent_once`](Self::assert_sent_once).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::{AppViewXCall, FakeAppViewX};
    ///
    /// let fake = FakeAppViewX::start().await;
    /// fake.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
    /// let unassign = fake.client().certificate_groups().unassign(["67bc2ca76a105e1a05691c1c"]);
    /// unassign.comment("CHG 1234").send().await?;
    /// fake.assert_sent_once_with(AppViewXCall::Unassign, |body| body["comment"] == "CHG 1234");
    /// # Ok(()) }
    /// ```
    ///
    /// # Panics
    /// If the number of such requests is not one. The message shows the requests.
    #[track_caller]
    pub fn assert_sent_once_with(&self, call: AppViewXCall, body: impl Fn(&Value) -> bool) {
        seen::assert_sent_once(&self.server, &format!("{call} with a matching body"), |it| {
            it.is(call) && body(&it.json())
        });
    }
}
