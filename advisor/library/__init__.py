"""The models on this computer: one finder a store, joined in `scan`."""
