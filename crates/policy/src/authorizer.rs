//! One question, one place.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use identity::{Caller, Owners};

use crate::action::Action;
use crate::permit::{Denied, Permit, Refused};
use crate::resource::Resource;
use crate::set::{Policies, Policy};
use crate::source::{BadPolicies, PolicyFile, read_folder};

/// Who is asked: the policies in force, which another set may take the place of at any time.
#[derive(Debug)]
pub struct Authorizer {
    policies: RwLock<Arc<Policies>>,
    refused: Mutex<Option<BadPolicies>>,
    owners: RwLock<Owners>,
}

/// What was decided, and by which policies.
#[derive(Debug, Clone)]
pub struct Decision {
    /// Whether it is allowed.
    pub answer: Answer,
    /// The policies that decided: those that permit, or those that forbid. None where no policy permits it.
    pub policies: Vec<Policy>,
    /// What went wrong while policies were asked; the answer is no then.
    pub errors: Vec<String>,
}

/// An answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It may.
    Allowed,
    /// It may not.
    Forbidden,
    /// The branch is not among those of the caller: to the caller it does not exist.
    Hidden,
}

impl Authorizer {
    /// With the policies that ship and those of a company's folder, where it has one.
    ///
    /// # Errors
    /// What is wrong with the folder or its policies. Without them more might be allowed than the company wants.
    pub fn open(folder: Option<&Path>) -> Result<Authorizer, BadPolicies> {
        Authorizer::with(folder.map(read_folder).transpose()?.unwrap_or_default())
    }

    /// With the policies that ship and those of a company's files.
    ///
    /// # Errors
    /// Every fault of the files.
    pub fn with(files: Vec<PolicyFile>) -> Result<Authorizer, BadPolicies> {
        let policies = RwLock::new(Arc::new(Policies::new(files)?));
        Ok(Authorizer { policies, refused: Mutex::default(), owners: RwLock::default() })
    }

    /// From now on these say who answers for which client. Until then nobody does for any.
    pub fn know_owners(&self, owners: Owners) {
        *self.owners.write().unwrap_or_else(PoisonError::into_inner) = owners;
    }

    fn owners(&self) -> Owners {
        self.owners.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The policies in force.
    pub fn policies(&self) -> Arc<Policies> {
        Arc::clone(&self.policies.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another set in force.
    pub fn replace(&self, policies: Policies) {
        *self.policies.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policies);
        self.set_refused(None);
    }

    /// Why the newest policies of the folder are not in force, where they are not.
    pub fn refused(&self) -> Option<BadPolicies> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_refused(&self, refused: Option<BadPolicies>) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = refused;
    }

    /// Is `resource` within the branches that `caller` sees? The first part of [`Authorizer::authorize`], for callers of it
    /// that must look at the resource, or lock it, before they can ask the rest.
    ///
    /// # Errors
    /// [`Denied::Hidden`].
    pub fn sees(&self, caller: &Caller, action: Action, resource: Resource<'_>) -> Result<(), Denied> {
        if is_hidden(caller, &resource) {
            return Err(Denied::Hidden(refused(caller, action, &resource, Vec::new())));
        }
        Ok(())
    }

    /// May `caller` do `action` with `resource`?
    ///
    /// # Errors
    /// [`Denied`], with what decided.
    pub fn authorize(
        &self,
        caller: &Caller,
        action: Action,
        resource: Resource<'_>,
    ) -> Result<Permit, Denied> {
        self.sees(caller, action, resource)?;
        let policies = self.policies();
        policies.ask(&|| self.owners(), caller, action, &resource, |verdict| {
            if verdict.allowed {
                return Ok(Permit { caller: caller.clone(), action });
            }
            for error in &verdict.errors {
                tracing::error!(%action, %resource, error, "a policy could not be asked; the answer is no");
            }
            let names = verdict.decided.iter().filter_map(|n| policies.all().get(*n));
            let names = names.map(|policy| policy.name.clone()).collect();
            Err(Denied::Forbidden(refused(caller, action, &resource, names)))
        })
    }

    /// Whether `caller` may, where a no is not a refusal but leaves something out.
    pub fn allows(&self, caller: &Caller, action: Action, resource: Resource<'_>) -> bool {
        !is_hidden(caller, &resource)
            && self.policies().ask(&|| self.owners(), caller, action, &resource, |verdict| verdict.allowed)
    }

    /// The same question, answered with what decided, and without what is known from before.
    pub fn explain(&self, caller: &Caller, action: Action, resource: Resource<'_>) -> Decision {
        if is_hidden(caller, &resource) {
            return Decision { answer: Answer::Hidden, policies: Vec::new(), errors: Vec::new() };
        }
        let policies = self.policies();
        let verdict = policies.ask_anew(&|| self.owners(), caller, action, &resource);
        Decision {
            answer: if verdict.allowed { Answer::Allowed } else { Answer::Forbidden },
            policies: verdict.decided.iter().filter_map(|n| policies.all().get(*n)).cloned().collect(),
            errors: verdict.errors,
        }
    }
}

/// A question that was answered with no, by the policies of these names.
fn refused(
    caller: &Caller,
    action: Action,
    resource: &Resource<'_>,
    policies: Vec<Arc<str>>,
) -> Box<Refused> {
    let (resource, branch) = (resource.to_string(), resource.branch());
    Box::new(Refused { caller: caller.clone(), action, resource, branch, policies })
}

/// What the branch scope of the caller's token decides, before any policy is asked: no policy widens it.
fn is_hidden(caller: &Caller, resource: &Resource<'_>) -> bool {
    resource.branch().is_some_and(|branch| !caller.scope().contains(branch))
}
