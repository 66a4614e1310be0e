audit-title = Audit
audit-action = Action
audit-entity = About
audit-any = Anything
audit-number = Number
audit-policy = Policy
audit-request = Request
audit-details = Details
audit-entry = Entry { $number }
audit-none = No entries were found.

# The seal of an entry
seal-check = Check its seal
seal-none = No seal covers it yet. The newest entries wait some seconds for theirs.
seal-intact = It is as it was sealed.
seal-broken = It is not as it was sealed. Tell the operator: quartermaster audit verify names what was changed.
seal-number = Seal
seal-at = Sealed
seal-hint = The entry was hashed again just now and compared with the seal's tree. Whether the seal is signed and in its chain, the operator's command quartermaster audit verify tells, with the heads that are kept outside the database.
