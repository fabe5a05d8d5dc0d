# expect: raised
# says: line 5: KeyError: 'factor'
def double(numbers):
    settings = {}
    return [settings["factor"] * number for number in numbers]
