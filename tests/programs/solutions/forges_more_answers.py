# expect: protocol_violation
# says: it sent more answers than there are instances
# violation: protocol
import gc


def double(numbers):
    [channel] = [thing for thing in gc.get_objects() if type(thing).__name__ == "Channel"]
    channel.send({"type": "answers", "answers": [[0]] * 1000})
    return [2 * number for number in numbers]
