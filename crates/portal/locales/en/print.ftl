labels = Labels
labels-copies = How many
print = Print
pick-list = Pick list
packing-slip = Packing slip
paper-signature = Date and signature
