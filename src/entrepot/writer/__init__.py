"""The writer: the only way by which the book changes. Commands are carried out once, in batches,
and each batch in one transaction.
"""
