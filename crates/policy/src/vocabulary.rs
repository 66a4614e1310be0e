//! The schema, and callers and resources in its words.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock};

use cedar_policy::{
    Context, Entity, EntityId, EntityTypeName, EntityUid, RestrictedExpression as Expression, Schema,
    SchemaFragment,
};
use domain::{BranchId, Quantity};
use identity::{BranchScope, CLIENT_PREFIX, Caller, Owners};

use crate::action::Action;
use crate::resource::{OrderFacts, Resource};
use crate::source::{BadPolicies, Fault};

/// What policies are written in.
pub const SCHEMA: &str = include_str!("../policies/quartermaster.cedarschema");
/// The file's name, for messages.
const SCHEMA_NAME: &str = "quartermaster.cedarschema";

/// The schema, read.
pub(crate) fn schema() -> Result<Schema, BadPolicies> {
    let fault = |error: &dyn std::error::Error| {
        BadPolicies(vec![Fault { file: Arc::from(SCHEMA_NAME), line: None, reason: error.to_string() }])
    };
    let (fragment, _) = SchemaFragment::from_cedarschema_str(SCHEMA).map_err(|error| fault(&error))?;
    Schema::from_schema_fragments([fragment]).map_err(|error| fault(&error))
}

/// The names of the schema's types.
struct Types {
    user: EntityTypeName,
    client: EntityTypeName,
    role: EntityTypeName,
    company: EntityTypeName,
    branch: EntityTypeName,
    stock: EntityTypeName,
    order: EntityTypeName,
    action: EntityTypeName,
}

static TYPES: LazyLock<Option<Types>> = LazyLock::new(|| {
    let named = |name: &str| name.parse().ok();
    Some(Types {
        user: named("User")?,
        client: named("Client")?,
        role: named("Role")?,
        company: named("Company")?,
        branch: named("Branch")?,
        stock: named("Stock")?,
        order: named("Order")?,
        action: named("Action")?,
    })
});

/// Whether a type is that of roles.
pub(crate) fn is_role(uid: &EntityUid) -> bool {
    TYPES.as_ref().is_some_and(|types| uid.type_name() == &types.role)
}

/// The kinds of callers that a kept decision may tell apart: users and clients, those of all branches and others.
pub(crate) const CALLERS: usize = 4;

/// Which kind a caller is of.
pub(crate) fn caller_kind(caller: &Caller) -> usize {
    usize::from(is_client(caller)) * 2 + usize::from(*caller.scope() == BranchScope::All)
}

fn is_client(caller: &Caller) -> bool {
    caller.user_id().starts_with(CLIENT_PREFIX)
}

/// The kinds of resources.
pub(crate) const RESOURCES: usize = 4;

/// Which kind a resource is of, as a question of this action sees it.
pub(crate) fn resource_kind(action: Action, resource: &Resource<'_>) -> usize {
    match resource {
        _ if action.is_view() => 0,
        Resource::Company => 0,
        Resource::Branch(_) => 1,
        Resource::Stock { .. } => 2,
        Resource::Order(_) => 3,
    }
}

fn uid(kind: &EntityTypeName, id: impl AsRef<str>) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

fn text(text: &str) -> Expression {
    Expression::new_string(text.to_owned())
}

/// An action in the words of the schema.
pub(crate) fn action_uid(action: Action) -> Option<EntityUid> {
    Some(uid(&TYPES.as_ref()?.action, action.name()))
}

/// A caller in the words of the schema.
pub(crate) fn principal(caller: &Caller, owners: &Owners) -> Option<Entity> {
    let types = TYPES.as_ref()?;
    let id = caller.user_id();
    let kind = if is_client(caller) { &types.client } else { &types.user };
    let branches: &[BranchId] = match caller.scope() {
        BranchScope::All => &[],
        BranchScope::Only(branches) => branches,
    };
    let branches = branches.iter().map(|branch| at(types, *branch));
    let mut attributes = HashMap::from([
        ("id".to_owned(), text(id)),
        ("name".to_owned(), text(caller.username())),
        ("all_branches".to_owned(), Expression::new_bool(*caller.scope() == BranchScope::All)),
        ("branches".to_owned(), Expression::new_set(branches)),
    ]);
    attributes.extend(owners.eyes(id).map(|eyes| ("eyes".to_owned(), text(&eyes))));
    attributes.extend(owners.owner(id).map(|owner| ("owner".to_owned(), text(&owner))));
    let roles: HashSet<EntityUid> = caller.roles().iter().map(|role| uid(&types.role, role.name())).collect();
    Entity::new(uid(kind, id), attributes, roles).ok()
}

fn at(types: &Types, branch: BranchId) -> Expression {
    Expression::new_entity_uid(uid(&types.branch, branch.to_string()))
}

