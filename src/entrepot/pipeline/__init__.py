"""The pipeline: what happens to an order later, until it is done or parked.

It decides nothing about orders: what follows from a step is decided in the core.
"""
