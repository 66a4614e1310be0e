//! How one entry stands, for who looks at it.

use auditlog::{Standing, standing};

use super::Sealed;

async fn of(sealed: &Sealed, id: i64) -> Option<Standing> {
    let connection = sealed.pool.get().await.unwrap();
    standing(&connection, sealed.log, id).await.unwrap().map(|(_, standing)| standing)
}

fn intact(standing: Option<Standing>) -> Option<bool> {
    match standing? {
        Standing::Unsealed => None,
        Standing::Sealed { intact, .. } => Some(intact),
    }
}

#[tokio::test]
async fn an_entry_is_unsealed_then_sealed_and_no_more_intact_when_it_was_changed() {
    let mut sealed = Sealed::new().await;
    sealed.add(3).await;
    assert_eq!(of(&sealed, 2).await, Some(Standing::Unsealed));
    let seals = sealed.seal().await;
    for id in 1..=3 {
        let Some(Standing::Sealed { number, key, intact, .. }) = of(&sealed, id).await else {
            panic!("{id} is sealed")
        };
        assert_eq!((number, &key, intact), (1, &seals[0].statement.key, true));
    }
    assert_eq!(of(&sealed, 99).await, None);
    let change = "update services_audit_logs set actor = 'Max' where id = 2";
    sealed.database.run(&format!("set session_replication_role = replica; {change}")).await;
    assert_eq!(intact(of(&sealed, 2).await), Some(false));
    assert_eq!(intact(of(&sealed, 3).await), Some(true));
}

#[tokio::test]
async fn an_entry_that_was_put_in_between_is_not_intact() {
    let mut sealed = Sealed::new().await;
    sealed.add(2).await;
    sealed.seal().await;
    let columns =
        "at, actor_user_id, actor, action, entity_type, entity_id, branch_id, ip, request_id, details";
    let copy = format!(
        "insert into services_audit_logs (id, {columns}) overriding system value
         select 1, {columns} from services_audit_logs where id = 2"
    );
    let remove = "delete from services_audit_logs where id = 1";
    sealed.database.run(&format!("set session_replication_role = replica; {remove}; {copy}")).await;
    assert_eq!(intact(of(&sealed, 1).await), Some(false));
}
