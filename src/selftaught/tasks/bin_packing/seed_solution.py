def priority(item, remaining_capacity, capacity, items_left):
    """Return how well an open bin suits the item; the highest takes it."""
    return remaining_capacity
