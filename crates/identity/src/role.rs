//! Roles: what a user may do. Their names are those of the portal's groups and of the claim `roles`.

/// A role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything.
    Admin,
    /// Everything within its branches.
    Manager,
    /// Reads, and drafts orders within its branches.
    Worker,
    /// Reads everything, changes nothing.
    Auditor,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 4] = [Role::Admin, Role::Manager, Role::Worker, Role::Auditor];

    /// Its name, in tokens and as a group.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Admin => "Admin",
            Role::Manager => "Manager",
            Role::Worker => "Worker",
            Role::Auditor => "Auditor",
        }
    }

    /// The role of that name; names are exact.
    pub fn parse(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.name() == name)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Roles(u8);

impl Roles {
    /// Whether the role is among them.
    pub const fn has(self, role: Role) -> bool {
        self.0 & role.bit() != 0
    }

    /// The roles, in the order of [`Role::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.has(*role))
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Roles {
        Roles(roles.into_iter().fold(0, |bits, role| bits | role.bit()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_it_was_made_of() {
        let roles: Roles = [Role::Worker, Role::Auditor, Role::Worker].into_iter().collect();
        assert_eq!(roles.iter().collect::<Vec<_>>(), [Role::Worker, Role::Auditor]);
        assert!(!roles.has(Role::Admin) && !Roles::default().has(Role::Worker));
    }

    #[test]
    fn only_exact_names_are_roles() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.name()), Some(role));
        }
        for name in ["", "admin", "ADMIN", " Admin", "Superuser"] {
            assert_eq!(Role::parse(name), None, "{name:?}");
        }
    }
}
