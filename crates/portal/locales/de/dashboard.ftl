dashboard-title = Übersicht
dashboard-low = Unter Mindestbestand
dashboard-low-none = Nichts wird knapp.
dashboard-orders = Neueste Aufträge
dashboard-orders-none = Noch keine Aufträge.
dashboard-stock = Bestand
dashboard-stock-none = Noch kein Bestand.
