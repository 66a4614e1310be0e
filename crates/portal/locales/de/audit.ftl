audit-title = Protokoll
audit-action = Handlung
audit-entity = Worum
audit-any = Alles
audit-entity-id = Nummer dazu
audit-person-id = Nummer der Person
audit-number = Nummer
audit-policy = Richtlinie
audit-request = Anfrage
audit-details = Einzelheiten
audit-entry = Eintrag { $number }
audit-none = Keine Einträge gefunden.

# Das Protokoll der Personen, Programme und Schlüssel
portal-audit-title = Protokoll der Personen, Programme und Schlüssel
portal-audit-open = Personen, Programme und Schlüssel
portal-audit-who = Durch
portal-audit-user = Benutzer
portal-audit-client = Programm
portal-audit-key = Signierschlüssel
portal-fact-name = Name
portal-fact-active = Darf sich anmelden
portal-fact-sessions = Beendete Sitzungen
portal-fact-session = Sitzung
portal-fact-password = Fingerabdruck des gespeicherten Passworts
portal-fact-rehashed = Passwort neu gespeichert
portal-fact-secret = Fingerabdruck des gespeicherten Geheimnisses
portal-fact-codes = Übrige Wiederherstellungscodes
portal-fact-wrong = Abgelehnt wegen
portal-fact-os-user = Benutzer des Betriebssystems
portal-fact-token = Nummer des Tokens
portal-fact-expires = Läuft ab
portal-fact-more = Weitere derselben Art in der Stunde

# Das Siegel eines Eintrags
seal-check = Siegel prüfen
seal-none = Noch deckt ihn kein Siegel. Die neuesten Einträge warten einige Sekunden auf ihres.
seal-intact = Er ist, wie er versiegelt wurde.
seal-broken = Er ist nicht, wie er versiegelt wurde. Sagen Sie es dem Betrieb: quartermaster audit verify nennt, was geändert wurde.
seal-number = Siegel
seal-at = Versiegelt
seal-hint = Der Eintrag wurde soeben neu gehasht und mit dem Baum des Siegels verglichen. Ob das Siegel signiert ist und in seiner Kette steht, sagt der Befehl quartermaster audit verify des Betriebs, mit den Köpfen, die außerhalb der Datenbank liegen.
