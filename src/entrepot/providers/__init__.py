"""Payment services: one contract (`payment`), and a module for each service.

A provider does not decide what an answer means for an order, and keeps nothing in the order book.
"""
