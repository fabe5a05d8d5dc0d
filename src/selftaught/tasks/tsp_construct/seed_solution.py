def desirability(distance, distance_to_start, mean_distance_to_unvisited, cities_left):
    """Return how good a city is as the next one of the tour; the highest is visited."""
    return -distance
