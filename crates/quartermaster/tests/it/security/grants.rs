//! Nobody gives more than they have, and nobody changes an account that has more than theirs.

use domain::BranchId;
use identity::{BranchScope, Role};
use policy::PolicyFile;
use portal::By;
use portal::accounts::users;
use portal::clients::{self, NewClient};

use crate::support::portal::{Browser, Company, PASSWORD};

fn at(branches: &[i64]) -> BranchScope {
    BranchScope::only(branches.iter().map(|id| BranchId(*id)))
}

/// A company with its admin (1), an admin of branch 7 (2), a worker of branch 7 (3), one of branches 7 and 8 (4), and
/// programs of branch 7 and of all branches.
async fn company(files: Vec<PolicyFile>) -> (Company, Browser) {
    let company = Company::with_policies(files).await;
    company.admin("root").await;
    company.user("badmin", &[Role::Admin], &at(&[7])).await;
    company.user("walt", &[Role::Worker], &at(&[7])).await;
    company.user("wanda", &[Role::Worker], &at(&[7, 8])).await;
    let pool = company.database.pool(portal::ROLES);
    for (name, scope) in [("till", at(&[7])), ("erp", BranchScope::All)] {
        let new = NewClient { name, roles: &[Role::Worker], scope: &scope, expires_at: None, owner: None };
        clients::add(&pool, &By::operator("test"), &new).await.unwrap();
    }
    let browser = company.signed_in("badmin").await;
    (company, browser)
}

fn branch_admins_administer() -> Vec<PolicyFile> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/examples");
    let files = policy::read_folder(&folder).unwrap();
    files.into_iter().filter(|file| &*file.name == "branch-admins-administer.cedar").collect()
}

/// All of the portal's own that people could change, without what being signed in changes.
async fn state(company: &Company) -> String {
    let sql = "select concat(
        (select jsonb_agg(to_jsonb(u) order by id) from portal_users u),
        (select jsonb_agg(to_jsonb(m) order by user_id, group_id) from portal_memberships m),
        (select jsonb_agg(to_jsonb(b) order by user_id, branch_id) from portal_user_branches b),
        (select jsonb_agg(to_jsonb(c) order by id) from portal_clients c),
        (select jsonb_agg(to_jsonb(g) order by id) from portal_groups g),
        (select jsonb_agg(to_jsonb(k) order by kid) from portal_signing_keys k))";
    company.database.value(sql).await
}

const VERBS: [&str; 6] = ["access", "password", "disable", "enable", "sign-out", "reset-second-factor"];
/// What a form has that would make the most of an account.
const MOST: &[(&str, &str)] = &[
    ("username", "evil"),
    ("name", "evil"),
    ("password", PASSWORD),
    ("role", "Admin"),
    ("all_branches", "on"),
    ("owner", "badmin"),
];

#[tokio::test]
async fn an_admin_of_one_branch_administers_nothing() {
    let (company, browser) = company(Vec::new()).await;
    let before = state(&company).await;
    for page in ["users/", "users/new/", "users/1/", "clients/", "keys/", "policies/", "health/"] {
        assert_eq!(browser.get(&format!("/admin/{page}")).await.status(), 403, "{page}");
    }
    let mut posts: Vec<String> =
        ["users/new/", "groups/", "clients/", "keys/rotate/", "policies/"].map(str::to_owned).into();
    posts.extend(VERBS.iter().flat_map(|verb| [1, 2, 3].map(|id| format!("users/{id}/{verb}/"))));
    posts.extend(["rotate", "disable", "owner"].map(|verb| format!("clients/till/{verb}/")));
    for post in posts {
        assert_eq!(browser.post(&format!("/admin/{post}"), MOST).await.status(), 403, "{post}");
    }
    assert_eq!(state(&company).await, before);
    let search = browser.page("/search/?q=root").await;
    assert!(!search.contains("/admin/users/"), "{search}");
}

#[tokio::test]
async fn a_branch_admin_whom_the_company_lets_administer_reaches_nobody_who_has_more() {
    let (company, browser) = company(branch_admins_administer()).await;
    let before = state(&company).await;
    for (id, verb) in [1, 4].into_iter().flat_map(|id| VERBS.map(|verb| (id, verb))) {
        assert_eq!(
            browser.post(&format!("/admin/users/{id}/{verb}/"), MOST).await.status(),
            404,
            "{id} {verb}"
        );
        assert_eq!(browser.get(&format!("/admin/users/{id}/")).await.status(), 404);
    }
    for verb in ["rotate", "disable", "owner"] {
        assert_eq!(browser.post(&format!("/admin/clients/erp/{verb}/"), MOST).await.status(), 403, "{verb}");
    }
    for (path, form) in [
        ("users/new/", vec![("role", "Worker"), ("all_branches", "on")]),
        ("users/new/", vec![("role", "Worker"), ("branch", "8")]),
        ("users/new/", vec![("role", "Admin"), ("branch", "7"), ("branch", "8")]),
        ("users/3/access/", vec![("role", "Worker"), ("branch", "7"), ("branch", "8")]),
        ("users/3/access/", vec![("role", "Admin"), ("all_branches", "on")]),
        ("clients/", vec![("role", "Worker"), ("all_branches", "on")]),
        ("clients/", vec![("role", "Worker"), ("branch", "8")]),
        ("groups/", vec![("role", "Worker"), ("required", "1")]),
        ("keys/rotate/", vec![]),
        ("policies/", vec![("text", "")]),
    ] {
        let form =
            [&[("username", "evil"), ("name", "evil"), ("password", PASSWORD)], form.as_slice()].concat();
        assert_eq!(browser.post(&format!("/admin/{path}"), &form).await.status(), 403, "{path} {form:?}");
    }
    assert_eq!(state(&company).await, before);
}

