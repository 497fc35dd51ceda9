//! What a test asks of the fake, and what it asserts.

use serde_json::Value;

use super::{AppViewXCall, DEFAULT_GROUP, FakeAppViewX};
use crate::testing::server::member;
use crate::testing::{RecordedRequest, seen};

/// What a test asks, and what it asserts. The messages of assertions print what was seen: requests with method, path and status,
/// and where the certificate is. They print no bodies, headers and queries, which may hold secrets.
impl FakeAppViewX {
    /// From here on, assertions and [`changes`](Self::changes) count: what was asked before does not, and
    /// [`assert_untouched`](Self::assert_untouched) compares with the state as it is now.
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

    /// The changes that were received since the last [`mark`](Self::mark), or since the start: calls that may change certificates
    /// and groups, whatever was answered. Logins and logouts are not among them. Of the requests that the fake does not know, all
    /// but `GET`, `HEAD` and `OPTIONS` are.
    #[must_use]
    pub fn changes(&self) -> Vec<RecordedRequest> {
        let of_sessions = |it: &RecordedRequest| it.is(AppViewXCall::Login) || it.is(AppViewXCall::Logout);
        let requests = self.server.requests_since_mark().into_iter();
        requests.filter(|it| seen::is_change(it) && !of_sessions(it)).collect()
    }

    /// Asserts that a certificate was unassigned: it is in the default group, and an unassignment that names it was answered
    /// with 200 since the last [`mark`](Self::mark), or since the start.
    ///
    /// # Panics
    /// If it was not, with the group that it is in, and the requests.
    #[track_caller]
    pub fn assert_unassigned(&self, resource_id: &str) {
        self.assert_moved(AppViewXCall::Unassign, resource_id, DEFAULT_GROUP, "was not unassigned");
    }

    /// Asserts that a certificate was assigned to a group: it is in this group, and an assignment that names it was answered with
    /// 200 since the last [`mark`](Self::mark), or since the start.
    ///
    /// # Panics
    /// If it was not, with the group that it is in, and the requests.
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
            is_in.map_or_else(|| "the fake does not know it".to_owned(), |it| format!("it is in the group {it:?}"));
        let asked = if asked { "" } else { ", and no request for it was answered with 200" };
        panic!("the certificate {resource_id:?} {otherwise}: {place}{asked}{}", seen::requests(&requests));
    }

    /// Asserts that nothing was changed since the last [`mark`](Self::mark): no change was received, whatever was answered, and the
    /// state is as it was. Without a mark, that no change was received since the start; the state is not compared then.
    ///
    /// # Panics
    /// If something was changed, with the changes and the differences of the state. If requests since then are forgotten: a fake
    /// keeps as many as [`requests`](Self::requests) gives.
    #[track_caller]
    #[expect(clippy::panic, reason = "an assertion of tests")]
    pub fn assert_untouched(&self) {
        if let Some(touched) = seen::touched(&self.changes(), self.server.marked_state().as_ref(), &self.snapshot()) {
            panic!("the fake of AppViewX was touched{touched}");
        }
        self.server.assert_none_forgotten();
    }

    /// Asserts that a call was sent once since the last [`mark`](Self::mark), or since the start. Every try counts, whatever was
    /// answered.
    ///
    /// # Panics
    /// If it was not, with the requests. If requests since then are forgotten: a fake keeps as many as
    /// [`requests`](Self::requests) gives.
    #[track_caller]
    pub fn assert_sent_once(&self, call: AppViewXCall) {
        self.assert_seen_once(call.as_str(), |it| it.is(call));
    }

    /// The same for the requests whose body, as JSON, is taken by `body`:
    /// `fake.assert_sent_once_with(AppViewXCall::Unassign, |body| body["comment"] == "CHG 1234")`.
    ///
    /// # Panics
    /// If there was not one, with the requests.
    #[track_caller]
    pub fn assert_sent_once_with(&self, call: AppViewXCall, body: impl Fn(&Value) -> bool) {
        self.assert_seen_once(&format!("{call} with such a body"), |it| it.is(call) && body(&it.json()));
    }

    #[track_caller]
    fn assert_seen_once(&self, what: &str, is_it: impl Fn(&RecordedRequest) -> bool) {
        let requests = self.server.requests_since_mark();
        let count = requests.iter().filter(|it| is_it(it)).count();
        if count < 2 {
            self.server.assert_none_forgotten();
        }
        seen::assert_sent_once(what, &requests, count);
    }
}
