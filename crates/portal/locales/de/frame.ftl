# Um jede Seite. Eine Nachricht heißt nach ihrem Ort und dem, was sie sagt.
app-name = Quartermaster
nav-dashboard = Übersicht
nav-stock = Bestand
nav-orders = Aufträge
nav-items = Artikel
nav-branches = Filialen
nav-scan = Scannen
nav-audit = Protokoll
nav-admin = Verwaltung
nav-skip = Zum Inhalt
nav-main = Hauptmenü
nav-password = Passwort
nav-second-factor = Zweiter Faktor
nav-sessions = Sitzungen
nav-sign-out = Abmelden
nav-preferences = Sprache und Darstellung
nav-language = Sprache
nav-theme = Darstellung
theme-system = Wie das System
theme-light = Hell
theme-dark = Dunkel
apply = Übernehmen
role-admin = Administrator
role-manager = Leitung
role-worker = Lager
role-auditor = Prüfung

# Wenn die Dienste nicht antworten
away = Die Dienste antworten gerade nicht.
away-known = Das ist der letzte bekannte Stand von vor { $age }.
away-nothing = Noch gibt es nichts zu zeigen; laden Sie die Seite gleich noch einmal.
ago = vor { $age }
age-seconds = { $count ->
    [one] einer Sekunde
   *[other] { $count } Sekunden
}
age-minutes = { $count ->
    [one] einer Minute
   *[other] { $count } Minuten
}
age-hours = { $count ->
    [one] einer Stunde
   *[other] { $count } Stunden
}
age-days = { $count ->
    [one] einem Tag
   *[other] { $count } Tagen
}

# Wenn eine Seite nicht gezeigt werden kann
trouble-retry = Noch einmal versuchen
trouble-home = Zur Übersicht
trouble-database = Das Portal erreicht seine Datenbank nicht
trouble-database-advice = Nichts ist verloren. Versuchen Sie es gleich noch einmal.
trouble-internal = Im Portal ging etwas schief
trouble-internal-advice = Einzelheiten stehen im Log. Versuchen Sie es noch einmal oder fragen Sie die Administration.
trouble-form = Dieses Formular gilt nicht mehr
trouble-form-advice = Nichts wurde geändert. Gehen Sie zurück, laden Sie die Seite neu und senden Sie das Formular noch einmal; Cookies müssen erlaubt sein.
trouble-no-page = Diese Seite gibt es nicht
trouble-no-page-advice = Vielleicht ist die Adresse vertippt, was sie zeigte ist fort, oder sie gehört zu einer Filiale, die nicht Ihre ist.
trouble-not-allowed = Ihre Rolle erlaubt das nicht
trouble-not-allowed-advice = Nichts wurde geändert. Fragen Sie die Administration, wenn Sie es brauchen.
trouble-away = Die Dienste antworten nicht
trouble-away-advice = Nichts ist verloren und nichts wurde geändert. Versuchen Sie es gleich noch einmal.
trouble-too-large = Das ist zu viel auf einmal
trouble-too-large-advice = Schicken Sie weniger, etwa einen Teil der Liste, und danach den Rest.
trouble-too-many = Zu viele Anfragen auf einmal
trouble-too-many-advice = Warten Sie einen Augenblick und versuchen Sie es dann noch einmal.

# Wenn die Dienste etwas nicht ändern
refused-forbidden = Ihre Rolle erlaubt das nicht. Nichts wurde geändert.
refused-not-found = Es ist nicht mehr da oder für Sie nicht sichtbar. Nichts wurde geändert.
refused-duplicate = Name, Artikelnummer, Barcode, Kürzel oder Referenz sind schon vergeben. Wählen Sie etwas anderes.
refused-still-referenced = Andere Einträge beziehen sich noch darauf, darum kann es nicht gelöscht werden. Setzen Sie es stattdessen auf inaktiv.
refused-wrong-state = Der Status hat sich inzwischen geändert und erlaubt das nicht. Nichts wurde geändert.
refused-insufficient-stock = Der Bestand reicht nicht. Nichts wurde geändert.
refused-inactive = Die Filiale oder ein Artikel ist nicht aktiv: Was davon noch da ist, lässt sich nur herunterzählen. Nichts wurde geändert.
refused-in-flight = Der erste Versuch läuft noch. Warten Sie einen Augenblick und sehen Sie dann nach.
refused-stale = Jemand anderes hat es geändert, seit Sie es geöffnet haben. Von Ihnen wurde nichts gespeichert; unten steht der jetzige Stand.
refused-invalid = Manche Angaben sind nicht gültig. Nichts wurde geändert.
refused-too-many = Zu viele Anfragen auf einmal. Nichts wurde geändert; versuchen Sie es gleich noch einmal.
refused-away = Die Dienste antworten gerade nicht. Nichts wurde geändert; versuchen Sie es gleich noch einmal.
refused-outcome-unknown = Die Antwort kam nicht an, darum ist unbekannt, ob die Änderung gemacht wurde. Senden Sie sie noch einmal: Sie geschieht nur einmal.
refused-otherwise = Die Dienste konnten das nicht tun. Nichts wurde geändert; Einzelheiten stehen im Log.

# Was getan wurde
done-session-ended = Die Sitzung ist beendet.
done-sessions-ended = Alle Ihre anderen Sitzungen sind beendet.
refused-undone-before = Das wurde schon rückgängig gemacht. Nichts wurde geändert.
refused-sent-already = Dieses Formular wurde schon gesendet, mit anderem Inhalt. Sehen Sie nach, was es bewirkt hat; senden Sie es nur noch einmal, wenn auch das geschehen soll.
refused-sent-already-order = Dieses Formular wurde schon gesendet, siehe Auftrag { $number }. Senden Sie es nur für einen weiteren Auftrag noch einmal.
trouble-needs = Das dürfen Personen mit einer dieser Rollen: { $roles }. Nichts wurde geändert; fragen Sie eine davon oder die Verwaltung.
trouble-needs-everywhere = Das dürfen Personen aller Filialen mit einer dieser Rollen: { $roles }. Nichts wurde geändert; fragen Sie eine davon oder die Verwaltung.
