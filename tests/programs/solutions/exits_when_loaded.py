# expect: raised
# says: while it was loaded: line 3: SystemExit: 0
raise SystemExit(0)
