"""A shop on django-oscar with one JSON view, for `make bench-peers`."""
