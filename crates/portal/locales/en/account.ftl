# Signing in
login-title = Sign in
login-name = User name
login-password = Password
login-go = Sign in
login-first-expired = This first password was not used within 7 days and is no longer good. Ask an administrator for a new one.
login-wrong = Name and password do not match. Check both and try again.
wait-seconds = There were several tries that did not match. { $count ->
    [one] Wait one second, then try again.
   *[other] Wait { $count } seconds, then try again.
}
wait-minutes = There were several tries that did not match. { $count ->
    [one] Wait one minute, then try again.
   *[other] Wait { $count } minutes, then try again.
}
step-title = Second step
step-code = Code
step-hint = The 6 digits that your authenticator shows for { $name }. Without it, one of your recovery codes.
step-go = Go on
step-other = Sign in as somebody else
step-wrong = That code is not right, or was used already. Wait for the next one and try again.

# One's own password
password-title = Password
password-current = Current password
password-new = New password
password-hint = 8 to 128 characters of any kind: several words make a good one.
password-again = The new one again
password-go = Change the password
password-changed = Your password is changed. Your other sessions have ended.
password-wrong = That is not your password.
password-differs = The two new passwords differ.
password-same = That is the password you have now. Choose another.
password-must = Somebody else set your password. Choose one of your own, then go on.
password-length = A password must have 8 to 128 characters.
password-contains-name = A password must not contain the user name.
password-common = That password is among the most common ones; choose another.
other-sessions-end = Every other session of yours ends.

# Before what changes accounts, programs or keys
confirm-title = Confirm that it is you
confirm-why = You last gave your password more than 10 minutes ago, and this is about who may sign in. Nothing has changed yet, and what you entered is kept.
confirm-go = Go on
confirm-leave = Cancel

# One's own second factor
factor-title = Second factor
factor-must = Your group needs a second factor. Set it up, then go on.
factor-scan = Scan this with an authenticator, or type the secret into it.
factor-qr = QR code of the secret below
factor-secret = Secret
factor-code = Type the 6 digits that it shows
factor-code-wrong = That is not the code it shows now. Check the clock of your device, and try the next code.
factor-password = Your password
factor-go = Set it up
factor-done = Your second factor is set up.
factor-codes = Recovery codes
factor-codes-hint = Each of them signs you in once when you do not have your authenticator. They are shown now and never again: print them or write them down.
factor-codes-kept = I have them; go on
factor-since = Set up on { $time }.
factor-left = { $count ->
    [one] One recovery code is left.
   *[other] { $count } recovery codes are left.
}
factor-renew = To get new ones, remove it and set it up again.
factor-remove = Remove it

# One's own sessions
sessions-title = Sessions
sessions-caption = Where you are signed in
sessions-where = Device
sessions-device = { $browser } on { $system }
sessions-device-unknown = Unknown
sessions-address = Address
sessions-used = Last used
sessions-begun = Begun
sessions-this = This one
sessions-end = End
sessions-end-others = End all others

# A form that was sent after its session had ended
login-kept = Your session had ended before you sent the form. Nothing was saved. Sign in, and you get back what you typed.
login-lost = Your session had ended before you sent the form. Nothing was saved, and the form is too long to be kept: go back and copy what you typed before you sign in.
login-ended = Your session had ended before you sent the form. Nothing was saved: sign in, and fill it in anew.
kept-title = Your form is still here
kept-why = Nothing was saved, since your session had ended. Look at what you typed, then send it.
kept-go = Show the form
kept-leave = Leave it
kept-shown = This is what you typed before you signed in again. Nothing was saved yet: send it now.
