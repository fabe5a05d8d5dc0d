"""Weighted modified due date: the weight over the time to the due date, or to the end of the job if that is later."""


def priority(processing_time, due_date, weight, now, mean_processing_time):
    return weight / max(processing_time, due_date - now)
