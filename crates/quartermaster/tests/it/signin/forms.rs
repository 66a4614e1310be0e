//! Forms that only the portal's own pages can send.

use crate::support::portal::{Company, PASSWORD};
use crate::support::routes::portal_routes;

#[tokio::test]
async fn a_form_without_its_token_is_refused_calmly_and_changes_nothing() {
    let company = Company::start().await;
    company.admin("mia").await;
    company.admin("max").await;
    let browser = company.signed_in("mia").await;
    company.signed_in("mia").await;
    let foreign = company.signed_in("max").await.form_token().await;
    let before = company.audited().await;
    let routes = portal_routes().into_iter().filter(|route| route.takes_forms);
    for path in routes.map(|route| route.path).filter(|path| !path.contains("second-step")) {
        for token in [None, Some(""), Some("wrong"), Some(foreign.as_str())] {
            let mut form = vec![
                ("username", "mia"),
                ("password", PASSWORD),
                ("current", PASSWORD),
                ("new", "another password"),
                ("again", "another password"),
                ("session", "2"),
            ];
            form.extend(token.map(|token| ("form_token", token)));
            let response = browser.post_bare(&path, &form).await;
            assert_eq!(response.status(), 403, "{path} {token:?}");
            let page = response.text().await.unwrap();
            assert!(page.contains("no longer valid") && page.contains("Nothing was changed"), "{page}");
        }
    }
    assert_eq!(company.audited().await, before);
    assert_eq!(browser.get("/").await.status(), 200);
    let sessions: i64 = company.database.value("select count(*) from portal_sessions").await;
    assert_eq!(sessions, 3);
}

#[tokio::test]
async fn before_there_is_a_session_the_token_belongs_to_the_visit() {
    let company = Company::start().await;
    company.admin("mia").await;
    let (one, other) = (company.browser(), company.browser());
    let (token, foreign) = (one.form_token().await, other.form_token().await);
    assert_ne!(token, foreign);
    let form = |token: &str| {
        [("username", "mia"), ("password", PASSWORD), ("form_token", token)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let send = async |token: &str| {
        let form = form(token);
        let form: Vec<(&str, &str)> = form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        one.post_bare("/accounts/login/", &form).await.status().as_u16()
    };
    assert_eq!(send(&foreign).await, 403);
    assert_eq!(send(&token).await, 303);
    // With the session comes another token.
    assert_ne!(one.form_token().await, token);
    // Without a cookie there is nothing that a token could belong to.
    let bare = company.browser();
    let response = bare.post_bare("/accounts/login/", &[("username", "mia"), ("form_token", &token)]).await;
    assert_eq!(response.status(), 403);
}

#[tokio::test]
async fn every_form_of_every_page_carries_the_token() {
    let company = Company::start().await;
    company.admin("mia").await;
    let browser = company.signed_in("mia").await;
    company.signed_in("mia").await;
    let token = browser.form_token().await;
    for path in ["/", "/accounts/password/", "/accounts/second-factor/", "/accounts/sessions/"] {
        let page = browser.page(path).await;
        let forms = page.split("<form ").skip(1).filter(|form| form.contains("method=\"post\""));
        let forms: Vec<&str> = forms.collect();
        assert!(!forms.is_empty());
        for form in forms {
            let form = form.split("</form>").next().unwrap();
            assert!(form.contains(&token), "{path}: {form}");
        }
        assert!(!page.contains("<script>") && !page.contains("style=\""), "{path}");
    }
}
