# What the pages speak of: the words of the whole product.
item = Item
branch = Branch
sku = SKU
order = Order
reference = Reference
state = State
lines = Lines
on-hand = On hand
promised = Reserved
available = Available
minimum = Minimum
drafted-at = Drafted
state-draft = Draft
state-submitted = Submitted
state-fulfilled = Fulfilled
state-cancelled = Cancelled
