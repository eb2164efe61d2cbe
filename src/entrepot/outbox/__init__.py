"""How events leave: as messages to the webhooks of their organization."""
