"""Program of thoughts: programs bring an experiment, which is run here; the next prompt shows its output."""

import contextlib
import io
import sys

from helpers import extract_code

EXPERTISE = "You are an experimental computer scientist: what can be computed, you let a program compute."


def question(solution, printed, utility):
    """The prompt for one improvement, with what the experiment of the program at hand has shown."""
    return (
        f"Improve this program:\n\n```python\n{solution}\n```\n\n"
        f"Its experiment printed:\n\n````text\n{printed or 'nothing yet'}\n````\n\n"
        f"This is how it will be judged; a higher value is better:\n\n````text\n{utility.str}\n````\n\n"
        "Do not guess what can be computed. Say in a sentence which change follows from that output, then write the "
        "whole improved program in one code block. Under `if __name__ == '__main__':` it ends with a short experiment: "
        "small inputs, made with a fixed seed, and the few figures printed by which to choose the next change."
    )


def output_of(program):
    """The end of what a program prints when it is run as the main one; it is stopped after so many steps."""
    output, steps_left = io.StringIO(), iter(range(3_000_000))

    def count_step(frame, event, argument):
        frame.f_trace_opcodes = True
        if next(steps_left, None) is None:
            raise KeyboardInterrupt("the experiment was stopped: it takes too long")
        return count_step

    with contextlib.redirect_stdout(output):
        try:
            sys.settrace(count_step)
            exec(compile(program, "<experiment>", "exec"), {"__name__": "__main__"})
        except BaseException as error:  # it may fail in any way, and how it did is a finding too  # noqa: BLE001
            print(f"{type(error).__name__}: {error}")
        finally:
            sys.settrace(None)
    return output.getvalue()[-2000:].strip()


def improve_algorithm(initial_solution, utility, language_model):
    """Return the best program found by improving the best one again and again, with its experiment's output at hand."""
    values = {}
    try:
        values[initial_solution] = utility(initial_solution)
        while language_model.times_used < language_model.budget and utility.uses < utility.budget:
            best = max(values, key=values.get)
            message = question(best, output_of(best) if len(values) > 1 else "", utility)
            n_responses = min(language_model.max_responses_per_call, utility.budget - utility.uses)
            for candidate in extract_code(language_model.prompt(EXPERTISE, message, n_responses, 0.7)):
                if candidate not in values:
                    values[candidate] = utility(candidate)
    except Exception:  # a budget is used up or the model fell silent: what was found until then counts
        if language_model.times_used == 0:
            raise
    return max(values, key=values.get, default=initial_solution)
