# Wovon die Seiten sprechen: die Wörter des ganzen Produkts.
item = Artikel
branch = Filiale
sku = Artikelnummer
order = Auftrag
reference = Referenz
state = Status
lines = Positionen
on-hand = Vorhanden
promised = Reserviert
available = Verfügbar
minimum = Mindestbestand
drafted-at = Entworfen
state-draft = Entwurf
state-submitted = Eingereicht
state-fulfilled = Ausgeliefert
state-cancelled = Storniert
