# expect: ok
# value: 1.0
def double(numbers):
    answer = [2 * number for number in numbers]
    numbers.clear()
    return answer
