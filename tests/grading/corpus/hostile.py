"""Answers to question 1 of exercise 02 that are broken or hostile, and what each must get."""

from dataclasses import dataclass

HEAD = "def tanh_backward(grad, x):\n    "
RIGHT = "return grad * (1 - np.tanh(x) ** 2)\n"
ENDLESS = r"Stopped after [\d.]+ seconds\. Is there a loop that never ends\?"
ENDED = r"The answer ended the program that ran it \(.+\)\..*"
SPOILED = "The answer spoiled the grader's own channel.*"
REFUSED = "PermissionError: .*Operation not permitted.*"
UNSTEADY = "`tanh_backward` gave different results for the same arguments.*"


@dataclass(frozen=True)
class Hostile:
    "A cell that stands where the answer should, and what becomes of the question's two tests, the second of them hidden."
    name: str
    code: str
    statuses: tuple[str, str]
    message: str = ""  # a regular expression for the first message that is not empty
    cell: str = ""  # the class of what the cell itself raises
    walled: bool = False  # whether this is so in bubblewrap only
    alone: bool = True  # whether other questions keep their points
    seconds: float = 100.0  # for each cell


def body(name, lines, status, message, **more):
    "A case where the function's body is `lines`, and both tests find the same."
    return Hostile(name, HEAD + "\n    ".join(lines.splitlines()) + "\n", (status, status), message, **more)


def cell(name, source, status, message, **more): return Hostile(name, source, (status, status), message, **more)


def right(name, source, **more):
    "A case of mischief around a right answer, which helps nothing and costs nothing."
    return Hostile(name, f"{source}\n{HEAD}{RIGHT}", ("pass", "pass"), **more)


def wrong(name, source, message=r"In the gradient, .* values differ.*"):
    "A case of a wrong answer (the rule as it was given), with mischief above it that should make it look right."
    return Hostile(name, f"{source}\n{HEAD}return grad * (1 - x**2)\n", ("fail", "fail"), message)


