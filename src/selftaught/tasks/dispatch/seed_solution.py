def priority(processing_time, due_date, weight, now, mean_processing_time):
    """Return how urgent a waiting job is; the highest runs next."""
    return -due_date
