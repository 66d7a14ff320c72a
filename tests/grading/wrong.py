"""Wrong answers to `double`, with the status and a part of the message that each gets, in the notebook and in the sandbox alike."""

WRONG = [
    ("def double(x): pass", "fail", "The result is None. Is there a `return` line at the end of the function?"),
    ("def double(x): return 'two'", "fail", "The result should be numbers, not a str."),
    ("def double(x): return 2j * x", "fail", "The result should be real numbers, not complex ones."),
    ("def double(x): return [x, [[1], [2, 3]]]", "fail", "The result should be numbers, not a list."),
    ("def double(x): return 10**5000", "fail", "The result should be numbers, not a whole number of more than 1000 bits."),
    ("def double(x): return {1: 2}", "fail", "The result should be numbers, not a dict."),
    ("def double(x): return x[:1]", "fail", "The result has shape (1,); it should have shape (2,)."),
    ("def double(x): return [[1], [2, 3]]", "fail", "The result should be numbers, not a list."),
    ("def double(x): return x * float('nan')", "fail", "There is a nan"),
    ("def double(x): return x * 3", "fail", "2 of 2 values differ, most at [1]: it is 6 and should be 4."),
    ("def double(x): return (n for n in x)", "fail", "The result should be numbers, not a generator."),
    ("def double(x): raise NotImplementedError", "missing", "Not answered yet"),
    ("def twice(x): return 2 * x", "missing", "There is no `double` yet."),
    ("double = 4", "missing", "`double` should be a function, but it is a int now."),
    ("def double(x): return input('?')", "error", "InputAsked: input() waits for the keyboard"),
    ("import sys\ndef double(x): sys.exit('bye')", "error", "SystemExit: bye"),
    ("def double(): return 2", "error", "TypeError: double() takes 0 positional arguments but 1 was given"),
    ("def double(x): return double(x)", "error", "RecursionError: maximum recursion depth exceeded"),
    ("def double(x): return 10**400", "fail", "The result should be numbers, not a whole number of more than 1000 bits."),
]
