"""The native API's webhooks: where an organization's events are sent."""
