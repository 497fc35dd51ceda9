//! The guide: what the crate is for and how to use it, with programs that run against the fakes.
//!
//! | page | what it answers |
//! |---|---|
//! | [`start`] | How do I write the first program? |
//! | [`signing_in`] | Which credentials do I use, and how do TLS and proxies work? |
//! | [`offboarding`] | How do I remove a certificate from every Keyfactor store, and put it back? |
//! | [`regrouping`] | How do I move AppViewX certificates out of their groups, and back? |
//! | [`errors`] | What can go wrong, and what do I do about it? |
//! | [`retries`] | What is retried, what is never sent twice, and what are the limits? |
//! | [`lists`] | How do I read lists? |
//! | [`scopes`] | What do collections and containers do? |
//! | [`comments`] | Which comments does AppViewX take? |
//! | [`logging`] | What is logged, and where can a secret go? |
#![cfg_attr(
    feature = "blocking",
    doc = "| [`blocking`] | How do I use the crate without an asynchronous runtime? Feature `blocking`. |"
)]
#![cfg_attr(
    not(feature = "blocking"),
    doc = "| `blocking` | How do I use the crate without an asynchronous runtime? Feature `blocking`. |"
)]
//! | [`testing`] | How do I test my own program, without an account? |
#![cfg_attr(
    feature = "testing",
    doc = "| [`fakes`] | What do the fakes do, and is that documented, recorded or assumed? Feature `testing`. |"
)]
#![cfg_attr(
    not(feature = "testing"),
    doc = "| `fakes` | What do the fakes do, and is that documented, recorded or assumed? Feature `testing`. |"
)]
//! | [`fake_state`] | How do I write the state of the fakes as JSON, and start them from a file? |
//! | [`serve_fakes`] | How do programs in Python, Go, PowerShell or a shell use the fakes? |
//! | [`platforms`] | On which systems does the crate run, and what differs on Windows and macOS? |
//! | [`from_other_clients`] | I know kfutil, the Go or Python clients, or a Terraform provider. What is what here? |

/// A picture of a page. It is part of the page's HTML, so it has the colors of the reader's theme. Its file contains no blank
/// line, which would end the HTML; the one after it does. On a narrow screen it is scrolled, like a table.
macro_rules! picture {
    ($file:literal) => {
        concat!("<div style=\"overflow-x:auto\">\n", include_str!($file), "</div>\n\n")
    };
}

#[cfg(feature = "blocking")]
#[doc = include_str!("guide/blocking.md")]
pub mod blocking {}
#[doc = include_str!("guide/comments.md")]
pub mod comments {}
#[doc = include_str!("guide/errors.md")]
pub mod errors {}
#[cfg(feature = "testing")]
#[doc = include_str!("guide/fakes.md")]
pub mod fakes {}
#[doc = include_str!("../docs/fake_state.md")]
pub mod fake_state {}

#[doc = include_str!("../docs/serve_fakes.md")]
pub mod serve_fakes {}
#[doc = include_str!("guide/from_other_clients.md")]
pub mod from_other_clients {}
#[doc = include_str!("guide/lists.md")]
pub mod lists {}
#[doc = include_str!("guide/logging.md")]
pub mod logging {}
#[doc = include_str!("guide/offboarding.md")]
#[doc = picture!("guide/offboarding/life_of_a_removal.svg")]
pub mod offboarding {}
#[doc = include_str!("../docs/platforms.md")]
pub mod platforms {}
#[doc = include_str!("guide/regrouping.md")]
pub mod regrouping {}
#[doc = include_str!("guide/retries.md")]
#[doc = picture!("guide/retries/decision.svg")]
#[doc = include_str!("guide/retries/dropped.md")]
#[doc = include_str!("guide/retries/connections.md")]
#[doc = picture!("guide/retries/connections.svg")]
#[doc = include_str!("guide/retries/limits.md")]
pub mod retries {}
#[doc = include_str!("guide/scopes.md")]
pub mod scopes {}
#[doc = include_str!("guide/signing_in.md")]
pub mod signing_in {}
#[doc = include_str!("guide/start.md")]
pub mod start {}
#[doc = include_str!("guide/testing.md")]
pub mod testing {}
