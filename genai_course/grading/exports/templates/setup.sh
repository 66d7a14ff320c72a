#!/usr/bin/env bash
# Run once by Gradescope, when it builds the image: the course's packages, and bubblewrap where it will be allowed.
set -euo pipefail
home=${AUTOGRADER:-/autograder}
apt-get update -qq
apt-get install -y -qq --no-install-recommends python3 python3-venv bubblewrap
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Choose an image with Python 3.11 or newer, such as Ubuntu 24.04." >&2; exit 1; }
python3 -m venv "$home/environment"
cd "$home/source/course"
PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu "$home/environment/bin/pip" install --quiet --constraint genai_course/constraints.txt .
