//! Every operation of the OpenAPI document × every role × whatever can be asked of it: what is hidden answers as what is
//! not there, byte for byte, and what is forbidden answers alike whatever it is.

use futures_util::stream::{self, StreamExt};
use identity::{BranchScope, Role};
use serde_json::json;

use super::asked::{About, Asked, HEADERS, Named, Operation, operations};
use super::told;
use crate::support::App;
use crate::support::api::{Answer, User, send};

/// How many requests are under way at once.
const AT_ONCE: usize = 8;
/// An id that nothing has.
const NOWHERE: i64 = 999_999_999;
/// The same of a branch, as long as the ids of the two that there are: where a body ends says nothing then.
const NO_BRANCH: i64 = 9;

/// A branch of the callers' and another one, each with orders in every state, and stock of one item and none of another.
struct World {
    app: App,
    own: Place,
    other: Place,
}

struct Place {
    about: About,
    /// An item without stock here.
    bare: i64,
    orders: Vec<i64>,
    entry: i64,
}

/// A thing that an operation can be asked about: its id for the path, and what the body and query name.
#[derive(Debug, Clone, Copy)]
struct Thing {
    id: i64,
    about: About,
}

impl World {
    async fn new() -> World {
        let app = App::start().await;
        let (item, bare) = (app.any_item().await, app.any_item().await);
        let own = Place::new(&app, "Own", item, bare).await;
        let other = Place::new(&app, "Other", item, bare).await;
        World { app, own, other }
    }

    /// Callers of every role at the own branch, one without roles, and one without branches.
    fn callers(&self) -> Vec<(String, User)> {
        let own = BranchScope::only([domain::BranchId(self.own.about.branch)]);
        let all = [Some(Role::Admin), Some(Role::Manager), Some(Role::Worker), Some(Role::Auditor), None];
        let callers = all.iter().map(|role| {
            let name = role.map_or("no role".to_owned(), |role| format!("{role:?}"));
            let user = self.app.user(&name, role.as_slice(), &own);
            (name, user)
        });
        let nowhere = self.app.user("nowhere", &[Role::Manager], &BranchScope::only([]));
        callers.chain([("Manager of no branch".to_owned(), nowhere)]).collect()
    }
}

impl Place {
    async fn new(app: &App, name: &str, item: i64, bare: i64) -> Place {
        let branch = app.branch(name).await;
        app.stock(branch, item, 120).await;
        let draft = app.draft(branch, &[(item, 1)]).await;
        let submitted = app.submitted(branch, &[(item, 2)]).await;
        let (fulfilled, cancelled) =
            (app.draft(branch, &[(item, 3)]).await, app.draft(branch, &[(item, 200)]).await);
        app.admin().command(fulfilled, "fulfill").await.expect(200);
        app.admin().command(cancelled, "cancel").await.expect(200);
        let sql = format!("select min(id) from services_audit_logs where branch_id = {branch}");
        let entry = app.database.value(&sql).await;
        let orders = vec![draft, submitted, fulfilled, cancelled];
        Place { about: About { branch, item }, bare, orders, entry }
    }

    /// The things here that an operation can be asked about.
    fn things(&self, named: Named) -> Vec<Thing> {
        let thing = |id| Thing { id, about: self.about };
        match named {
            Named::Order => self.orders.iter().map(|id| thing(*id)).collect(),
            Named::Branch => vec![thing(self.about.branch)],
            Named::Entry => vec![thing(self.entry)],
            Named::Within => {
                let bare = Thing { id: 0, about: About { item: self.bare, ..self.about } };
                vec![thing(0), bare]
            }
            Named::Nothing => Vec::new(),
        }
    }
}

/// What is not there, named as `thing` is.
fn absent(named: Named, thing: Thing) -> Thing {
    match named {
        // Only the branch that is asked for decides: the same of an item that there is.
        Named::Within => Thing { id: 0, about: About { branch: NO_BRANCH, ..thing.about } },
        _ => Thing { id: NOWHERE, ..thing },
    }
}

