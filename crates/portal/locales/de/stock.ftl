stock-title = Bestand
stock-search = Name, Artikelnummer oder Barcode
stock-show = Anzeigen
stock-show-all = Alles
stock-show-below = Unter Mindestbestand
stock-show-zero = Nichts vorhanden
stock-show-reserved = Mit Reservierungen
stock-sort = Reihenfolge
stock-sort-branch = Nach Filiale
stock-sort-name = Nach Name
stock-sort-least = Wenigste zuerst (eine Filiale)
stock-sort-most = Meiste zuerst (eine Filiale)
stock-none = Nichts gefunden. Versuchen Sie es mit weniger Filtern.
views = Gespeicherte Ansichten
views-save = Diese Ansicht speichern
views-name = Name der Ansicht
views-forget = Ansicht { $name } vergessen
done-view-kept = Die Ansicht ist gespeichert.
done-view-forgotten = Die Ansicht ist vergessen.

# Den Bestand korrigieren
adjust-title = Bestand korrigieren
adjust-counted = Vorhanden nach der Zählung
adjust-hint = Was wirklich da ist. Die Differenz wird als Bewegung unter Ihrem Namen gebucht.
adjust-go = Bestand setzen
reason-count = Zählung
reason-damage = Beschädigt
reason-delivery = Lieferung
reason-found = Gefunden
done-stock-adjusted = Der Bestand ist gesetzt. Die Bewegung steht unten im Buch und kann dort rückgängig gemacht werden.
done-stock-set = Der Bestand ist gesetzt.
undo-reason = Bewegung { $number } rückgängig
done-stock-undone = Die Bewegung ist durch eine Gegenbewegung rückgängig gemacht.
done-stock-undo-refused = Es ließ sich nicht rückgängig machen: Der jetzige Bestand erlaubt es nicht. Nichts wurde geändert.
done-stock-undo-unknown = Die Antwort kam nicht an. Sehen Sie unten ins Buch, bevor Sie es noch einmal versuchen.

# Was da war
as-of-title = Bestand zu einer Zeit
as-of-hint = Nach der Uhr der Filiale; für alle Filialen zusammen UTC. Mit einer zweiten Zeit einer Filiale, was sich dazwischen änderte.
as-of-at = Um
as-of-until = Und um
as-of-nothing = Wählen Sie eine Filiale und eine Zeit.
as-of-none = Damals gab es nichts.
as-of-no-changes = Dazwischen änderte sich nichts.
as-of-before = Damals
as-of-after = Später
