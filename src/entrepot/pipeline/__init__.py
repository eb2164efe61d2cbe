"""The pipeline: what happens to an order later, and again until it is done or a person is needed."""
