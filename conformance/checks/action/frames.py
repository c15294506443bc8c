"""Generated frames: for each sentence about what a frame may hold, frames that break it or not."""

from risp.protocol.requirement import Requirement

from ...check import Case, Script, check
from ...exploring.quiet import leave_no_files
from ...generate.sentences import SENTENCES


def _script(rule: Requirement) -> Script:
    def script(case: Case) -> None:
        leave_no_files()
        from ...exploring.frames import explore  # Hypothesis is heavy

        explore(case, rule)

    script.__module__ = __name__
    script.__name__ = rule.id.lower().replace("-", "_")
    script.__doc__ = f"Send generated frames that {rule.id} speaks of."
    return script


for _rule in dict.fromkeys(SENTENCES.values()):
    check(_rule, explores=True)(_script(_rule))
