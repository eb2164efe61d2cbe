"""The native API's valuation: what stock is worth."""
