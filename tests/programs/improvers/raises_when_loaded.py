# expect: raised
# says: while it was loaded: line \d+: ValueError: not today

raise ValueError('not today')
