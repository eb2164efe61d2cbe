"""How payment services are spoken to: one contract (`payment`), one module for each service.

It does not decide what an answer means for an order, and it keeps nothing in the order book.
"""
