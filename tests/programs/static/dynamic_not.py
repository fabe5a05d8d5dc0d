# shows: nothing

import ast
import pickle
import re


def compile(rules):
    return [re.compile(rule) for rule in rules]


class Model:
    def eval(self):
        return self


def f(x):
    return compile(x), Model().eval(), ast.literal_eval("1"), pickle.dumps(x)
