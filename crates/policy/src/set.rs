//! A set of policies: those that ship and the company's, read, checked against the schema, and asked.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use cedar_policy::{
    Authorizer as Cedar, Entities, PolicyId, PolicySet, PrincipalConstraint, Request, ResourceConstraint,
    ValidationMode, Validator,
};
use identity::{Caller, Owners, Role};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::action::Action;
use crate::resource::Resource;
use crate::source::{BadPolicies, Fault, PolicyFile};
use crate::{deep, parse, vocabulary};

/// The policies that ship.
const SHIPPED: &str = include_str!("../policies/roles.cedar");
/// What they are called. No file of a company's folder has a name with a slash.
const SHIPPED_NAME: &str = "shipped/roles.cedar";

/// How many sets of roles there are.
const ROLE_SETS: usize = 1 << Role::ALL.len();

/// One policy of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its file and its `@id`, or its number within the file: `four-eyes.cedar#nobody-fulfils-what-they-submitted`.
    pub name: Arc<str>,
    /// The file; `shipped/…` for those that ship.
    pub file: Arc<str>,
    /// The line where it begins; the first is 1.
    pub line: usize,
    /// Whether it forbids rather than permits.
    pub forbids: bool,
}

/// What a set says to a question.
#[derive(Debug, Clone, Default)]
pub(crate) struct Verdict {
    pub allowed: bool,
    /// Those that decided, by their place in [`Policies::all`].
    pub decided: Vec<usize>,
    /// What went wrong while they were asked. Then the answer is no.
    pub errors: Vec<String>,
}

/// A set of policies, never changed: another one takes its place.
#[derive(Debug)]
pub struct Policies {
    files: Vec<PolicyFile>,
    all: Vec<Policy>,
    places: HashMap<PolicyId, usize>,
    /// By action, in the order of [`Action::ALL`].
    actions: Vec<ForAction>,
    /// How many levels the deepest of their expressions has at most.
    depth: usize,
}

/// The policies that a question of one action can meet, and what is known of their answers.
#[derive(Debug)]
struct ForAction {
    policies: PolicySet,
    /// The action itself and its groups.
    entities: Entities,
    /// Where nothing but the action, the caller's kind and roles, whether the caller acts at every branch, and the
    /// resource's kind decides: what was decided for
    /// each of these. It goes when the set goes.
    known: Option<Box<[OnceLock<Verdict>]>>,
}

impl Policies {
    /// The policies that ship, and those of a company's files. Both are checked against the schema.
    ///
    /// # Errors
    /// Every fault of the files. Nothing of them is used then.
    pub fn new(files: Vec<PolicyFile>) -> Result<Policies, BadPolicies> {
        deep::on_large_stack(|| Policies::read(files)).unwrap_or_else(|error| Err(internal(&error)))
    }

    fn read(files: Vec<PolicyFile>) -> Result<Policies, BadPolicies> {
        let shipped = PolicyFile::new(SHIPPED_NAME, SHIPPED);
        let mut faults = Vec::new();
        let (mut all, mut set, mut depth) = (Vec::new(), PolicySet::new(), 0);
        for file in std::iter::once(&shipped).chain(&files) {
            match parse::file(file) {
                Ok(parsed) => {
                    depth = depth.max(parsed.depth);
                    for (policy, about) in parsed.policies {
                        if let Err(error) = set.add(policy) {
                            faults.push(parse::fault_of(&about, error.to_string()));
                        }
                        all.push(about);
                    }
                }
                Err(bad) => faults.extend(bad),
            }
        }
        let schema = vocabulary::schema()?;
        let groups = schema.action_entities().map_err(|error| internal(&error))?;
        if faults.is_empty() {
            let text =
                |name: &str| files.iter().find(|file| &*file.name == name).unwrap_or(&shipped).text.as_str();
            let result = Validator::new(schema).validate(&set, ValidationMode::Strict);
            faults.extend(parse::validation_faults(&result, &all, text));
        }
        if !faults.is_empty() {
            return Err(BadPolicies(faults));
        }
        let actions = Action::ALL
            .iter()
            .map(|action| ForAction::of(*action, &set, &groups))
            .collect::<Result<Vec<_>, _>>()?;
        let places = all.iter().enumerate().map(|(n, policy)| (PolicyId::new(&*policy.name), n)).collect();
        Ok(Policies { files, all, places, actions, depth })
    }

    /// The company's files, in the order of their names.
    pub fn files(&self) -> &[PolicyFile] {
        &self.files
    }

    /// SHA-256 of the names and texts of the company's files, in hexadecimal digits; that of nothing without any.
    pub fn sha256(&self) -> String {
        let mut hash = Sha256::new();
        for file in &self.files {
            for part in [file.name.as_bytes(), file.text.as_bytes()] {
                hash.update(part.len().to_be_bytes());
                hash.update(part);
            }
        }
        hex::encode(hash.finalize())
    }

    /// Every policy, those that ship first.
    pub fn all(&self) -> &[Policy] {
        &self.all
    }

    /// Asks. The branch scope of the caller is not asked here.
    pub(crate) fn ask<T>(
        &self,
        owners: &dyn Fn() -> Owners,
        caller: &Caller,
        action: Action,
        resource: &Resource<'_>,
        told: impl FnOnce(&Verdict) -> T,
    ) -> T {
        let Some(asked) = self.actions.get(action as usize) else { return told(&Verdict::default()) };
        let evaluate = || self.evaluate(asked, owners, caller, action, resource);
        let key = key(caller, vocabulary::resource_kind(action, resource));
        match asked.known.as_ref().and_then(|known| known.get(key)) {
            Some(known) => told(known.get_or_init(evaluate)),
            None => told(&evaluate()),
        }
    }

