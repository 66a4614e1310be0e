admin-title = Administration
admin-users = People and groups
admin-clients = Programs
admin-keys = Signing keys
admin-policies = Policies
roles = Roles
all-branches-to-come = All branches, also those to come
no-branches = No branch
never = never

# People
user-new = New user
user-first-password = First password
user-first-password-hint = They change it at the next sign-in, within 7 days.
user-name-wrong = A user name has 1 to 150 letters, digits or ._@+-, and belongs to nobody else.
user-no-role = Choose at least one role.
user-active = may sign in
user-is-disabled = disabled
users-none = Nobody was found.
user-disable = Disable
user-enable = Enable
user-sign-out = Sign out everywhere
user-access = Roles and branches
user-access-hint = Their sessions and tokens end, so that it holds at once.
user-self = This is you. Another admin changes your roles, so that there is always one left.
user-set-password = Set the password
user-has-factor = There is a second factor. Reset it when its owner has lost it.
user-no-factor = There is no second factor.
user-reset-factor = Reset the second factor
user-no-sessions = Not signed in anywhere.
user-owns = Answers for the programs { $programs }. They get no tokens while the user is disabled: name another user there first if they must go on.
done-user-added = The user is added.
done-user-access-set = Roles and branches are set; sessions and tokens have ended.
done-user-password-set = The password is set; sessions and tokens have ended.
done-user-disabled = The user is disabled: no sign-in, and sessions and tokens have ended.
done-user-enabled = The user can sign in again.
done-user-signed-out = Sessions and tokens have ended everywhere.
done-user-factor-reset = The second factor is removed; sessions have ended.
groups-title = Groups
groups-hint = Members of a group that needs a second factor can do nothing before they have one.
group = Group
factor-required = required
factor-optional = optional
factor-require = Require it
factor-make-optional = Make it optional
done-group-saved = The group is changed.

factor-by-setting = required of every Admin; the operator can switch that off

# Programs
client-new = New program
client-add = Add, and show the secret
client-name-wrong = A name has 1 to 150 letters, digits or ._@+-, and belongs to no other program.
client-secret-once = The secret is shown this once. Give it to the program now.
client-rotate = New secret
clients-none = No programs yet.
client-owner = Answers for it
client-owner-hint = You answer for the new program: policies take the two of you for one person. It gets no tokens while your account is disabled.
client-owner-wrong = There is no active user of that name.
client-owner-disabled = This user is disabled, so the program gets no tokens. Name another user.
done-client-owner-set = It is set who answers for the program.
done-client-disabled = The program is disabled, and its tokens have ended.

# Signing keys
keys-hint = A new key is published 10 minutes before it signs, so that every service knows it. The one before stays published until its last token has ended.
key = Key
key-rotate = Make a new key
key-from = Signs from
key-until = Signed until
key-retire = Retire
key-next = next
key-signing = signing
key-retiring = retiring
key-is-retired = retired
done-key-made = A new key is made and published.
done-key-retired = The key is retired; its private half is destroyed.
done-key-kept = The key cannot be retired yet: tokens that it signed may still live.

# Policies
policy-company = The company
policy-explain = Explain a decision
policy-explain-go = Explain
policy-who = User or program
policy-nobody = There is no active user or program of that name.
policy-allowed = Allowed, by:
policy-hidden = Hidden: the branch is not among theirs, so that it does not exist for them.
policy-no-permit = Forbidden: no policy permits it.
policy-forbidden = Forbidden, by:
policy-check = Check a policy
policy-text = Policies in Cedar's language. They are checked beside those that ship; nothing is taken.
policy-check-go = Check
policy-sound = Nothing is wrong with it.
policy-refused = A policy of the company's folder is not taken, and those before it are still in force:

# Health
admin-health = System
health-part = Part
health-well = OK
health-ill = look at it
health-program = Program
health-database = Database
health-seals = Seals of the portal's audit
health-sealed = Seal { $number }, made { $age } ago; { $waiting } entries at most wait for theirs
health-unsealed = Nothing is sealed yet: a worker with a seal_key does it
health-seal-broken = The newest seal cannot be read: run quartermaster audit verify
health-seals-late = Entries have been waiting for { $seconds } s; a worker should seal them within seconds
health-services = Services
health-ready = Ready: { $checks }
health-totals = Totals of reports
health-policies = { $count ->
    [one] One policy is in force
   *[other] { $count } policies are in force
}
