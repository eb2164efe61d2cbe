"""The native API: what no other dialect says, and all that Entrepot can do with an order."""
