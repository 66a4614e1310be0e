audit-title = Protokoll
audit-action = Handlung
audit-entity = Worum
audit-any = Alles
audit-number = Nummer
audit-policy = Richtlinie
audit-request = Anfrage
audit-details = Einzelheiten
audit-entry = Eintrag { $number }
audit-none = Keine Einträge gefunden.

# Das Siegel eines Eintrags
seal-check = Siegel prüfen
seal-none = Noch deckt ihn kein Siegel. Die neuesten Einträge warten einige Sekunden auf ihres.
seal-intact = Er ist, wie er versiegelt wurde.
seal-broken = Er ist nicht, wie er versiegelt wurde. Sagen Sie es dem Betrieb: quartermaster audit verify nennt, was geändert wurde.
seal-number = Siegel
seal-at = Versiegelt
seal-hint = Der Eintrag wurde soeben neu gehasht und mit dem Baum des Siegels verglichen. Ob das Siegel signiert ist und in seiner Kette steht, sagt der Befehl quartermaster audit verify des Betriebs, mit den Köpfen, die außerhalb der Datenbank liegen.
