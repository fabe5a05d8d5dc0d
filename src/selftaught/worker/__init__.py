"""All that runs beside untrusted code: it knows of the rest of the package nothing but the wire.

Inside the isolation this folder is the only part of `selftaught` that exists (`zygote.py` makes an empty parent
package),
so modules here import the standard library, msgspec, numpy, markdown_it and one another, and nothing else.
"""
