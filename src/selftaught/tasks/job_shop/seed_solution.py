def priority(processing_time, work_left, operations_left, waiting_time, next_machine_busy_for):
    """Return how urgent a waiting operation is; the highest gets the machine."""
    return -processing_time
