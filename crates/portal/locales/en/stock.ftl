stock-title = Stock
stock-search = Name, SKU or barcode
stock-show = Show
stock-show-all = Everything
stock-show-below = Below minimum
stock-show-zero = Nothing on hand
stock-show-reserved = With reservations
stock-sort = Sort
stock-sort-branch = By branch
stock-sort-name = By name
stock-sort-least = Least first (one branch)
stock-sort-most = Most first (one branch)
stock-none = Nothing was found. Try fewer filters.
views = Saved views
views-save = Save this view
views-name = Name of the view
views-forget = Forget the view { $name }
done-view-kept = The view is saved.
done-view-forgotten = The view is forgotten.

# Setting right what is on hand
adjust-title = Adjust stock
adjust-counted = On hand after the count
adjust-hint = What is really there. The difference is entered as a movement under your name.
adjust-go = Set what is on hand
reason-count = Count
reason-damage = Damaged
reason-delivery = Delivery
reason-found = Found
done-stock-adjusted = What is on hand is set. The ledger below has the movement; it can be undone there.
done-stock-set = What is on hand is set.
undo-reason = Movement { $number } undone
done-stock-undone = The movement is undone by a movement against it.
done-stock-undo-refused = It could not be undone: what is on hand now does not allow it. Nothing was changed.
done-stock-undo-unknown = The answer did not come. Look at the ledger below before you try again.

# What there was
as-of-title = Stock at a time
as-of-hint = By the clock of the branch; for all branches together, UTC. With a second time of one branch, what changed in between.
as-of-at = At
as-of-until = And at
as-of-nothing = Choose a branch and a time.
as-of-none = There was nothing then.
as-of-no-changes = Nothing changed in between.
as-of-before = Then
as-of-after = Later