FIND_WORKER = "import gc\nworker = next(one for one in gc.get_objects() if type(one).__name__ == 'Worker')\n"
WRONG_KIND = [
    body("a text", "return 'grad'", "fail", "The gradient should be numbers, not a str."),
    body("nothing", "np.tanh(x)", "fail", "The gradient is None.*"),
    body("rows of different lengths", "return [[1.0], [2.0, 3.0], []]", "fail", "The gradient should be numbers, not a list."),
    body("nan", "return grad * np.nan", "fail", "There is a nan.*"),
    body("another shape", "return np.sum(grad)", "fail", r"The gradient is a single number; it should have shape \(3,\)\."),
    body("a generator", "yield from grad", "fail", "The gradient should be numbers, not a generator."),
    body("a function", "return np.tanh", "fail", "The gradient should be numbers, not a ufunc."),
    body("objects", "return np.array([object() for _ in grad])", "fail", "The gradient should be numbers, not a list."),
    body("a huge number", "return 10**100_000", "fail", "The gradient should be numbers, not a whole number of more than 1000 bits."),
    body("a list in itself", "here = []\nhere.append(here)\nreturn here", "fail", "The gradient should be numbers, not a list."),
    body("a tree without end", "here = [0]\nfor _ in range(100): here = [here, here]\nreturn here", "error", "TooLarge: more than 200,000 values"),
    body("a text of 100 MB", "return 'x' * 10**8", "error", "TooLarge: more than .* MB"),
    body("an array of 1 GB", "return np.zeros(2**27)", "error", "(TooLarge: more than .* MB|MemoryError.*)"),
    body("half a character", "return '\\ud800'", "fail", "The gradient should be numbers, not a str."),
]  # fmt: skip
STOPPING = [
    body("endless", "while True: pass", "timeout", ENDLESS),
    body("endless, swallowing", "while True:\n    try:\n        while True: pass\n    except BaseException: pass", "timeout", ENDLESS),
    body("endless, deaf", "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass", "timeout", ENDLESS),
    body("endless, in C", "sum(range(10**15))", "timeout", ENDLESS),
    body("asleep", "import time\ntime.sleep(10**6)", "timeout", ENDLESS),
    Hostile("endless below the answer", f"{HEAD}{RIGHT}while True: pass", ("pass", "pass"), cell="TimeUp", seconds=3.0),
    cell("endless above the answer", f"while True: pass\n{HEAD}{RIGHT}", "timeout", ENDLESS, cell="TimeUp", seconds=3.0),
    cell("deaf above the answer", f"import signal\nsignal.signal(2, signal.SIG_IGN)\nwhile True: pass\n{HEAD}{RIGHT}", "died", ENDLESS, cell="TimeUp", seconds=3.0),
    body("sys.exit", "import sys\nsys.exit(0)", "error", "SystemExit: 0"),
    body("os._exit", "import os\nos._exit(0)", "died", ENDED),
    cell("os._exit in the cell", f"{HEAD}{RIGHT}import os\nos._exit(0)", "died", ENDED, cell="Died"),
    body("a crash", "import ctypes\nctypes.string_at(0)", "died", ENDED),
    body("an abort", "import os\nos.abort()", "died", ENDED),
    body("an alarm", "import signal, time\nsignal.alarm(1)\ntime.sleep(60)", "(died|timeout)", f"({ENDED}|{ENDLESS})"),
    body("without a floor", "import sys\nsys.setrecursionlimit(10**9)\nreturn tanh_backward(grad, x)", "(died|timeout|error)", ".+"),
    body("out of memory", "return [bytearray(2**28) for _ in range(1000)]", "error", "MemoryError"),
    body("interrupts itself", "raise KeyboardInterrupt", "error", "KeyboardInterrupt"),
    body("input", "return float(input('x?'))", "error", r"InputAsked: input\(\) waits for the keyboard.*"),
    cell("no Python", "def tanh_backward(grad, x:\n    return grad", "error", "SyntaxError: .*never closed.*", cell="SyntaxError"),
    cell("a null byte", "x = '\0'", "error", ".*null bytes.*", cell="(ValueError|SyntaxError)"),
    cell("an error in the cell", f"np.nothing\n{HEAD}{RIGHT}", "error", "AttributeError: module 'numpy' has no attribute 'nothing'", cell="AttributeError"),
    cell("renamed", f"{HEAD.replace('tanh_backward', 'tanh_back')}{RIGHT}", "missing", "There is no `tanh_backward` yet.*"),
    cell("deleted", "", "missing", "There is no `tanh_backward` yet.*"),
    cell("not answered", f"{HEAD}raise NotImplementedError", "missing", "Not answered yet.*"),
    cell("no function", "tanh_backward = 3", "missing", "`tanh_backward` should be a function, but it is a int now.*"),
    Hostile("gone after a call", HEAD + "del globals()['tanh_backward']\n    return grad", ("fail", "error"), UNSTEADY),
    body("an error that cannot be read", "class Odd(Exception):\n    def __str__(self): raise self\nraise Odd", "error", "Exception: an exception that cannot be read"),
    body("a long error", "raise ValueError('long ' * 10**6)", "error", "ValueError: (long ){99}.*"),
    right("100 MB of output", "print('x' * 10**8)"),
    right("output without lines", "import os\nfor _ in range(1000): os.write(2, b'\\xff' * 10**5)"),
]  # fmt: skip
UNSTEADY_ONES = [
    body("chance", "return np.random.default_rng().normal(size=x.shape)", "fail", UNSTEADY),
    body("by turns", "tanh_backward.turn = not getattr(tanh_backward, 'turn', False)\nreturn grad * tanh_backward.turn", "fail", UNSTEADY),
    Hostile("writes into its input", HEAD + "x[...] = np.tanh(x)\n    return grad * (1 - x**2)", ("pass", "fail"), "tanh_backward changed its own input.*"),
]  # fmt: skip
PATCHES = [
    wrong("patched numpy", "for name in ('isclose', 'allclose', 'array_equal', 'all', 'any', 'abs'): setattr(np, name, lambda *a, **k: True)"),
    wrong("patched numpy.testing", "np.testing.assert_allclose = lambda *a, **k: None"),
    wrong("patched builtins", "import builtins\nbuiltins.all = builtins.any = builtins.round = lambda *a, **k: True"),
    wrong("stripped asserts", "import sys\nsys.flags = None\n__debug__2 = False"),
    wrong("a forged checker", "import sys, types\nforged = types.ModuleType('genai_course.grading.expect')\nforged.close = lambda *a, **k: None\n"
          "sys.modules['genai_course.grading.expect'] = forged"),
    wrong("the real checker, patched", "import genai_course.grading.expect as expect\nexpect.close = lambda *a, **k: None"),
    wrong("patched torch", "import torch\ntorch.allclose = torch.equal = torch.isclose = lambda *a, **k: True"),
    body("a float that equals everything", "class Always(float):\n    __eq__ = lambda a, b: True\n    __hash__ = None\nreturn Always(0)", "fail",
         "The gradient should be numbers, not a Always."),
    body("an array that equals everything", "class Always(np.ndarray):\n    __eq__ = __ne__ = lambda a, b: True\n    __sub__ = lambda a, b: 0\n"
         "return np.zeros(x.shape).view(Always)", "fail", "In the gradient, .* values differ.*"),
    body("a list that equals everything", "class Always(list):\n    __eq__ = lambda a, b: True\n    __iter__ = lambda a: iter([0.0] * 3)\nreturn Always()",
         "fail", "(In the gradient, .* values differ|The gradient has shape|The gradient is a single number).*"),
    cell("a tensor that equals everything", "import torch\nclass Always(torch.Tensor):\n    __eq__ = lambda a, b: True\n"
         f"{HEAD}return torch.zeros(x.shape).as_subclass(Always)", "fail", "The gradient is a torch tensor; it should be a numpy array.*"),
    body("a result that patches when it is read", "class Odd(dict):\n    def items(self):\n        np.isclose = lambda *a, **k: True\n        return [(1, 2)]\nreturn Odd()",
         "fail", "The gradient should be numbers, not a dict."),
]  # fmt: skip
FORGERIES = [
    body("garbage on every channel", "import os\nfor file in range(64):\n    try: os.write(file, b'\\xff' * 100)\n    except OSError: pass\nreturn grad", "died", SPOILED),
    body("an empty reply", "import os\nfor file in range(3, 64):\n    try: os.write(file, b'\\x00\\x00\\x00\\x02{}')\n    except OSError: pass\nreturn grad", "died", SPOILED),
    body("a huge reply", "import os\nfor file in range(3, 64):\n    try: os.write(file, b'\\x7f' * 4 + b'x' * 2**16)\n    except OSError: pass\nreturn grad", "died", SPOILED),
    body("files found in /proc", "import os\nfor name in os.listdir('/proc/self/fd'):\n    try: os.write(int(name), b'pass' * 1000)\n    except OSError: pass\nreturn grad",
         "died", SPOILED),
    body("closed channels", "import os\nos.closerange(0, 64)\nreturn grad", "died", ENDED),
    cell("two replies", f"{FIND_WORKER}{HEAD}worker.send({{'seq': worker.sequence, 'result': 1.0, 'changed': []}})\n    return grad", "died", SPOILED),
    cell("a reply for the next call", f"{FIND_WORKER}{HEAD}worker.send({{'seq': worker.sequence + 1, 'result': 1.0, 'changed': []}})\n    return grad", "died", SPOILED),
    cell("a reply that says pass", f"{FIND_WORKER}{HEAD}worker.send({{'seq': worker.sequence, 'status': 'pass', 'score': 99}})\n    return grad", "died", SPOILED),
    cell("asks for a function that nobody passed", f"{FIND_WORKER}{HEAD}return worker.ask(0, (), {{}})", "died", SPOILED),
    cell("a forged array", f"{FIND_WORKER}import os\n{HEAD}worker.send({{'seq': worker.sequence, 'changed': [], 'result': "
         "{'is': 'array', 'dtype': '|O8', 'shape': [1], 'base64': 'AAAAAAAAAAA='}})\n    while True: pass", "died", SPOILED),
    cell("a forged failure", f"{FIND_WORKER}{HEAD}worker.send({{'seq': worker.sequence, 'failure': 'no'}})\n    while True: pass", "died", SPOILED),
    cell("counts that are no numbers", f"{FIND_WORKER}{HEAD}worker.send({{'seq': True, 'result': 1.0}})\n    return grad", "died", SPOILED),
]  # fmt: skip
PRYING = [
    body("a fork", "import os\nreturn os.fork()", "error", REFUSED),
    body("a fork bomb", "import os\nwhile True: os.fork()", "error", REFUSED),
    body("a program", "import subprocess\nreturn subprocess.run(['ls'])", "error", REFUSED),
    body("the network", "import socket\nreturn socket.create_connection(('1.1.1.1', 80))", "error", REFUSED),
    body("threads", "import threading, time\nfor _ in range(10**4): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()", "error",
         "(RuntimeError: can't start new thread|MemoryError.*)"),
    body("the disk", "for i in range(10**4): open(f'/tmp/{i}', 'wb').write(bytes(2**20))", "error", "OSError: .*No space left on device.*", walled=True),
    body("one big file", "import tempfile\nfile = tempfile.TemporaryFile()\nwhile True: file.write(bytes(2**20))", "error", "OSError: .*File too large.*"),
    body("kills its parent", "import os\nos.kill(os.getppid(), 9)", "error", REFUSED),
    body("reads its parent's memory", "import os\nreturn open(f'/proc/{os.getppid()}/mem', 'rb').read()", "error", "(FileNotFound|Permission)Error.*"),
    body("reads the hidden tests", "import genai_course, os\nhere = os.path.dirname(os.path.dirname(genai_course.__file__))\n"
         "return open(os.path.join(here, 'tests', 'exercises', 'hidden', 'test_02_backprop.py')).read()", "error", "FileNotFoundError.*", walled=True),
    body("imports the hidden tests", "from tests.exercises.hidden import test_02_backprop", "error", "ModuleNotFoundError.*", walled=True),
    body("looks for other submissions", "import os\nreturn os.listdir('/home') + os.listdir('/etc')[10**6:]", "error", "FileNotFoundError.*", walled=True),
    body("looks at the frames below", "import sys\nframe, seen = sys._getframe(), []\nwhile frame: seen, frame = seen + [str(frame.f_locals)], frame.f_back\n"
         "return 'expected' in str(seen) or 'slope' in str(seen)", "fail", r"The gradient is a single number.*"),
    body("looks at every object", "import gc\nreturn any('test_tanh' in str(one.keys()) for one in gc.get_objects() if type(one) is dict)", "fail", r"The gradient is a single number.*"),
]  # fmt: skip
PLAIN_TOO = [case for case in [*STOPPING[:3], *PATCHES[:3], *FORGERIES, *PRYING] if not case.walled]  # graded in a plain process as well
FOUND = [  # by an evening's cheating
    body("an array next to nonsense", "return [np.ones(2), [[1], [2, 3]], {}]", "fail", "The gradient should be numbers, not a list."),
    body("complex numbers", "return grad * (1 - np.tanh(x) ** 2) + 1j", "fail", "The gradient should be real numbers, not complex ones."),
    body("an empty array that sums to 8 GB", "return np.empty((2**30, 0))", "error", "TooLarge: more than .* MB"),
    body("a device that is a novel", "import torch\nclass Odd(torch.Tensor):\n    device = 'x' * 10**6\nreturn torch.zeros(3).as_subclass(Odd)", "(died|error|fail|timeout)", ".{1,2000}"),
    body("a type with a loud name", "return type('\\x1b[31m<b>' + 'x' * 10**6, (), {})()", "fail", r"The gradient should be numbers, not a  \[31m<b>x{400,500}\."),
    body("an error with colours", "raise type('Odd\\n', (Exception,), {})('\\x1b[31mred\\x00')", "error", "Odd : .*red ?"),
    body("stops itself", "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\nreturn grad", "(fail|timeout)", ".+"),
    body("interrupts itself, later", "import os, signal, threading\nthreading.Timer(0.01, os.kill, (os.getpid(), signal.SIGINT)).start()\nreturn grad", "(fail|error|died)", ".+"),
    body("leaves a busy thread", "import threading\ndef busy():\n    while True: pass\nthreading.Thread(target=busy, daemon=True).start()\nreturn grad", "fail", ".+"),
    cell("keeps talking after its reply", "import threading, time\n" f"{FIND_WORKER}def talk():\n    time.sleep(0.2)\n    worker.send({{'seq': 10**6}})\n"
         f"{HEAD}threading.Thread(target=talk).start()\n    time.sleep(0.3)\n    return grad", "died", SPOILED),
    cell("a right reply, then an endless loop", f"{FIND_WORKER}{HEAD}worker.send({{'seq': worker.sequence, 'result': 1.0, 'changed': []}})\n    while True: pass",
         "(fail|died|timeout)", ".+"),
    cell("half a reply", f"{FIND_WORKER}{HEAD}worker.connection.sendall(b'\\x00\\x00\\x01\\x00' + b'x' * 10)\n    while True: pass", "(died|timeout)", ".+"),
    cell("a number that is infinite in JSON", FIND_WORKER + HEAD + "reply = b'{\"seq\": %d, \"changed\": [], \"result\": 1e999}' % worker.sequence\n"
         "    worker.connection.sendall(len(reply).to_bytes(4, 'big') + reply)\n    return grad", "died", SPOILED),
    cell("numpy replaced", f"import sys, types\nsys.modules['numpy'] = types.ModuleType('numpy')\n{HEAD}return grad * (1 - x**2)", "fail", r"In the gradient, .*"),
    cell("the course's answer, looked up", "import importlib\nspec = importlib.import_module('genai_course.grading.' + 'spec').load_spec('02_backprop')\n"
         "exec(spec.questions['q1'].answer)", "error", "SpecError.*", cell="SpecError", walled=True),
    cell("the grader's own encoder, patched", "import sys\nsys.modules['inside.worker'].encode = lambda *a: {'is': 'array', 'dtype': '<f8', 'shape': [3], 'base64': 'x'}\n"
         f"{HEAD}return grad", "died", SPOILED, alone=False),
    cell("refuses to be looked up", "class Odd(type):\n    @property\n    def __name__(cls): raise SystemExit\nclass tanh_backward(metaclass=Odd): pass\n", "(fail|error|died)", ".+"),
    cell("an exception that loops when it is shown", f"class Odd(Exception):\n    def __str__(self):\n        while True: pass\n{HEAD}raise Odd", "timeout", ENDLESS),
    cell("a cell of 9 MB", f"text = '{'x' * 9 * 2**20}'\n{HEAD}{RIGHT}", "error", "TooLarge: The cell is too long: more than 8 MB.", cell="TooLarge"),
    right("no seeds any more", "import random\nrandom.seed = np.random.seed = lambda *a: None"),
    right("no output any more", "import os, sys\nos.close(1), os.close(2)\nsys.stdout = None"),
    right("a deep pile of folders", "import os\nfor i in range(300):\n    os.mkdir('x')\n    os.chdir('x')"),
    right("a folder that cannot be entered", "import os\nos.mkdir('closed')\nos.chmod('closed', 0)"),
]  # fmt: skip
HOSTILE = [*FOUND, *WRONG_KIND, *STOPPING, *UNSTEADY_ONES, *PATCHES, *FORGERIES, *PRYING]
