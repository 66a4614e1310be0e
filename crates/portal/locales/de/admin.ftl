admin-title = Verwaltung
admin-users = Personen und Gruppen
admin-clients = Programme
admin-keys = Signierschlüssel
admin-policies = Richtlinien
roles = Rollen
all-branches-to-come = Alle Filialen, auch künftige
no-branches = Keine Filiale
never = nie

# Personen
user-new = Neuer Benutzer
user-first-password = Erstes Passwort
user-first-password-hint = Wird bei der nächsten Anmeldung geändert, innerhalb von 7 Tagen.
user-name-wrong = Ein Benutzername hat 1 bis 150 Buchstaben, Ziffern oder ._@+- und gehört niemand anderem.
user-no-role = Wählen Sie mindestens eine Rolle.
user-active = darf sich anmelden
user-is-disabled = gesperrt
users-none = Niemand gefunden.
user-disable = Sperren
user-enable = Entsperren
user-sign-out = Überall abmelden
user-access = Rollen und Filialen
user-access-hint = Die Sitzungen und Tokens enden, damit es sofort gilt.
user-self = Das sind Sie. Ihre Rollen ändert ein anderer Administrator, damit immer einer übrig bleibt.
user-set-password = Passwort setzen
user-has-factor = Es gibt einen zweiten Faktor. Setzen Sie ihn zurück, wenn er verloren ist.
user-no-factor = Es gibt keinen zweiten Faktor.
user-reset-factor = Zweiten Faktor zurücksetzen
user-no-sessions = Nirgends angemeldet.
user-owns = Verantwortlich für die Programme { $programs }. Solange der Benutzer gesperrt ist, bekommen sie keine Tokens: Nennen Sie dort vorher jemand anderen, wenn sie weiterlaufen müssen.
done-user-added = Der Benutzer ist angelegt.
done-user-access-set = Rollen und Filialen sind gesetzt; Sitzungen und Tokens sind beendet.
done-user-password-set = Das Passwort ist gesetzt; Sitzungen und Tokens sind beendet.
done-user-disabled = Der Benutzer ist gesperrt: keine Anmeldung mehr, Sitzungen und Tokens sind beendet.
done-user-enabled = Der Benutzer kann sich wieder anmelden.
done-user-signed-out = Sitzungen und Tokens sind überall beendet.
done-user-factor-reset = Der zweite Faktor ist entfernt; Sitzungen sind beendet.
groups-title = Gruppen
groups-hint = Mitglieder einer Gruppe, die einen zweiten Faktor braucht, können ohne ihn nichts tun.
group = Gruppe
factor-required = Pflicht
factor-optional = freiwillig
factor-require = Zur Pflicht machen
factor-make-optional = Freiwillig machen
done-group-saved = Die Gruppe ist geändert.

factor-by-setting = Pflicht für jeden Administrator; der Betrieb kann das abschalten

# Programme
client-new = Neues Programm
client-add = Anlegen und Geheimnis zeigen
client-name-wrong = Ein Name hat 1 bis 150 Buchstaben, Ziffern oder ._@+- und gehört keinem anderen Programm.
client-secret-once = Das Geheimnis wird nur dieses eine Mal gezeigt. Geben Sie es jetzt dem Programm.
client-rotate = Neues Geheimnis
clients-none = Noch keine Programme.
client-owner = Verantwortlich
client-owner-hint = Sie sind für das neue Programm verantwortlich: Für Richtlinien gelten Sie beide als eine Person. Solange Ihr Konto gesperrt ist, bekommt es keine Tokens.
client-owner-wrong = Es gibt keinen aktiven Benutzer dieses Namens.
client-owner-disabled = Dieser Benutzer ist gesperrt, also bekommt das Programm keine Tokens. Nennen Sie einen anderen Benutzer.
done-client-owner-set = Es ist festgelegt, wer für das Programm verantwortlich ist.
done-client-disabled = Das Programm ist gesperrt, seine Tokens sind beendet.

# Signierschlüssel
keys-hint = Ein neuer Schlüssel wird 10 Minuten veröffentlicht, bevor er signiert, damit jeder Dienst ihn kennt. Der vorige bleibt veröffentlicht, bis sein letztes Token endet.
key = Schlüssel
key-rotate = Neuen Schlüssel machen
key-from = Signiert ab
key-until = Signierte bis
key-retire = Zurückziehen
key-next = nächster
key-signing = signiert
key-retiring = läuft aus
key-is-retired = zurückgezogen
done-key-made = Ein neuer Schlüssel ist gemacht und veröffentlicht.
done-key-retired = Der Schlüssel ist zurückgezogen; seine private Hälfte ist vernichtet.
done-key-kept = Der Schlüssel kann noch nicht zurückgezogen werden: Tokens von ihm können noch gelten.

# Richtlinien
policy-company = Das Unternehmen
policy-explain = Eine Entscheidung erklären
policy-explain-go = Erklären
policy-who = Benutzer oder Programm
policy-nobody = Es gibt keinen aktiven Benutzer und kein Programm dieses Namens.
policy-allowed = Erlaubt, durch:
policy-hidden = Verborgen: Die Filiale gehört nicht dazu, also gibt es sie für sie nicht.
policy-no-permit = Verboten: Keine Richtlinie erlaubt es.
policy-forbidden = Verboten, durch:
policy-check = Eine Richtlinie prüfen
policy-text = Richtlinien in der Sprache Cedar. Sie werden neben den mitgelieferten geprüft; nichts wird übernommen.
policy-check-go = Prüfen
policy-sound = Es ist nichts daran falsch.
policy-refused = Eine Richtlinie aus dem Ordner des Unternehmens wurde nicht übernommen, die vorigen gelten weiter:

# Zustand
admin-health = System
health-part = Teil
health-well = in Ordnung
health-ill = ansehen
health-program = Programm
health-database = Datenbank
health-seals = Siegel des Portal-Protokolls
health-sealed = Siegel { $number }, vor { $age } gemacht; höchstens { $waiting } Einträge warten auf ihres
health-unsealed = Noch ist nichts versiegelt: Das tut ein Worker mit seal_key
health-seal-broken = Das neueste Siegel ist nicht lesbar: quartermaster audit verify ausführen
health-seals-late = Einträge warten seit { $seconds } s; ein Worker sollte sie in Sekunden versiegeln
health-services = Dienste
health-ready = Bereit: { $checks }
health-totals = Summen der Berichte
health-policies = { $count ->
    [one] Eine Richtlinie gilt
   *[other] { $count } Richtlinien gelten
}
