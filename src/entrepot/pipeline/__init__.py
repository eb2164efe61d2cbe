"""The pipeline: the later steps of an order, until the order is done or parked.

The pipeline decides nothing about orders: the core decides what follows from a step.
"""
