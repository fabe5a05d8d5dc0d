"""Most work left per processing time: long jobs first, but short operations of theirs."""


def priority(processing_time, work_left, operations_left, waiting_time, next_machine_busy_for):
    return work_left / processing_time
