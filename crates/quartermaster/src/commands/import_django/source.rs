//! The tables in Django's own database.

use platform::pg::read_foreign;
use portal::accounts::django_users::DjangoUser;

use crate::Result;

/// As Django's migrations of `auth` make the tables. Casts, for their integers and texts differ by version.
const USERS: &str = "
    select u.id::bigint, u.username::text, u.password::text, concat_ws(' ', nullif(u.first_name, ''), nullif(u.last_name, '')),
           u.is_active, u.is_superuser, u.date_joined::timestamptz, u.last_login::timestamptz,
           array(select g.name::text from auth_user_groups m join auth_group g on g.id = m.group_id
                 where m.user_id = u.id order by g.name)
    from auth_user u
    order by u.id";

/// Reads all users. Nothing can be changed there.
pub async fn read(url: &str) -> Result<Vec<DjangoUser>> {
    let rows = read_foreign(url, USERS).await.map_err(|error| {
        let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
        let causes: Vec<String> = causes.map(ToString::to_string).collect();
        format!("Django's database: {}", causes.join(": "))
    })?;
    let user = |row: &platform::pg::Row| DjangoUser {
        id: row.get(0),
        username: row.get(1),
        password: row.get(2),
        display_name: row.get(3),
        active: row.get(4),
        superuser: row.get(5),
        joined: row.get(6),
        last_sign_in: row.get(7),
        groups: row.get(8),
    };
    Ok(rows.iter().map(user).collect())
}
