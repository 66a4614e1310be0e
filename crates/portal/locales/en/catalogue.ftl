items-title = Items
items-new = New item
items-search = Name, SKU or barcode
items-show = Show
items-show-active = In use
items-show-inactive = Inactive
items-show-all = All
items-none = No items were found.
item-edit = Edit item
barcode-check-digit = The last digit does not fit the others, which ask for { $digit }. Compare the code with the package.
item-barcode-hint = What a scanner reads. Each barcode belongs to one item.
item-active = In use
item-delete = Delete this item
item-delete-hint = Only an item that nothing refers to can be deleted; make others inactive.
item-levels = At the branches
item-levels-none = No branch has ever had it.
item-receive = At another branch
item-chart = On hand, the last 90 days
item-orders = Open orders
item-orders-none = No order waits for it.
ledger = Ledger
ledger-none = Nothing has moved yet.
movement-kind = Kind
movement-change = Change
movement-fulfilment = Order
movement-adjustment = Adjustment
movement-number = Movement
movement-document = Document
movement-undoes = Undoes movement
done-item-created = The item is created.
done-item-saved = The item is saved.
done-item-deleted = The item is deleted.

# Branches
branches-title = Branches
branches-new = New branch
branches-search = Name, code or place
branches-none = No branches were found.
branch-code = Code
branch-code-hint = Left empty, it is made from the name.
branch-location = Place
branch-timezone = Time zone
branch-timezone-hint = Such as Europe/Berlin. Its times and days are shown by this clock.
branch-active = In use
branch-edit = Edit branch
branch-delete = Delete this branch
branch-delete-hint = Only a branch that nothing refers to can be deleted; make others inactive.
done-branch-created = The branch is created.
done-branch-saved = The branch is saved.
done-branch-deleted = The branch is deleted.

# A catalogue from a file
import-title = Import
import-text = The catalogue
import-hint = A line of column names, then a row for each item, apart by comma, semicolon or tab. Columns: { $columns }. What is left empty stays as it is.
import-file = From a file
import-preview = Show what would change
import-apply = Carry it out
import-apply-good = Carry out the good rows
import-line = Line
import-effect = What it does
import-new = new
import-change = changes
import-same = as it is
import-wrong = wrong
import-summary = { $new } new, { $change } changed, { $same } as they are, { $wrong } wrong. Nothing is written yet.
import-column = There is no column called “{ $name }”.
import-missing = The column “{ $name }” is missing.
import-empty = There are no rows below the column names.
import-too-many = A page takes { $most } rows at most. Split the file, or have the operator import it.
import-broken = Line { $line } has more or fewer cells than the first line, or a quote that is not closed.
row-missing = is missing
row-twice = is in the file twice
row-places = must be 0, 1, 2 or 3
row-yes-or-no = must be yes or no
import-done = { $count ->
    [0] No row was carried out.
    [one] One row was carried out.
   *[other] { $count } rows were carried out.
}
branch-closed = The branch is saved and is no longer in use. This is still there; it can be counted down, and submitted orders can be fulfilled or cancelled.
branch-left-on-hand = On hand: { $quantity }, items: { $levels }
item-closed = The item is saved and is no longer in use. This is still there; it can be counted down, and submitted orders can be fulfilled or cancelled.
item-left-on-hand = On hand: { $quantity }, branches: { $levels }
left-promised = Promised: { $quantity }, submitted orders: { $orders }
left-drafts = Drafts: { $count }
