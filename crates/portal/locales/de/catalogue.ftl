items-title = Artikel
items-new = Neuer Artikel
items-search = Name, Artikelnummer oder Barcode
items-show = Anzeigen
items-show-active = In Gebrauch
items-show-inactive = Inaktive
items-show-all = Alle
items-none = Keine Artikel gefunden.
item-edit = Artikel bearbeiten
barcode-check-digit = Die letzte Ziffer passt nicht zu den anderen, die { $digit } verlangen. Vergleichen Sie den Code mit der Packung.
item-barcode-hint = Was ein Scanner liest. Jeder Barcode gehört zu einem Artikel.
item-active = In Gebrauch
item-delete = Diesen Artikel löschen
item-delete-hint = Nur ein Artikel, auf den sich nichts bezieht, kann gelöscht werden; setzen Sie andere auf inaktiv.
item-levels = In den Filialen
item-levels-none = Keine Filiale hatte es je.
item-receive = In einer anderen Filiale
item-chart = Vorhanden, die letzten 90 Tage
item-orders = Offene Aufträge
item-orders-none = Kein Auftrag wartet darauf.
ledger = Bewegungen
ledger-none = Noch hat sich nichts bewegt.
movement-kind = Art
movement-change = Änderung
movement-fulfilment = Auftrag
movement-number = Bewegung
movement-document = Beleg
movement-undoes = Nimmt Bewegung zurück
movement-adjustment = Korrektur
done-item-created = Der Artikel ist angelegt.
done-item-saved = Der Artikel ist gespeichert.
done-item-deleted = Der Artikel ist gelöscht.

# Filialen
branches-title = Filialen
branches-new = Neue Filiale
branches-search = Name, Kürzel oder Ort
branches-none = Keine Filialen gefunden.
branch-code = Kürzel
branch-code-hint = Bleibt es leer, wird es aus dem Namen gemacht.
branch-location = Ort
branch-timezone = Zeitzone
branch-timezone-hint = Etwa Europe/Berlin. Ihre Zeiten und Tage werden nach dieser Uhr gezeigt.
branch-active = In Gebrauch
branch-edit = Filiale bearbeiten
branch-delete = Diese Filiale löschen
branch-delete-hint = Nur eine Filiale, auf die sich nichts bezieht, kann gelöscht werden; setzen Sie andere auf inaktiv.
done-branch-created = Die Filiale ist angelegt.
done-branch-saved = Die Filiale ist gespeichert.
done-branch-deleted = Die Filiale ist gelöscht.

# Ein Katalog aus einer Datei
import-title = Importieren
import-text = Der Katalog
import-hint = Eine Zeile mit Spaltennamen, dann eine Zeile für jeden Artikel, getrennt durch Komma, Semikolon oder Tabulator. Spalten: { $columns }. Was leer bleibt, bleibt, wie es ist.
import-file = Aus einer Datei
import-preview = Zeigen, was sich änderte
import-apply = Ausführen
import-apply-good = Die richtigen Zeilen ausführen
import-line = Zeile
import-effect = Was sie tut
import-new = neu
import-change = ändert
import-same = unverändert
import-wrong = falsch
import-summary = { $new } neue, { $change } geänderte, { $same } unveränderte, { $wrong } falsche. Noch ist nichts geschrieben.
import-column = Es gibt keine Spalte namens „{ $name }“.
import-missing = Die Spalte „{ $name }“ fehlt.
import-empty = Unter den Spaltennamen stehen keine Zeilen.
import-too-many = Eine Seite nimmt höchstens { $most } Zeilen. Teilen Sie die Datei, oder lassen Sie sie vom Betrieb importieren.
import-broken = Zeile { $line } hat mehr oder weniger Zellen als die erste, oder ein Anführungszeichen ist nicht geschlossen.
row-missing = fehlt
row-twice = steht zweimal in der Datei
row-places = muss 0, 1, 2 oder 3 sein
row-yes-or-no = muss yes oder no sein
import-done = { $count ->
    [0] Keine Zeile wurde ausgeführt.
    [one] Eine Zeile wurde ausgeführt.
   *[other] { $count } Zeilen wurden ausgeführt.
}
branch-closed = Die Filiale ist gespeichert und nicht mehr in Gebrauch. Das ist noch da; es lässt sich herunterzählen, und eingereichte Aufträge lassen sich ausliefern oder stornieren.
branch-left-on-hand = Vorhanden: { $quantity }, Artikel: { $levels }
item-closed = Der Artikel ist gespeichert und nicht mehr in Gebrauch. Das ist noch da; es lässt sich herunterzählen, und eingereichte Aufträge lassen sich ausliefern oder stornieren.
item-left-on-hand = Vorhanden: { $quantity }, Filialen: { $levels }
left-promised = Zugesagt: { $quantity }, eingereichte Aufträge: { $orders }
left-drafts = Entwürfe: { $count }
