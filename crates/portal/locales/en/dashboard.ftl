dashboard-title = Dashboard
dashboard-low = Below minimum
dashboard-low-none = Nothing runs low.
dashboard-orders = Recent orders
dashboard-orders-none = No orders yet.
dashboard-stock = Stock
dashboard-stock-none = No stock yet.