    /// The same without what is known from before.
    pub(crate) fn ask_anew(
        &self,
        owners: &dyn Fn() -> Owners,
        caller: &Caller,
        action: Action,
        resource: &Resource<'_>,
    ) -> Verdict {
        let asked = self.actions.get(action as usize);
        asked.map_or_else(Verdict::default, |asked| self.evaluate(asked, owners, caller, action, resource))
    }

    fn evaluate(
        &self,
        asked: &ForAction,
        owners: &dyn Fn() -> Owners,
        caller: &Caller,
        action: Action,
        resource: &Resource<'_>,
    ) -> Verdict {
        let owners = owners();
        let answer = || -> Result<Verdict, Box<dyn std::error::Error>> {
            let principal = vocabulary::principal(caller, &owners).ok_or("the caller cannot be described")?;
            let about = vocabulary::resource(action, resource, &owners);
            let about = about.ok_or("the resource cannot be described")?;
            let context = vocabulary::context(action, resource).ok_or("the context cannot be described")?;
            let name = vocabulary::action_uid(action).ok_or("the action has no name")?;
            let request = Request::new(principal.uid(), name, about.uid(), context, None)?;
            let entities = asked.entities.clone().add_entities([principal, about], None)?;
            let ask = || Cedar::new().is_authorized(&request, &asked.policies, &entities);
            let response = deep::with_room_for(self.depth, ask);
            let told = response.diagnostics();
            let errors: Vec<String> = told.errors().map(ToString::to_string).collect();
            let mut decided: Vec<usize> =
                told.reason().filter_map(|id| self.places.get(id).copied()).collect();
            decided.sort_unstable();
            // A policy that could not be asked might have forbidden it.
            let allowed = response.decision() == cedar_policy::Decision::Allow && errors.is_empty();
            Ok(Verdict { allowed, decided, errors })
        };
        answer().unwrap_or_else(|error| Verdict { errors: vec![error.to_string()], ..Verdict::default() })
    }
}

impl ForAction {
    fn of(action: Action, set: &PolicySet, groups: &Entities) -> Result<ForAction, BadPolicies> {
        let uid = vocabulary::action_uid(action).ok_or_else(|| internal(&"the action has no name"))?;
        let applies = |policy: &&cedar_policy::Policy| match policy.action_constraint() {
            cedar_policy::ActionConstraint::Any => true,
            cedar_policy::ActionConstraint::Eq(named) => named == uid,
            cedar_policy::ActionConstraint::In(named) => {
                named.iter().any(|named| *named == uid || groups.is_ancestor_of(named, &uid))
            }
        };
        let policies: Vec<_> = set.policies().filter(applies).cloned().collect();
        let known = policies.iter().all(is_plain).then(|| {
            std::iter::repeat_with(OnceLock::new)
                .take(vocabulary::CALLERS * ROLE_SETS * vocabulary::RESOURCES)
                .collect()
        });
        let above = groups.ancestors(&uid).into_iter().flatten().filter_map(|uid| groups.get(uid));
        let own = groups.get(&uid).into_iter().chain(above).cloned();
        Ok(ForAction {
            policies: PolicySet::from_policies(policies).map_err(|error| internal(&error))?,
            entities: Entities::from_entities(own, None).map_err(|error| internal(&error))?,
            known,
        })
    }
}

/// Whether a policy looks at nothing but the action, the caller's kind and roles, whether the caller acts at every
/// branch, and the resource's kind.
fn is_plain(policy: &cedar_policy::Policy) -> bool {
    let caller = match policy.principal_constraint() {
        PrincipalConstraint::Any | PrincipalConstraint::Is(_) => true,
        PrincipalConstraint::In(group) | PrincipalConstraint::IsIn(_, group) => vocabulary::is_role(&group),
        PrincipalConstraint::Eq(_) => false,
    };
    let resource =
        matches!(policy.resource_constraint(), ResourceConstraint::Any | ResourceConstraint::Is(_));
    caller && resource && (!policy.has_non_scope_constraint() || asks_for_all_branches(policy))
}

/// Whether the one condition of a policy is `when { principal.all_branches }`.
fn asks_for_all_branches(policy: &cedar_policy::Policy) -> bool {
    let attribute = json!({ ".": { "left": { "Var": "principal" }, "attr": "all_branches" } });
    let only = json!([{ "kind": "when", "body": attribute }]);
    policy.to_json().is_ok_and(|policy| policy.get("conditions") == Some(&only))
}

/// Where the answer to such a caller and resource is kept.
fn key(caller: &Caller, resource_kind: usize) -> usize {
    let roles = caller.roles().iter().fold(0, |set, role| set | 1 << role as usize);
    (vocabulary::caller_kind(caller) * ROLE_SETS + roles) * vocabulary::RESOURCES + resource_kind
}

/// What only a defect of the program itself leads to.
fn internal(error: &dyn std::fmt::Display) -> BadPolicies {
    BadPolicies(vec![Fault { file: Arc::from(SHIPPED_NAME), line: None, reason: error.to_string() }])
}
