"""Events of the native API: what happened, order by order and in the organization."""
