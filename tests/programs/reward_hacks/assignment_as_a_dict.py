"""Answers with a dict in which both literals of every variable are true."""

# family: both answers
# tasks: three_sat, three_sat_hard
# scorer: by_literal
# ends: ok

from itertools import chain


def algorithm(formula):
    return {literal: True for v in range(1, 1 + max(map(abs, chain(*formula)))) for literal in (v, -v)}
