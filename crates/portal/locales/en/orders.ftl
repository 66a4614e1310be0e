orders-title = Orders
orders-new = New order
orders-all = All
orders-short = Short
orders-none = No orders were found.
orders-choose = Choose
orders-choose-one = Choose order { $number }
orders-chosen = With those chosen:
order-number = Order { $number }
requested = Requested
delivered = Delivered
left-after = Left after
order-is-short = This branch has not enough for every line. Below each short line is where else there is some.
order-line-short = Available here: { $available }. Elsewhere:
order-line-has = only { $available } available

# Leading an order on
order-submit = Submit
order-fulfill = Fulfil
order-cancel = Cancel the order
order-submit-effect = The lines below are reserved: what is available falls by them, what is on hand stays. The order can then no longer be edited.
order-fulfill-effect = The lines below leave the branch: what is on hand falls by them, all lines or none.
order-cancel-effect = The order ends here. What was reserved for it becomes available again; nothing leaves the branch.
order-too-late = The order is no longer in a state that allows this.
done-order-submitted = The order is submitted; its lines are reserved.
done-order-fulfilled = The order is fulfilled; its lines have left the branch.
done-order-cancelled = The order is cancelled.
done-order-drafted = The draft is saved.
done-order-saved = The draft is saved again.
done-order-deleted = The draft is deleted.
bulk-none = No order was chosen.
bulk-result = Result
bulk-ok = Done

# Drafting
order-edit = Edit draft
order-delete = Delete this draft
lines-hint = Type or scan the SKU or barcode of each item, and how much of it.
lines-more = More lines
line-item = Item of line { $number }
line-quantity-of = Quantity of line { $number }
line-quantity = Type how much: a number above zero.
line-no-item = No item has this SKU, barcode or name.
line-many-items = Several items have this in their name. Type the SKU.
line-available = { $quantity } available
save-draft = Save the draft
bulk-done = { $count ->
    [0] None of the orders was led on.
    [one] One order was led on.
   *[other] { $count } orders were led on.
}
bulk-too-many = Not done: choose at most { $most } orders at once.
