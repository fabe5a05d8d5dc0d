"""Near, but rather a city that is far from what remains and from the start: such a city is costly to come back to."""


def desirability(distance, distance_to_start, mean_distance_to_unvisited, cities_left):
    return 0.6 * mean_distance_to_unvisited + 0.3 * distance_to_start - distance
