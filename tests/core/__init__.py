"""Tests of the pure core: the words law, the lifecycle, the decisions, money and ids."""
