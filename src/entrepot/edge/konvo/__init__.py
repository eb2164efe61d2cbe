"""The Konvo dialect: orders that another system runs, told in arrays, amounts in minor units."""
