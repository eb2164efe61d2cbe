"""What the order book is asked: rows by keys, pages by filters, and which steps wait."""
