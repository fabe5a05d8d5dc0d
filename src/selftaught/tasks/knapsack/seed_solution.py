def density(value, total_weight, scarce_weight, total_free, scarce_free):
    """Return how much an item is worth taking; the highest that fits is taken next."""
    return value