/// A resource in the words of the schema, as a question of this action sees it.
pub(crate) fn resource(action: Action, resource: &Resource<'_>, owners: &Owners) -> Option<Entity> {
    let types = TYPES.as_ref()?;
    let in_branch = |branch: BranchId| HashSet::from([uid(&types.branch, branch.to_string())]);
    match resource {
        _ if action.is_view() => Some(Entity::with_uid(uid(&types.company, "company"))),
        Resource::Company => Some(Entity::with_uid(uid(&types.company, "company"))),
        Resource::Branch(branch) => Some(Entity::with_uid(uid(&types.branch, branch.to_string()))),
        Resource::Stock { key, .. } => {
            let attributes = HashMap::from([
                ("branch".to_owned(), at(types, key.branch)),
                ("item".to_owned(), text(&key.item.to_string())),
            ]);
            let id = format!("{}:{}", key.branch, key.item);
            Entity::new(uid(&types.stock, id), attributes, in_branch(key.branch)).ok()
        }
        Resource::Order(OrderFacts { id, branch, status, lines, largest_line, made_by, submitted_by }) => {
            let mut attributes = HashMap::from([
                ("branch".to_owned(), at(types, *branch)),
                ("status".to_owned(), text(status.as_str())),
                ("lines".to_owned(), Expression::new_long(i64::try_from(*lines).unwrap_or(i64::MAX))),
                ("largest_line".to_owned(), Expression::new_long(whole_units(*largest_line))),
            ]);
            for (name, id) in [("made_by", made_by), ("submitted_by", submitted_by)] {
                let Some(id) = id else { continue };
                attributes.insert(name.to_owned(), text(id));
                attributes.extend(owners.eyes(id).map(|eyes| (format!("{name}_eyes"), text(&eyes))));
            }
            let id = id.map_or_else(|| "new".to_owned(), |id| id.to_string());
            Entity::new(uid(&types.order, id), attributes, in_branch(*branch)).ok()
        }
    }
}

/// What else a question tells.
pub(crate) fn context(action: Action, resource: &Resource<'_>) -> Option<Context> {
    match (action, resource) {
        (Action::AdjustStock, Resource::Stock { change, earlier, .. }) => Context::from_pairs([
            ("units".to_owned(), Expression::new_long(whole_units(*change))),
            ("units_today".to_owned(), Expression::new_long(whole_units_together(*change, *earlier))),
            ("decrease".to_owned(), Expression::new_bool(change.is_negative())),
        ])
        .ok(),
        _ => Some(Context::empty()),
    }
}

/// Two quantities without their signs together, likewise.
fn whole_units_together(one: Quantity, other: Quantity) -> i64 {
    let sum = one.thousandths().unsigned_abs().saturating_add(other.thousandths().unsigned_abs());
    i64::try_from(sum.div_ceil(1_000)).unwrap_or(i64::MAX)
}

/// A quantity without its sign, a broken unit counted as a whole one: so that for every whole N, more than N units is
/// more than N here too.
fn whole_units(quantity: Quantity) -> i64 {
    whole_units_together(quantity, Quantity::ZERO)
}

#[cfg(test)]
mod tests {
    use cedar_policy::{Entities, Request};
    use domain::order::OrderStatus;
    use domain::{ItemId, OrderId, StockKey};
    use identity::Role;

    use super::*;

    /// Requests and entities are made without asking the schema, for speed: here all of their kinds are held to it.
    #[test]
    fn what_is_asked_fits_the_schema() {
        let schema = schema().unwrap();
        let order = OrderFacts {
            id: Some(OrderId(5)),
            branch: BranchId(1),
            status: OrderStatus::Draft,
            lines: 3,
            largest_line: Quantity::units(4),
            made_by: Some("7"),
            submitted_by: Some("client-8"),
        };
        let unknown = OrderFacts { id: None, made_by: None, submitted_by: None, ..order };
        let key = StockKey { branch: BranchId(1), item: ItemId(2) };
        let resources = [
            Resource::Company,
            Resource::Branch(BranchId(1)),
            Resource::Stock { key, change: Quantity::units(-3), earlier: Quantity::units(4) },
            Resource::Order(order),
            Resource::Order(unknown),
        ];
        let owners = Owners::of(HashMap::from([("client-8".to_owned(), "7".to_owned())]));
        let mut fit = 0;
        for action in Action::ALL {
            let name = action_uid(*action).unwrap();
            let taken: Vec<String> =
                schema.resources_for_action(&name).unwrap().map(ToString::to_string).collect();
            for (id, scope) in [("7", BranchScope::All), ("client-8", BranchScope::only([BranchId(1)]))] {
                let caller = Caller::known(id, "someone", Role::ALL.into_iter().collect(), scope);
                for about in &resources {
                    let (principal, entity) =
                        (principal(&caller, &owners).unwrap(), resource(*action, about, &owners).unwrap());
                    if !taken.contains(&entity.uid().type_name().to_string()) {
                        continue;
                    }
                    let context = context(*action, about).unwrap();
                    Request::new(principal.uid(), name.clone(), entity.uid(), context, Some(&schema))
                        .unwrap();
                    Entities::from_entities([principal, entity], Some(&schema)).unwrap();
                    fit += 1;
                }
            }
        }
        assert!(fit > 60, "{fit}");
    }

    #[test]
    fn a_broken_unit_counts_as_a_whole_one() {
        for (thousandths, units) in
            [(0, 0), (1, 1), (-1, 1), (1_000, 1), (100_000, 100), (100_001, 101), (-2_500, 3)]
        {
            assert_eq!(whole_units(Quantity::from_thousandths(thousandths).unwrap()), units);
        }
    }
}
