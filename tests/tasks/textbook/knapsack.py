"""Value per share of the free capacity: of all resources together, and of the scarce one."""


def density(value, total_weight, scarce_weight, total_free, scarce_free):
    return value / (3 * total_weight / total_free + scarce_weight / scarce_free + 0.02)
