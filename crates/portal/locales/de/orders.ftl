orders-title = Aufträge
orders-new = Neuer Auftrag
orders-all = Alle
orders-short = Unterdeckt
orders-none = Keine Aufträge gefunden.
orders-choose = Wählen
orders-choose-one = Auftrag { $number } wählen
orders-chosen = Mit den gewählten:
order-number = Auftrag { $number }
requested = Bestellt
delivered = Ausgeliefert
left-after = Danach übrig
order-is-short = Diese Filiale hat nicht genug für jede Position. Unter jeder unterdeckten Position steht, wo es noch etwas gibt.
order-line-short = Hier verfügbar: { $available }. Anderswo:
order-line-has = nur { $available } verfügbar

# Einen Auftrag weiterführen
order-submit = Einreichen
order-fulfill = Ausliefern
order-cancel = Stornieren
order-submit-effect = Die Positionen unten werden reserviert: Verfügbar sinkt um sie, vorhanden bleibt. Der Auftrag lässt sich danach nicht mehr bearbeiten.
order-fulfill-effect = Die Positionen unten verlassen die Filiale: Vorhanden sinkt um sie, alle Positionen oder keine.
order-cancel-effect = Der Auftrag endet hier. Was für ihn reserviert war, wird wieder verfügbar; nichts verlässt die Filiale.
order-too-late = Der Auftrag ist nicht mehr in einem Status, der das erlaubt.
done-order-submitted = Der Auftrag ist eingereicht; seine Positionen sind reserviert.
done-order-fulfilled = Der Auftrag ist ausgeliefert; seine Positionen haben die Filiale verlassen.
done-order-cancelled = Der Auftrag ist storniert.
done-order-drafted = Der Entwurf ist gespeichert.
done-order-saved = Der Entwurf ist neu gespeichert.
done-order-deleted = Der Entwurf ist gelöscht.
bulk-none = Kein Auftrag war gewählt.
bulk-result = Ergebnis
bulk-ok = Erledigt

# Entwerfen
order-edit = Entwurf bearbeiten
order-delete = Diesen Entwurf löschen
lines-hint = Tippen oder scannen Sie von jedem Artikel Nummer oder Barcode, und wie viel davon.
lines-more = Mehr Positionen
line-item = Artikel der Position { $number }
line-quantity-of = Menge der Position { $number }
line-quantity = Geben Sie an, wie viel: eine Zahl über null.
line-no-item = Kein Artikel hat diese Nummer, diesen Barcode oder Namen.
line-many-items = Mehrere Artikel haben das im Namen. Geben Sie die Nummer ein.
line-available = { $quantity } verfügbar
save-draft = Entwurf speichern
bulk-done = { $count ->
    [0] Keiner der Aufträge wurde weitergeführt.
    [one] Ein Auftrag wurde weitergeführt.
   *[other] { $count } Aufträge wurden weitergeführt.
}
bulk-too-many = Nicht ausgeführt: Wählen Sie höchstens { $most } Aufträge auf einmal.
