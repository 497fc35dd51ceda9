//! The bearer tokens that the fake server takes.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::time::{Duration, Instant};

/// Bearer tokens, those that the identity provider issued and those that the test named.
#[derive(Default)]
pub(super) struct Tokens {
    taken: HashMap<String, Token>,
    named: u64,
    issued: u64,
    /// Two keyed hashes of a token's number make it: who has one token cannot compute the next.
    keys: [RandomState; 2],
}

struct Token {
    number: u64,
    /// `None` if it does not expire.
    until: Option<Instant>,
}

impl Token {
    fn is_valid(&self) -> bool {
        self.until.is_none_or(|until| Instant::now() < until)
    }
}

impl Tokens {
    /// A new token of 128 random bits. Its form is always the same.
    pub(super) fn issue(&mut self, lifetime: Duration) -> String {
        self.issued += 1;
        let [first, second] = self.keys.each_ref().map(|keys| keys.hash_one(self.issued));
        let token = format!("fake-keyfactor-token-{first:016x}{second:016x}");
        self.take(token.clone(), Instant::now().checked_add(lifetime));
        token
    }

    /// Takes a token until it is revoked or, if that moment is given, expires.
    pub(super) fn take(&mut self, token: String, until: Option<Instant>) {
        self.named += 1;
        self.taken.insert(token, Token { number: self.named, until });
    }

    pub(super) fn revoke(&mut self, token: &str) {
        self.taken.remove(token);
    }

    pub(super) fn revoke_all(&mut self) {
        self.taken.clear();
    }

    pub(super) fn issued(&self) -> u64 {
        self.issued
    }

    pub(super) fn takes(&self, token: &str) -> bool {
        self.taken.get(token).is_some_and(Token::is_valid)
    }

    /// The valid tokens, oldest first.
    pub(super) fn valid(&self) -> Vec<String> {
        let mut valid: Vec<_> = self.taken.iter().filter(|(_, token)| token.is_valid()).collect();
        valid.sort_by_key(|(_, token)| token.number);
        valid.into_iter().map(|(text, _)| text.clone()).collect()
    }
}
