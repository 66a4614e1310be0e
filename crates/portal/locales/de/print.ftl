labels = Etiketten
labels-copies = Wie viele
print = Drucken
pick-list = Pickliste
packing-slip = Packzettel
paper-signature = Datum und Unterschrift
