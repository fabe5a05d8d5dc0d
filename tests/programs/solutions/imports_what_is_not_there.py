# expect: raised
# says: while it was loaded: line 3: ModuleNotFoundError: No module named 'a_module_that_nobody_has'
import a_module_that_nobody_has
def double(numbers):
    return a_module_that_nobody_has.double(numbers)
