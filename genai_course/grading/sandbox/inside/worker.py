"""Runs answers in the sandbox: takes code and calls, gives data back. Trusted as little as what it runs."""

import builtins
import json
import linecache
import os
import random
import signal
import socket
import sys
import threading
import time
import types

from .codec import HEAD, Malformed, TooLarge, decode, encode, frame_length, from_body, library, to_frame
from .confinement import Bounds, confine
from .failing import failure_facts

CHUNK = 2**16


def main(channel: int, options: str) -> None:
    "Serve what comes in on the file descriptor `channel`, until it is closed. `options` is JSON: `bounds` and `no_input`."
    chosen = json.loads(options)
    worker = Worker(socket.socket(fileno=channel), chosen["no_input"])
    worker.send({"seq": 0, "loose": confine(Bounds(**chosen["bounds"]))})
    while worker.serve(): pass
    os._exit(0)


class Worker:
    "One namespace, and the channel on which it is asked for."
    def __init__(self, connection: socket.socket, no_input: str):
        self.connection, self.received, self.running, self.sequence = connection, b"", False, 0
        self.namespace, self.streams = _answers_module().__dict__, (sys.stdout, sys.stderr)
        self.actions = {"run": self.run, "call": self.call, "look": self.look}
        builtins.input = _refusing(no_input)
        signal.signal(signal.SIGINT, self.interrupt)

    def interrupt(self, number, frame):
        if self.running: raise KeyboardInterrupt

    def send(self, message: dict) -> None: self.connection.sendall(to_frame(message))

    def receive(self) -> dict | None:
        "The next message, or None where there will be none."
        head = self._take(HEAD)
        body = self._take(HEAD + frame_length(head)) if head else b""
        self.received = self.received[len(body):]
        return from_body(body[HEAD:]) if body else None

    def _take(self, count):
        "The first `count` bytes of what comes, which stay where they are."
        while len(self.received) < count:
            more = self.connection.recv(CHUNK)
            if not more: return b""
            self.received += more
        return self.received[:count]

    def serve(self) -> bool:
        "Do what the next message asks for; False where there is none."
        request = self.receive()
        if request and "do" in request: self.do(request)
        return request is not None

    def do(self, request: dict) -> None:
        outer, self.sequence = self.sequence, request["seq"]
        reply = self.attempt(self.actions[request["do"]], request)
        for stream in self.streams: self.attempt(lambda _, flush=stream.flush: flush(), None)
        try: frame = to_frame({"seq": self.sequence, **reply})
        except TooLarge as error: frame = to_frame({"seq": self.sequence, "failure": failure_facts(error, {})})
        self.connection.sendall(frame)
        self.sequence = outer

    def attempt(self, action, request):
        "What `action` gives, or what it raised, as a reply. Only in here does an interrupt have an effect."
        outer = self.running
        try:
            try:
                self.running = True
                return action(request)
            finally: self.running = outer
        except BaseException as error: return {"failure": _facts(error, self.namespace)}

    def run(self, request: dict) -> dict:
        source, name = request["source"], request["name"]
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        _fix_seeds(request["random"])
        exec(compile(source, name, "exec", dont_inherit=True), self.namespace)
        return {}

    def look(self, request: dict) -> dict:
        found = {name: self.namespace[name] for name in request["names"] if name in self.namespace}
        kinds = {name: [callable(value), type(value).__name__] for name, value in found.items()}
        return {"kinds": kinds, "threads": threading.active_count()}

    def call(self, request: dict) -> dict:
        arguments, options = self.decoded(request)
        _fix_seeds(request["random"])
        function = _with_gradients(self.namespace[request["name"]]) if request["gradients"] else self.namespace[request["name"]]
        began = time.process_time()
        reply = self.attempt(lambda _: {"result": encode(function(*arguments, **options), _to_parent)}, None)
        took = time.process_time() - began
        before = request["arguments"]  # what is encoded in another process is encoded alike
        return reply | {"took": took, "changed": [i for i, argument in enumerate(arguments) if _encoded(argument) != before[i]]}

    def decoded(self, request: dict) -> tuple[list, dict]:
        "The arguments and options of a call."
        arguments = [_torch_again(decode(argument, self.function)) for argument in request["arguments"]]
        return arguments, {name: _torch_again(decode(value, self.function)) for name, value in request["options"].items()}

    def function(self, data: dict) -> "TestFunction":
        "A function of the test's, from its data. Raises Malformed."
        match data:
            case {"is": "function", "number": int(number), "name": str(name)}: return TestFunction(self, number, name)
        raise Malformed("a value of no known kind")

    def ask(self, number: int, arguments: tuple, options: dict):
        "Have the test's function `number` run on the other side; serve what it asks for meanwhile."
        sent = [[encode(value, _to_parent) for value in arguments], {name: encode(value, _to_parent) for name, value in options.items()}]
        self.send({"seq": self.sequence, "function": number, "arguments": sent[0], "options": sent[1]})
        while (reply := self.receive()) and "do" in reply: self.do(reply)
        if "failure" in reply: raise _as_exception(reply["failure"])
        return _torch_again(decode(reply["result"], self.function))


class TestFunction:
    "A function that a test passed as an argument; it runs where the test runs."
    def __init__(self, worker: Worker, number: int, name: str):
        self._worker, self._number, self.__name__ = worker, number, name

    def __call__(self, *arguments, **options): return self._worker.ask(self._number, arguments, options)


def _to_parent(value):
    if isinstance(value, TestFunction): return {"is": "function", "number": value._number, "name": value.__name__}
    return {"is": "opaque", "kind": type(value).__name__, "text": _model_text(value)}


def _model_text(value):
    if "torch" not in sys.modules: return ""
    from .tensors import is_model, model_text
    return model_text(value) if is_model(value) else ""


def _with_gradients(function):
    from .tensors import with_gradients
    return lambda *arguments, **options: with_gradients(function, arguments, options)


def _torch_again(value):
    tensors = sys.modules.get(f"{__package__}.tensors")  # there once a tensor was decoded
    return tensors.torch_again(value) if tensors else value


def _encoded(value):
    try: return encode(value, _to_parent)
    except Exception: return "cannot be read any more"


def _facts(error, namespace):
    try: return failure_facts(error, namespace)
    except BaseException: return {"kind": "Exception", "message": "an exception that cannot be read", "line": 0, "text": "", "unanswered": False}


def _answers_module():
    "An empty module, which code finds itself in."
    module = types.ModuleType("answers")
    sys.modules["answers"] = module
    return module


def _fix_seeds(seed):
    random.seed(seed)
    if numpy := library("numpy"): numpy.random.seed(seed)
    if torch := library("torch"): torch.manual_seed(seed)


def _refusing(reason):
    class InputAsked(RuntimeError): pass

    def refuse(prompt=""): raise InputAsked(reason)
    return refuse


def _as_exception(facts):
    kind = getattr(builtins, facts["kind"], RuntimeError)
    return (kind if isinstance(kind, type) and issubclass(kind, Exception) else RuntimeError)(facts["message"])
