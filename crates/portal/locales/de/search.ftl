search-title = Suche
search-place = Suchen …
search-for = Suche: { $text }
search-hint = Artikel nach Name, Nummer oder Barcode; Aufträge nach Nummer oder Referenz; Filialen nach Name oder Ort.
search-none = Nichts gefunden.
people = Personen
