# Anmelden
login-title = Anmelden
login-name = Benutzername
login-password = Passwort
login-go = Anmelden
login-first-expired = Dieses erste Passwort wurde nicht innerhalb von 7 Tagen benutzt und gilt nicht mehr. Bitten Sie die Verwaltung um ein neues.
login-wrong = Name und Passwort passen nicht zusammen. Prüfen Sie beides und versuchen Sie es noch einmal.
wait-seconds = Mehrere Versuche passten nicht. { $count ->
    [one] Warten Sie eine Sekunde und versuchen Sie es dann noch einmal.
   *[other] Warten Sie { $count } Sekunden und versuchen Sie es dann noch einmal.
}
wait-minutes = Mehrere Versuche passten nicht. { $count ->
    [one] Warten Sie eine Minute und versuchen Sie es dann noch einmal.
   *[other] Warten Sie { $count } Minuten und versuchen Sie es dann noch einmal.
}
step-title = Zweiter Schritt
step-code = Code
step-hint = Die 6 Ziffern, die Ihr Authenticator für { $name } zeigt. Ohne ihn einer Ihrer Wiederherstellungscodes.
step-go = Weiter
step-other = Als jemand anderes anmelden
step-wrong = Dieser Code stimmt nicht oder wurde schon benutzt. Warten Sie auf den nächsten und versuchen Sie es noch einmal.

# Das eigene Passwort
password-title = Passwort
password-current = Jetziges Passwort
password-new = Neues Passwort
password-hint = 8 bis 128 beliebige Zeichen: Mehrere Wörter ergeben ein gutes.
password-again = Das neue noch einmal
password-go = Passwort ändern
password-changed = Ihr Passwort ist geändert. Ihre anderen Sitzungen sind beendet.
password-wrong = Das ist nicht Ihr Passwort.
password-differs = Die beiden neuen Passwörter sind verschieden.
password-same = Das ist Ihr jetziges Passwort. Wählen Sie ein anderes.
password-must = Jemand anderes hat Ihr Passwort gesetzt. Wählen Sie ein eigenes, dann geht es weiter.
password-length = Ein Passwort muss 8 bis 128 Zeichen haben.
password-contains-name = Ein Passwort darf den Benutzernamen nicht enthalten.
password-common = Dieses Passwort gehört zu den häufigsten; wählen Sie ein anderes.
other-sessions-end = Alle Ihre anderen Sitzungen enden damit.

# Vor dem, was Konten, Programme oder Schlüssel ändert
confirm-title = Bestätigen Sie, dass Sie es sind
confirm-why = Sie haben Ihr Passwort vor mehr als 10 Minuten eingegeben, und hier geht es darum, wer sich anmelden darf. Noch ist nichts geändert, und Ihre Eingaben bleiben erhalten.
confirm-go = Weiter
confirm-leave = Abbrechen

# Der eigene zweite Faktor
factor-title = Zweiter Faktor
factor-must = Ihre Gruppe braucht einen zweiten Faktor. Richten Sie ihn ein, dann geht es weiter.
factor-scan = Scannen Sie das mit einem Authenticator oder tippen Sie das Geheimnis ein.
factor-qr = QR-Code des Geheimnisses darunter
factor-secret = Geheimnis
factor-code = Tippen Sie die 6 Ziffern ein, die er zeigt
factor-code-wrong = Das ist nicht der Code, den er jetzt zeigt. Prüfen Sie die Uhr Ihres Geräts und versuchen Sie den nächsten Code.
factor-password = Ihr Passwort
factor-go = Einrichten
factor-done = Ihr zweiter Faktor ist eingerichtet.
factor-codes = Wiederherstellungscodes
factor-codes-hint = Jeder meldet Sie einmal an, wenn Sie Ihren Authenticator nicht haben. Sie werden jetzt gezeigt und nie wieder: Drucken Sie sie aus oder schreiben Sie sie auf.
factor-codes-kept = Ich habe sie; weiter
factor-since = Eingerichtet am { $time }.
factor-left = { $count ->
    [one] Ein Wiederherstellungscode ist übrig.
   *[other] { $count } Wiederherstellungscodes sind übrig.
}
factor-renew = Für neue entfernen Sie ihn und richten ihn wieder ein.
factor-remove = Entfernen

# Die eigenen Sitzungen
sessions-title = Sitzungen
sessions-caption = Wo Sie angemeldet sind
sessions-where = Gerät
sessions-device = { $browser } auf { $system }
sessions-device-unknown = Unbekannt
sessions-address = Adresse
sessions-used = Zuletzt benutzt
sessions-begun = Begonnen
sessions-this = Diese hier
sessions-end = Beenden
sessions-end-others = Alle anderen beenden

# A form that was sent after its session had ended
login-kept = Ihre Sitzung war zu Ende, bevor Sie das Formular abgeschickt haben. Nichts wurde gespeichert. Melden Sie sich an, dann bekommen Sie zurück, was Sie getippt haben.
login-lost = Ihre Sitzung war zu Ende, bevor Sie das Formular abgeschickt haben. Nichts wurde gespeichert, und das Formular ist zu lang, um behalten zu werden: Gehen Sie zurück, und kopieren Sie, was Sie getippt haben, bevor Sie sich anmelden.
login-ended = Ihre Sitzung war zu Ende, bevor Sie das Formular abgeschickt haben. Nichts wurde gespeichert: Melden Sie sich an, und füllen Sie es neu aus.
kept-title = Ihr Formular ist noch da
kept-why = Nichts wurde gespeichert, weil Ihre Sitzung zu Ende war. Sehen Sie an, was Sie getippt haben, und schicken Sie es dann ab.
kept-go = Formular zeigen
kept-leave = Verwerfen
kept-shown = Das haben Sie getippt, bevor Sie sich neu angemeldet haben. Noch ist nichts gespeichert: Schicken Sie es jetzt ab.
