//! The calls that the fake has, and how a request finds its own.

use std::fmt;

use http::Method;

use crate::testing::server::{Effect, FakeCall, KnownCall, sealed};

/// A call that [`FakeAppViewX`](super::FakeAppViewX) serves. `Display` and [`as_str`](Self::as_str) return the name that the client
/// uses for it in spans and in the audit.
///
/// # Example
///
/// ```
/// use clm::testing::AppViewXCall;
///
/// let call = AppViewXCall::Unassign;
/// assert_eq!(call.to_string(), "appviewx.certificate_groups.unassign");
/// assert_eq!((call.method().as_str(), call.path()), ("PUT", "/certificate/group/unassign"));
/// assert!(call.is_change());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum AppViewXCall {
    /// `PUT /certificate/group/unassign`.
    Unassign,
    /// `PUT /certificate/group/assign`.
    Assign,
    /// `PUT /certificate/revoke`, and `PUT /certificate/action` for a revocation in the background.
    Revoke,
    /// `POST /certificate/search`.
    Search,
    /// `POST /certificategroup/list`.
    ListGroups,
    /// `GET /certificate/group`.
    ViewGroup,
    /// `POST /login`, and its other path `POST /acctmgmt-perform-login`. It counts as a change, because failed logins lock the
    /// account.
    Login,
    /// `POST /acctmgmt-perform-logout`.
    Logout,
    /// `POST /acctmgmt-get-service-token`.
    ServiceToken,
}

impl AppViewXCall {
    /// All calls.
    ///
    /// ```
    /// use clm::testing::AppViewXCall;
    ///
    /// let changes = AppViewXCall::ALL.iter().filter(|call| call.is_change());
    /// for call in changes {
    ///     println!("{} {}", call.method(), call.path());
    /// }
    /// ```
    pub const ALL: &[Self] = &[
        Self::Unassign,
        Self::Assign,
        Self::Revoke,
        Self::Search,
        Self::ListGroups,
        Self::ViewGroup,
        Self::Login,
        Self::Logout,
        Self::ServiceToken,
    ];

    /// Name, method, the paths below `/avxapi`, and what it may do.
    fn row(self) -> (&'static str, Method, &'static [&'static str], Effect) {
        use Effect::{Change, Read};
        let (get, post, put) = (Method::GET, Method::POST, Method::PUT);
        match self {
            Self::Unassign => ("appviewx.certificate_groups.unassign", put, &["/certificate/group/unassign"], Change),
            Self::Assign => ("appviewx.certificate_groups.assign", put, &["/certificate/group/assign"], Change),
            Self::Revoke => {
                ("appviewx.certificates.revoke", put, &["/certificate/revoke", "/certificate/action"], Change)
            }
            Self::Search => ("appviewx.certificates.search", post, &["/certificate/search"], Read),
            Self::ListGroups => ("appviewx.certificate_groups.list", post, &["/certificategroup/list"], Read),
            Self::ViewGroup => ("appviewx.certificate_groups.view", get, &["/certificate/group"], Read),
            Self::Login => ("appviewx.login", post, &["/login", "/acctmgmt-perform-login"], Change),
            Self::Logout => ("appviewx.logout", post, &["/acctmgmt-perform-logout"], Change),
            Self::ServiceToken => ("appviewx.service_token", post, &["/acctmgmt-get-service-token"], Read),
        }
    }

    /// Returns the client's name for the call, such as `appviewx.certificate_groups.unassign`. See the [example](Self#example).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    /// Returns the method. See the [example](Self#example).
    #[must_use]
    pub fn method(self) -> Method {
        self.row().1
    }

    /// Returns the path below `/avxapi`. For a call with two paths it is the one that the client uses by default. See the
    /// [example](Self#example).
    #[must_use]
    pub fn path(self) -> &'static str {
        self.row().2.first().copied().unwrap_or_default()
    }

    /// Returns whether the call may change something. See the [example](Self#example).
    #[must_use]
    pub fn is_change(self) -> bool {
        self.row().3 == Effect::Change
    }

    /// The call that a request is for.
    pub(super) fn of(method: &Method, path: &str) -> Option<Self> {
        let below = path.strip_prefix("/avxapi")?;
        Self::ALL.iter().copied().find(|call| call.method() == method && call.row().2.contains(&below))
    }

    pub(super) fn known(self) -> KnownCall {
        KnownCall { name: self.as_str(), effect: self.row().3 }
    }
}

impl fmt::Display for AppViewXCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl sealed::Sealed for AppViewXCall {}

impl FakeCall for AppViewXCall {
    fn name(self) -> &'static str {
        self.as_str()
    }
}
