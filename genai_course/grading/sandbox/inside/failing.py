"""What went wrong in an answer, as texts and numbers."""

import linecache
import traceback


def failure_facts(error: BaseException, namespace: dict) -> dict:
    "The exception's class and message, and the innermost line of the learner's own code in it (`line` 0 where there is none)."
    facts = {"kind": type(error).__name__, "message": " ".join(str(error).split())[:500], "line": 0, "text": "", "unanswered": False}
    frames = [(frame, number) for frame, number in traceback.walk_tb(error.__traceback__) if frame.f_globals is namespace]
    if isinstance(error, SyntaxError) and not frames:
        return facts | {"message": error.msg, "line": error.lineno or 0, "text": (error.text or "").strip()[:500]}
    if not frames: return facts
    frame, number = frames[-1]
    text = linecache.getline(frame.f_code.co_filename, number).strip()[:500]
    return facts | {"line": number, "text": text, "unanswered": isinstance(error, NotImplementedError)}
