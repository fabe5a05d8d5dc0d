# expect: raised
# says: line 4: KeyboardInterrupt: 
def double(numbers):
    raise KeyboardInterrupt
