"""Synthetic model sets in the published LTX-2.3 layout: random weights, exact names, shapes, dtypes and metadata."""