async fn ask(user: &User, operation: &Operation, id: i64, asked: &Asked, headers: &[(&str, &str)]) -> Answer {
    let path = operation.path(&id.to_string());
    let request = user.request(operation.method.clone(), &format!("{path}?{}", asked.query));
    let request = match &asked.body {
        Some(body) => request.header("content-type", "application/json").body(body.clone()),
        None => request,
    };
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    send(request).await
}

/// Asks for both at once; says where they are told apart.
async fn compare(
    user: &User,
    operation: &Operation,
    (one, one_asked): (Thing, &Asked),
    (other, other_asked): (Thing, &Asked),
    headers: &[(&str, &str)],
) -> (Answer, Option<String>) {
    let (first, second) = tokio::join!(
        ask(user, operation, one.id, one_asked, headers),
        ask(user, operation, other.id, other_asked, headers)
    );
    let (first_told, second_told) = (told(&first, one.id), told(&second, other.id));
    // A list whose filter by branch is left out is one of the caller's own, and as old as it is.
    let is_own = operation.named() == Named::Within && [first.status, second.status] == [200, 200];
    let differs = (!is_own && first_told != second_told)
        .then(|| format!("{} {one_asked:?} {headers:?}:\n  {first_told:?}\n  {second_told:?}", operation.id));
    (first, differs)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_hidden_answers_as_what_is_not_there_whoever_asks_and_whatever_for() {
    let world = World::new().await;
    let operations = operations(&world.app).await;
    let callers = world.callers();
    let mut cases = Vec::new();
    for operation in &operations {
        let named = operation.named();
        for (n, hidden) in world.other.things(named).into_iter().enumerate() {
            let absent = absent(named, hidden);
            let mut pairs = vec![(operation.proper(hidden.about), operation.proper(absent.about))];
            if n == 0 {
                let improper = operation.improper(hidden.about).into_iter();
                pairs.extend(improper.zip(operation.improper(absent.about)));
            }
            for (_, user) in &callers {
                for pair in &pairs {
                    cases.push((user, operation, hidden, absent, pair.clone(), None));
                }
                for header in HEADERS {
                    cases.push((user, operation, hidden, absent, pairs[0].clone(), Some(header)));
                }
            }
        }
    }
    let asked = cases.len();
    let answers = stream::iter(cases).map(|(user, operation, hidden, absent, pair, header)| async move {
        let headers = header.as_slice();
        compare(user, operation, (hidden, &pair.0), (absent, &pair.1), headers).await
    });
    let (mut wrong, mut not_found) = (Vec::new(), 0);
    let mut answers = answers.buffer_unordered(AT_ONCE);
    while let Some((answer, differs)) = answers.next().await {
        not_found += usize::from(answer.status == 404);
        wrong.extend(differs);
    }
    assert!(wrong.is_empty(), "{} of {asked} are told apart:\n{}", wrong.len(), wrong.join("\n"));
    assert!(asked > 5_000 && not_found > 1_000, "{not_found} of {asked}");
    world.app.database.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_hidden_is_told_from_what_is_not_there_by_no_key() {
    let world = World::new().await;
    let callers = world.callers();
    let mut wrong = Vec::new();
    for operation in &operations(&world.app).await {
        let named = operation.named();
        for (n, hidden) in world.other.things(named).into_iter().enumerate() {
            let absent = absent(named, hidden);
            let proper = (operation.proper(hidden.about), operation.proper(absent.about));
            for (name, user) in &callers {
                // Asked twice with one key, and then for something else with that key.
                let other_body = Asked { body: Some("{}".to_owned()), ..proper.0.clone() };
                for round in 0..3 {
                    let asked = |proper: &Asked| if round == 2 { other_body.clone() } else { proper.clone() };
                    let (one, other) = (asked(&proper.0), asked(&proper.1));
                    let key = |kind| format!("{kind}-{}-{n}-{name}", operation.id);
                    let (first, second) = (key("hidden"), key("absent"));
                    let (first, second) = ([("idempotency-key", &*first)], [("idempotency-key", &*second)]);
                    let (first, second) = tokio::join!(
                        ask(user, operation, hidden.id, &one, &first),
                        ask(user, operation, absent.id, &other, &second)
                    );
                    let (first, second) = (told(&first, hidden.id), told(&second, absent.id));
                    if first != second {
                        wrong.push(format!("{} round {round}:\n  {first:?}\n  {second:?}", operation.id));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_forbidden_answers_alike_whatever_it_is_and_whatever_is_asked() {
    let world = World::new().await;
    let mut forbidden = 0;
    let mut wrong = Vec::new();
    for operation in &operations(&world.app).await {
        let named = operation.named();
        for (name, user) in &world.callers() {
            let things = world.own.things(named);
            let Some(first) = things.first().copied() else { continue };
            // Tried on a draft that nothing else is about, since the caller may be allowed.
            let item = first.about.item;
            let mut tried = first;
            if named == Named::Order {
                tried.id = world.app.draft(first.about.branch, &[(item, 1)]).await;
            }
            let proper = operation.proper(first.about);
            let reference = ask(user, operation, tried.id, &proper, &[]).await;
            if reference.status != 403 {
                continue;
            }
            forbidden += 1;
            let reference = told(&reference, tried.id);
            let absent = absent(named, first);
            let with_headers = things.into_iter().flat_map(|thing| {
                let with = std::iter::once(None).chain(HEADERS.map(Some));
                with.map(move |header| {
                    (thing, operation.proper(thing.about), operation.proper(absent.about), header)
                })
            });
            let mut cases: Vec<_> = with_headers.collect();
            let improper = operation.improper(first.about).into_iter().zip(operation.improper(absent.about));
            cases.extend(improper.map(|(asked, none)| (first, asked, none, None)));
            let answers = stream::iter(cases).map(|(thing, asked, none, header)| async move {
                let headers = header.as_slice();
                let (first, differs) =
                    compare(user, operation, (thing, &asked), (absent, &none), headers).await;
                (told(&first, thing.id), differs, asked)
            });
            let answers: Vec<_> = answers.buffer_unordered(AT_ONCE).collect().await;
            for (answer, differs, asked) in answers {
                // What is wrong with the request itself is said of whatever it is about.
                if answer != reference && differs.is_some() {
                    // A filter that names no branch, or one that is not the caller's, is another question.
                    let elsewhere = named == Named::Within && (answer.0 == 404 || answer.0 == 200);
                    if !elsewhere {
                        wrong.push(format!("{} {name} {asked:?}: {answer:?}", operation.id));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(forbidden > 30, "{forbidden}");
}

#[tokio::test]
async fn ids_that_are_nobodys_answer_as_one_that_is_not_there() {
    let world = World::new().await;
    for operation in &operations(&world.app).await {
        let named = operation.named();
        let Some(hidden) = world.other.things(named).first().copied() else { continue };
        if named == Named::Within {
            continue;
        }
        for (name, user) in &world.callers() {
            let asked = operation.proper(hidden.about);
            let expected = told(&ask(user, operation, NOWHERE, &asked, &[]).await, NOWHERE);
            for id in [0, -1, i64::MIN, i64::MAX] {
                let answer = told(&ask(user, operation, id, &asked, &[]).await, id);
                assert_eq!(answer, expected, "{} {name} {id}", operation.id);
            }
            let path = |id: &str| format!("{}?{}", operation.path(id), asked.query);
            for id in ["92233720368547758070", "1.5", "abc", "%00", "-"] {
                let request = user.request(operation.method.clone(), &path(id));
                let request = match &asked.body {
                    Some(_) => request.json(&json!({})),
                    None => request,
                };
                send(request).await.expect_problem(400, "malformed-request");
            }
        }
    }
}
