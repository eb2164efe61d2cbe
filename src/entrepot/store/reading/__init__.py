"""Reading the order book: rows by keys, pages by filters, and which steps wait."""
