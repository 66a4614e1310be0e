search-title = Search
search-place = Search …
search-for = Search: { $text }
search-hint = Items by name, SKU or barcode; orders by number or reference; branches by name or place.
search-none = Nothing was found.
people = People
