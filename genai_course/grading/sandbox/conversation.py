"""Questions to a worker and its answers, each with its number; functions of a test that the worker asks for meanwhile run here."""

from typing import Any

from genai_course.grading.recorder import Died, Failure, GraderError
from genai_course.grading.sandbox.inside.codec import Malformed, decode, encode, to_frame
from genai_course.grading.sandbox.inside.tensors import torch_again
from genai_course.grading.sandbox.process import Process
from genai_course.grading.snapshot import Opaque

LONGEST = 500  # characters of a text about a failure


class Conversation:
    "All that is said to one worker. After Died there is nothing more to say."
    def __init__(self, process: Process):
        self.process, self.sequence, self.open, self.functions = process, 0, [], []

    @property
    def is_nested(self) -> bool:
        "Whether the worker waits for a function of the test's that runs right now."
        return bool(self.open)

    def ask(self, message: dict, deadline: float) -> dict:
        "The reply to `message`. Raises TooLarge, Died, TimeUp."
        if not self.process.is_quiet(): raise Died(spoiled("it said something that nobody had asked"))
        if not self.is_nested: self.functions = []
        number = self.sequence + 1
        frame = self._frame(message | {"seq": number})
        self.sequence = number
        self.open.append(number)
        self.process.send(frame, deadline)
        while "function" in (reply := self._reply(number, deadline)): self._send_result(reply, number, deadline)
        self.open.pop()
        return reply

    def _reply(self, number, deadline):
        reply = self.process.receive(deadline)
        if type(reply.get("seq")) is not int or reply["seq"] != number: raise Died(spoiled("it answered another question"))
        return reply

    def settle(self) -> bool:
        "Interrupt what still runs; whether the worker heeded that."
        first, self.open = self.open[:1], []
        return not first or self.process.interrupt(lambda message: message.get("seq") == first[0] and "function" not in message)

    def _frame(self, message):
        "The message as bytes, arguments and options as JSON data."
        arguments = [encode(value, self._as_function) for value in message.get("arguments", ())]
        options = {name: encode(value, self._as_function) for name, value in message.get("options", {}).items()}
        return to_frame(message | {"arguments": arguments, "options": options})

    def _as_function(self, value):
        if not callable(value) or hasattr(value, "parameters"):
            raise GraderError(f"A test passes a {type(value).__name__}, which cannot be sent to where answers run.")
        self.functions.append(value)
        return {"is": "function", "number": len(self.functions) - 1, "name": getattr(value, "__name__", "function")}

    def _send_result(self, asked, number, deadline):
        "Run the function that the worker asks for; an exception in it goes back to the answer that called it."
        function, arguments, options = self._asked(asked)
        try: frame = to_frame({"seq": number, "result": encode(function(*arguments, **options), self._as_function)})
        except (Died, GraderError): raise
        except Exception as error:
            frame = to_frame({"seq": number, "failure": {"kind": type(error).__name__, "message": str(error)[:LONGEST]}})
        self.process.send(frame, deadline)

    def _asked(self, asked):
        with honest():
            arguments = [torch_again(decode(value, opaque)) for value in asked["arguments"]]
            options = {name: torch_again(decode(value, opaque)) for name, value in asked["options"].items()}
            return self.functions[asked["function"]], arguments, options


class honest:
    "A block in which whatever does not fit ends as Died: what comes out of a worker may be anything."
    def __enter__(self): return self

    def __exit__(self, kind, error, trace):
        if isinstance(error, Malformed | KeyError | TypeError | ValueError | IndexError | AttributeError):
            raise Died(spoiled(str(error))) from None


def spoiled(how: str) -> str:
    "What is said of a worker that does not keep to the rules."
    return f"The answer spoiled the grader's own channel: {how}."


def value_in(reply: dict) -> Any:
    "The plain value, or the Failure, in the reply to a call. Raises Died."
    with honest(): return failure_in(reply) if "failure" in reply else decode(reply["result"], opaque)


def failure_in(reply: dict) -> Failure:
    "The failure in a reply. Raises Died."
    with honest():
        facts = reply["failure"]
        kind, message, text = (_one_line(facts[name]) for name in ("kind", "message", "text"))
        return Failure(kind, message, int(facts["line"]), text, facts["unanswered"] is True)


def opaque(data: dict) -> Opaque:
    "What stands for a thing that is no plain data. Raises Malformed."
    match data:
        case {"is": "opaque", "kind": str(kind), "text": str(text)}: return Opaque(_one_line(kind), "\n".join(map(_one_line, text[:5000].splitlines())))
        case {"is": "function", "name": str(name)}: return Opaque(f"function {_one_line(name)}")
    raise Malformed("a value of no known kind")


def _one_line(text: str) -> str:
    "The beginning of a text without what a terminal or a page would take for more than text."
    return "".join(letter if letter.isprintable() else " " for letter in text[:LONGEST])
