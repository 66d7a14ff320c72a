"""What the commands say when something is wrong: one line for the user, never a traceback."""

import errno


class Trouble(Exception):
    "Something the user can mend. Its text is one line: what is wrong, where, and the mend."
    status = 1  # the exit status


class Misuse(Trouble):
    "The command was asked for something that there is not."
    status = 2


def explained(error: OSError, then: str = "give the same command again.") -> Trouble:
    "The one line for an error of the operating system, such as a full disk (what to do `then`, once there is space) or a folder that may not be written."
    place = f" at {error.filename}" if error.filename else ""
    if error.errno == errno.ENOSPC: return Trouble(f"no disk space is left{place}. Free some space, then {then}")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Trouble(f"writing is not allowed{place}. Move the course to a folder of your own, or give yourself the right to write there.")
    return Trouble(f"{error.strerror or error}{place}. `python -m genai_course doctor` looks at this machine's set-up.")
