"""The native API's purchase orders: drafts of what would fill low shelves."""
