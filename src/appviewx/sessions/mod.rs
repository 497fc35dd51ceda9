//! Sessions and tokens: one file for each call.

mod login;
mod login_endpoint;
mod logout;
mod service_token;
mod session_credential;

pub(super) use self::login::Login;
pub use self::login::LoginCall;
pub(super) use self::login_endpoint::LoginEndpoint;
pub use self::logout::{LoggedOut, LogoutOutcome};
pub(super) use self::logout::{Session, log_out};
pub(super) use self::service_token::ServiceToken;
