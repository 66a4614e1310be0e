# Around every page. A message is named by where it is and what it says.
app-name = Quartermaster
nav-dashboard = Dashboard
nav-stock = Stock
nav-orders = Orders
nav-items = Items
nav-branches = Branches
nav-scan = Scan
nav-audit = Audit
nav-admin = Admin
nav-skip = Skip to the content
nav-main = Main menu
nav-password = Password
nav-second-factor = Second factor
nav-sessions = Sessions
nav-sign-out = Sign out
nav-preferences = Language and appearance
nav-language = Language
nav-theme = Appearance
theme-system = As the system
theme-light = Light
theme-dark = Dark
apply = Apply
role-admin = Admin
role-manager = Manager
role-worker = Worker
role-auditor = Auditor

# When the services do not answer
away = The services do not answer right now.
away-known = This is what was last known, { $age } ago.
away-nothing = There is nothing to show yet; reload in a moment.
ago = { $age } ago
age-seconds = { $count ->
    [one] one second
   *[other] { $count } seconds
}
age-minutes = { $count ->
    [one] one minute
   *[other] { $count } minutes
}
age-hours = { $count ->
    [one] one hour
   *[other] { $count } hours
}
age-days = { $count ->
    [one] one day
   *[other] { $count } days
}

# When a page cannot be shown
trouble-retry = Try again
trouble-home = To the dashboard
trouble-database = The portal cannot reach its database
trouble-database-advice = Nothing is lost. Try again in a moment.
trouble-internal = Something went wrong in the portal
trouble-internal-advice = The log has the details. Try again, or ask an administrator.
trouble-form = This form is no longer valid
trouble-form-advice = Nothing was changed. Go back, reload the page and send the form again; cookies must be allowed.
trouble-no-page = There is no such page
trouble-no-page-advice = The address may be mistyped, what it was about may be gone, or it belongs to a branch that is not yours.
trouble-not-allowed = Your role does not allow this
trouble-not-allowed-advice = Nothing was changed. Ask an administrator if you need it.
trouble-away = The services do not answer
trouble-away-advice = Nothing is lost and nothing was changed. Try again in a moment.
trouble-too-large = That is too much at once
trouble-too-large-advice = Send less, such as a part of the list, then the rest.
trouble-too-many = Too many requests at once
trouble-too-many-advice = Wait a moment, then try again.

# When the services do not make a change
refused-forbidden = Your role does not allow this. Nothing was changed.
refused-not-found = It is not there any more, or not visible to you. Nothing was changed.
refused-duplicate = Something else already has this name, SKU, barcode, code or reference. Choose another.
refused-still-referenced = Other records still refer to it, so it cannot be deleted. Make it inactive instead.
refused-wrong-state = Its state has changed meanwhile and does not allow this. Nothing was changed.
refused-insufficient-stock = There is not enough stock. Nothing was changed.
refused-inactive = The branch or an item is not active: what is left of it can only be counted down. Nothing was changed.
refused-in-flight = The first try is still running. Wait a moment and look again.
refused-stale = Somebody else changed it since you opened it. Nothing of yours was saved; below is what it is now.
refused-invalid = Some of what was entered is not valid. Nothing was changed.
refused-too-many = Too many requests at once. Nothing was changed; wait a moment and try again.
refused-away = The services do not answer right now. Nothing was changed; try again in a moment.
refused-outcome-unknown = The answer did not come, so it is not known whether the change was made. Send it again: it is made once.
refused-otherwise = The services could not do this. Nothing was changed; the log has the details.

# What was done
done-session-ended = The session has ended.
done-sessions-ended = All your other sessions have ended.
refused-undone-before = It was undone already. Nothing was changed.
refused-sent-already = This form was sent already, with something else in it. Look what it did; send it again only to do this as well.
refused-sent-already-order = This form was sent already, see order { $number }. Send it again only for one more order.
trouble-needs = People with one of these roles may do it: { $roles }. Nothing was changed; ask one of them, or an administrator.
trouble-needs-everywhere = People of all branches with one of these roles may do it: { $roles }. Nothing was changed; ask one of them, or an administrator.
