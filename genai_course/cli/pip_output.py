"""Reads what pip prints: how far it is, and what went wrong."""

import re
import sys
from dataclasses import dataclass, field

from genai_course.cli.trouble import Trouble

NO_NETWORK = re.compile(
    "NewConnectionError|Failed to establish|name resolution|getaddrinfo|Network is unreachable|Connection refused|"
    "ConnectTimeout|timed out|Max retries|ProxyError|SSLError|Connection broken|ConnectionReset|RemoteDisconnected",
    re.I,
)
NO_SPACE = re.compile(r"Errno 28|No space left|not enough space on the disk", re.I)
NOT_ALLOWED = re.compile(r"Errno 13|Permission denied", re.I)


@dataclass
class PipProgress:
    "How far pip is: feed it each line that pip prints."
    expected: int  # how many packages there will be
    collected: list[str] = field(default_factory=list)  # names, in the order in which pip fetched them
    fraction: float | None = None  # of the file that is being downloaded
    installing: list[str] = field(default_factory=list)  # names, once pip puts them in place

    def read(self, line: str) -> None:
        "Take in one line of pip's output."
        words = line.split()
        if match := re.match(r"Progress (\d+) of (\d+)", line):
            self.fraction = int(match[1]) / max(1, int(match[2]))
        elif line.startswith(("Collecting ", "Requirement already satisfied: ")):
            self._collect(re.match(r"[\w.-]+", words[3 if words[0] == "Requirement" else 1])[0])
        elif line.startswith("Processing ") and words[1].endswith(".whl"):
            self._collect(re.split(r"[/\\]", words[1])[-1].split("-")[0])
        elif line.startswith("Installing collected packages: "):
            self.installing = [name.strip() for name in line.split(":", 1)[1].split(",")]

    def _collect(self, name: str) -> None:
        self.fraction = None
        if name not in self.collected: self.collected.append(name)

    def downloading(self) -> str:
        "Such as '43 of 98 · torch · 71 %'."
        number = len(self.collected)
        part = f" · {self.fraction:.0%}" if self.fraction is not None and self.fraction < 1 else ""
        return f"{number} of {max(number, self.expected)} · {self.collected[-1]}{part}" if number else "the list of packages"


def complaint(output: str, log: str) -> Trouble:
    "The one line for a pip that failed, from all that it printed; `log` is the file that holds it."
    told = f"Pip's own words are in {log}"
    if NO_SPACE.search(output):
        return Trouble(f"the disk is full. Free some space, then give the same command again; it goes on from here. {told}")
    if NO_NETWORK.search(output):
        return Trouble(f"pip's package index cannot be reached. Check the network (or proxy), then give the same command again. {told}")
    if match := re.search(r"No matching distribution found for (\S+)", output):
        python = f"Python {sys.version_info[0]}.{sys.version_info[1]} on {sys.platform}"
        if "from versions: none" in output:
            reason = f"pip found no {match[1]} at all: its package index cannot be reached, or has none for {python}"
            return Trouble(f"{reason}. Check the network (or proxy), then give the same command again. {told}")
        return Trouble(f"pip's index has no {match[1]} for {python}. Try another Python from 3.11 to 3.13, or look at pip's settings. {told}")
    if NOT_ALLOWED.search(output):
        return Trouble(f"pip may not write here. Move the course to a folder of your own. {told}")
    reasons = re.findall(r"^ERROR: (.+)$", output, re.M) or output.split("\n")[-2:-1] or ["it gave no reason"]
    return Trouble(f"pip gave up ({reasons[-1].strip()}). {told}")
