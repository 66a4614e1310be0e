audit-title = Audit
audit-action = Action
audit-entity = About
audit-any = Anything
audit-number = Number
audit-entity-id = About number
audit-person-id = Number of the person
audit-policy = Policy
audit-request = Request
audit-details = Details
audit-entry = Entry { $number }
audit-none = No entries were found.

# The audit of people, programs and keys
portal-audit-title = Audit of people, programs and keys
portal-audit-open = People, programs and keys
portal-audit-who = By
portal-audit-user = User
portal-audit-client = Program
portal-audit-key = Signing key
portal-fact-name = Name
portal-fact-active = May sign in
portal-fact-sessions = Sessions ended
portal-fact-session = Session
portal-fact-password = Fingerprint of the stored password
portal-fact-rehashed = Password stored anew
portal-fact-secret = Fingerprint of the stored secret
portal-fact-codes = Recovery codes left
portal-fact-wrong = Refused because of
portal-fact-os-user = User of the operating system
portal-fact-token = Id of the token
portal-fact-expires = Expires
portal-fact-more = More of the same within the hour

# The seal of an entry
seal-check = Check its seal
seal-none = No seal covers it yet. The newest entries wait some seconds for theirs.
seal-intact = It is as it was sealed.
seal-broken = It is not as it was sealed. Tell the operator: quartermaster audit verify names what was changed.
seal-number = Seal
seal-at = Sealed
seal-hint = The entry was hashed again just now and compared with the seal's tree. Whether the seal is signed and in its chain, the operator's command quartermaster audit verify tells, with the heads that are kept outside the database.
