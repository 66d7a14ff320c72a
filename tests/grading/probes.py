"""What an answer might try, each as a function that runs in the sandbox and says how it went. As a program, tries them all."""

import json
import sys

from genai_course.grading.recorder import Died, Failure, Unsteady
from genai_course.grading.sandbox.calls import Names, call_there
from genai_course.grading.sandbox.isolation import chosen
from genai_course.grading.sandbox.session import Limits, Session

MEMORY = 2**30
HEAD = "import ctypes, os, socket, subprocess, sys, threading, time\n"
PROBES = {
    "connect": "socket.create_connection(('1.1.1.1', 53), 3)",
    "listen": "socket.socket().bind(('127.0.0.1', 0))",
    "local socket": "socket.socket(socket.AF_UNIX).connect('/run/systemd/notify')",
    "interfaces": "return [line.split(':')[0].strip() for line in open('/proc/net/dev').readlines()[2:]]",
    "fork": "os.fork()",
    "spawn": "os.posix_spawn(sys.executable, [sys.executable], {})",
    "program": "subprocess.run([sys.executable, '-V'])",
    "replace": "os.execv(sys.executable, [sys.executable, '-V'])",
    "threads": "for i in range(10_000): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
    "memory": f"return len(bytearray({2 * MEMORY}))",
    "mapping": f"import mmap\n    return len(mmap.mmap(-1, {2 * MEMORY}))",
    "memory file": "return os.memfd_create('x')",
    "shared memory": "return ctypes.CDLL(None).shmget(0, 2**30, 0o1600)",
    "big file": "with open('big', 'wb') as file:\n        for _ in range(1000): file.write(bytes(2**20))",
    "many files": "for i in range(1000):\n        with open(f'many{i}', 'wb') as file: file.write(bytes(2**20))",
    "open files": "return len([open('/dev/null') for _ in range(10_000)])",
    "root's files": "return os.listdir('/root')",
    "passwords": "return open('/etc/passwd').read()",
    "homes": "return os.listdir('/home')",
    "top": "return sorted(os.listdir('/'))",
    "write anywhere": ("found = []\n    for folder, inner, _ in os.walk('/'):\n        if folder == '/': inner[:] = set(inner) - {'proc', 'tmp'}\n"
                       "        if folder.count('/') > 3: inner[:] = []\n        if os.access(folder, os.W_OK): found.append(folder)\n    return found[:5]"),
    "write to the library": "open(os.path.join(os.path.dirname(os.__file__), 'new.py'), 'w')",
    "devices": "return sorted(os.listdir('/dev'))",
    "processes": "return str(sorted(name for name in os.listdir('/proc') if name.isdigit()))",
    "parent's memory": "return len(open(f'/proc/{os.getppid()}/mem', 'rb').read(1))",
    "parent's variables": "return open(f'/proc/{os.getppid()}/environ').read()",
    "own variables": "return sorted(os.environ)",
    "own files": "return [os.readlink(f'/proc/self/fd/{i}').split(':')[0] for i in range(3, 64) if os.path.lexists(f'/proc/self/fd/{i}')]",
    "kill parent": "os.kill(os.getppid(), 9)",
    "kill all": "os.kill(-1, 9)",
    "kill group": "os.killpg(0, 9)",
    "trace": "return ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0)",
    "limits of others": "import resource\n    resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, (0, 0))",
    "raise limits": "import resource\n    resource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
    "become root": "os.setuid(0)",
    "user": "return os.getuid()",
    "rights": "return [line.split()[1] for line in open('/proc/self/status') if line.startswith(('CapEff', 'CapPrm', 'NoNewPrivs', 'Seccomp:'))]",
    "new namespace": "return ctypes.CDLL(None).unshare(0x10000000)",
    "mount": "return ctypes.CDLL(None).mount(b'none', b'/tmp', b'tmpfs', 0, b'')",
    "host's name": "return os.uname().nodename",
    "old numbers": "return ctypes.CDLL(None).syscall(0x40000000 + 57)",
    "nothing": "return 'still alive'",
}


LEAVES_TRACES = ("threads", "memory", "mapping", "big file", "many files", "open files", "limits of others")


def source() -> str:
    "A function for each probe, called probe0 and so on."
    return HEAD + "".join(f"def probe{i}():\n    {lines}\n" for i, lines in enumerate(PROBES.values()))


def tried(kind: str) -> dict:
    "What came of each probe in a sandbox: its result, or `kind of exception: message`."
    found = {}
    with Session(chosen(kind), source(), [], Limits(cell_seconds=500.0, memory=MEMORY)) as session:
        for i, probe in enumerate(PROBES):
            session.begin("", 500.0)
            found[probe] = outcome(session, f"probe{i}")
            if probe in LEAVES_TRACES: session.end()
    return found


def outcome(session: Session, name: str):
    try: outcome, _ = call_there(Names(session), name, False, (), {})
    except (Died, Unsteady) as error: return f"{type(error).__name__}: {error}"
    return f"{outcome.kind}: {outcome.message}" if isinstance(outcome, Failure) else outcome


if __name__ == "__main__": print(json.dumps(tried(sys.argv[1])))
