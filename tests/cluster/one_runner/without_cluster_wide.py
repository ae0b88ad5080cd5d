"""Manifests from standard input, without those that a cluster can have only once: the gate's policies, with fixed names."""

import re
import sys

ONCE = re.compile(r"^kind: (Mutating|Validating)AdmissionPolicy(Binding)?$", re.MULTILINE)

print("\n---\n".join(each for each in re.split(r"^---$", sys.stdin.read(), flags=re.MULTILINE) if not ONCE.search(each)))
