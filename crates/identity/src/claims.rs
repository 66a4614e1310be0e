//! What a token says.

use domain::BranchId;
use serde::{Deserialize, Serialize};

use crate::caller::{BranchScope, Caller};
use crate::role::Role;

/// How long a token is valid, in seconds.
pub const TOKEN_LIFETIME: i64 = 15 * 60;

/// The claims of a token, and no others: one more, or one twice, and the token is not ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// Who made it: the portal's URL.
    pub iss: String,
    /// The user's or client's id.
    pub sub: String,
    /// For whom it is made.
    pub aud: String,
    /// When it was made, in seconds since 1970.
    pub iat: i64,
    /// When it ends, in seconds since 1970.
    pub exp: i64,
    /// Its own id.
    pub jti: String,
    /// The name shown to people.
    pub username: String,
    /// Names of groups.
    pub roles: Vec<String>,
    /// Ids of branches, or `"*"`.
    pub branches: Branches,
}

/// The `branches` claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Branches {
    /// These.
    Ids(Vec<i64>),
    /// `"*"`: all.
    Star(Star),
}

/// The word `"*"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Star {
    /// All branches.
    #[serde(rename = "*")]
    All,
}

impl From<&BranchScope> for Branches {
    fn from(scope: &BranchScope) -> Branches {
        match scope {
            BranchScope::All => Branches::Star(Star::All),
            BranchScope::Only(branches) => Branches::Ids(branches.iter().map(|branch| branch.0).collect()),
        }
    }
}

impl Claims {
    /// Claims of a user or client, valid from `now` (seconds since 1970) for [`TOKEN_LIFETIME`].
    pub fn new(issuer: &str, audience: &str, subject: &str, username: &str, now: i64) -> Claims {
        Claims {
            iss: issuer.to_owned(),
            sub: subject.to_owned(),
            aud: audience.to_owned(),
            iat: now,
            exp: now + TOKEN_LIFETIME,
            jti: uuid::Uuid::new_v4().to_string(),
            username: username.to_owned(),
            roles: Vec::new(),
            branches: Branches::Ids(Vec::new()),
        }
    }

    /// The same, but ending at `end` (seconds since 1970) where that comes sooner.
    #[must_use]
    pub fn until(mut self, end: Option<i64>) -> Claims {
        self.exp = end.map_or(self.exp, |end| self.exp.min(end));
        self
    }

    /// The same with what the caller may do, and where.
    #[must_use]
    pub fn with_access(mut self, roles: impl IntoIterator<Item = Role>, scope: &BranchScope) -> Claims {
        self.roles = roles.into_iter().map(|role| role.name().to_owned()).collect();
        self.branches = scope.into();
        self
    }

    /// The caller they describe; `None` when a role is none of ours, since the portal writes no others.
    pub(crate) fn caller(&self) -> Option<Caller> {
        let roles = self.roles.iter().map(|name| Role::parse(name)).collect::<Option<_>>()?;
        let scope = match &self.branches {
            Branches::Star(Star::All) => BranchScope::All,
            Branches::Ids(ids) => BranchScope::only(ids.iter().copied().map(BranchId)),
        };
        Some(Caller::new(&self.sub, &self.username, roles, scope, self.exp))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written() -> serde_json::Value {
        let claims = Claims::new("http://portal.example", "services", "7", "anna", 1_000)
            .with_access([Role::Manager], &BranchScope::only([BranchId(3), BranchId(1)]));
        serde_json::to_value(claims).unwrap()
    }

    #[test]
    fn a_token_says_what_the_contract_lists_and_nothing_else() {
        let mut claims = written();
        claims["jti"] = json!("an id");
        let listed = json!({
            "iss": "http://portal.example", "sub": "7", "aud": "services", "iat": 1_000, "exp": 1_900,
            "jti": "an id", "username": "anna", "roles": ["Manager"], "branches": [1, 3],
        });
        assert_eq!(claims, listed);
    }

    #[test]
    fn every_claim_is_required_and_no_other_is_taken() {
        let claims = written();
        for name in claims.as_object().unwrap().keys() {
            let mut less = claims.clone();
            less.as_object_mut().unwrap().remove(name);
            assert!(serde_json::from_value::<Claims>(less).is_err(), "{name}");
        }
        let mut more = claims;
        more["scope"] = json!("openid");
        assert!(serde_json::from_value::<Claims>(more).is_err());
    }

    #[test]
    fn branches_are_ids_or_a_star() {
        let mut claims = written();
        claims["branches"] = json!("*");
        let all: Claims = serde_json::from_value(claims.clone()).unwrap();
        assert_eq!(all.caller().unwrap().scope(), &BranchScope::All);
        for branches in
            [json!("all"), json!(["*"]), json!(["1"]), json!(null), json!({}), json!(1), json!([1.5])]
        {
            claims["branches"] = branches;
            assert!(serde_json::from_value::<Claims>(claims.clone()).is_err(), "{}", claims["branches"]);
        }
    }

    #[test]
    fn a_claim_said_twice_is_refused() {
        let text = written().to_string().replacen('{', r#"{"sub":"1","#, 1);
        assert!(serde_json::from_str::<Claims>(&text).is_err());
    }

    #[test]
    fn a_role_that_is_none_of_ours_gives_no_caller() {
        for (roles, caller) in
            [(json!([]), true), (json!(["Worker"]), true), (json!(["Worker", "admin"]), false)]
        {
            let mut claims = written();
            claims["roles"] = roles;
            assert_eq!(serde_json::from_value::<Claims>(claims).unwrap().caller().is_some(), caller);
        }
    }
}
