# shows: nothing

from http import HTTPStatus
from urllib.parse import quote, urlparse


def f(x):
    return urlparse(x).netloc, quote(x), HTTPStatus.OK
