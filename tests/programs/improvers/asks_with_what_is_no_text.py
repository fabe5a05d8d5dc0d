# expect: ok
# solution: \(11, 0\)

def improve_algorithm(initial_solution, utility, language_model):
    refusals = 0
    for expertise, message in (("expert", None), ("expert", 5), ("expert", ["message"]), (None, "message"), ("expert", b"message")):
        try:
            language_model.prompt(expertise, message)
        except AssertionError as error:
            refusals += 1
    for batch in ([None], "message", ["message"] * 7, [], [["message"]], None):
        try:
            language_model.batch_prompt("expert", batch)
        except AssertionError as error:
            refusals += 1
    return repr((refusals, language_model.times_used))