#[tokio::test]
async fn a_branch_admin_whom_the_company_lets_administer_is_offered_what_they_may_give() {
    let (company, browser) = company(branch_admins_administer()).await;
    let users_page = browser.page("/admin/users/").await;
    assert!(users_page.contains("walt") && !users_page.contains("wanda") && !users_page.contains("root"));
    assert!(!users_page.contains("id=\"groups\""));
    let clients_page = browser.page("/admin/clients/").await;
    assert!(clients_page.contains("till") && !clients_page.contains("erp"));
    let form = browser.page("/admin/users/new/").await;
    assert!(form.contains("value=\"Admin\"") && !form.contains("all_branches"), "{form}");

    let new = [("username", "olga"), ("password", PASSWORD), ("role", "Worker"), ("branch", "7")];
    assert_eq!(browser.post("/admin/users/new/", &new).await.status(), 303);
    assert_eq!(browser.post("/admin/users/3/disable/", &[]).await.status(), 303);
    let pool = company.database.pool(portal::ROLES);
    let added = users::named(&pool, "olga").await.unwrap();
    assert_eq!((added.roles, added.scope), (vec![Role::Worker], at(&[7])));
    assert!(!users::named(&pool, "walt").await.unwrap().active);
    // The maker answers for the program.
    let new = [("name", "scale"), ("role", "Worker"), ("branch", "7")];
    assert_eq!(browser.post("/admin/clients/", &new).await.status(), 200);
    let clients = clients::list(&pool).await.unwrap();
    let scale = clients.iter().find(|client| client.name == "scale").unwrap();
    assert_eq!(scale.owner.as_ref().unwrap().username, "badmin");
    for (owner, status) in [("root", 422), ("nobody", 422), ("olga", 303)] {
        let form = [("owner", owner)];
        assert_eq!(browser.post("/admin/clients/scale/owner/", &form).await.status(), status, "{owner}");
    }
}

#[tokio::test]
async fn a_manager_who_may_manage_users_gives_no_more_than_a_manager_has() {
    let text = r#"permit (principal in Role::"Manager", action == Action::"ManageUsers", resource);"#;
    let (company, _) = company(vec![PolicyFile::new("mine.cedar", text)]).await;
    company.user("mona", &[Role::Manager], &BranchScope::All).await;
    let browser = company.signed_in("mona").await;
    for (role, status) in [("Admin", 403), ("Auditor", 403), ("Manager", 303), ("Worker", 303)] {
        let name = format!("new-{role}");
        let form = [("username", name.as_str()), ("password", PASSWORD), ("role", role), ("branch", "8")];
        assert_eq!(browser.post("/admin/users/new/", &form).await.status(), status, "{role}");
    }
    assert_eq!(browser.post("/admin/users/1/password/", MOST).await.status(), 404);
    let form = browser.page("/admin/users/new/").await;
    assert!(form.contains("value=\"Worker\"") && !form.contains("value=\"Admin\""), "{form}");
}

#[tokio::test]
async fn an_admin_says_who_answers_for_a_program() {
    let (company, _) = company(Vec::new()).await;
    let browser = company.signed_in("root").await;
    let pool = company.database.pool(portal::ROLES);
    let owner =
        async || clients::list(&pool).await.unwrap()[0].owner.as_ref().map(|owner| owner.username.clone());
    assert_eq!(browser.post("/admin/clients/till/owner/", &[("owner", " walt ")]).await.status(), 303);
    assert_eq!(owner().await.as_deref(), Some("walt"));
    let refused = browser.post("/admin/clients/till/owner/", &[("owner", "nobody<")]).await;
    assert_eq!(refused.status(), 422);
    let page = refused.text().await.unwrap();
    assert!(page.contains("There is no active user of that name.") && page.contains("nobody&#60;"), "{page}");
    assert_eq!(owner().await.as_deref(), Some("walt"));
    let page = browser.page("/admin/users/3/").await;
    assert!(page.contains("till"), "{page}");
    assert_eq!(browser.post("/admin/users/3/disable/", &[]).await.status(), 303);
    assert!(browser.page("/admin/clients/").await.contains("Name another user."));
    assert_eq!(browser.post("/admin/clients/till/owner/", &[("owner", "")]).await.status(), 303);
    assert_eq!(owner().await, None);
}
