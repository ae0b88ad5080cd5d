"""What the reader of the story sees: numbered steps, what was checked, a summary at the end."""

import sys
import time

_COLOURS = sys.stdout.isatty()
_WIDTH = 118


def _coloured(code, text):
    return f"\033[{code}m{text}\033[0m" if _COLOURS else text


class StoryFailed(Exception):
    """The story cannot go on: says what was waited for and what was there instead."""


class Report:
    def __init__(self):
        self._started = time.monotonic()
        self._steps = []  # [title, seconds, checks that held, checks that did not]
        self._figures = []

    def elapsed(self):
        seconds = int(time.monotonic() - self._started)
        return f"{seconds // 60:02}:{seconds % 60:02}"

    def step(self, title, why):
        self.end_step()
        self._steps.append([title, time.monotonic(), 0, 0])
        print(f"\n{_coloured('1', f'{len(self._steps)}. {title}')}  [{self.elapsed()}]")
        print(f"   {why}", flush=True)

    def end_step(self):
        if self._steps:
            self._steps[-1][1] = time.monotonic() - self._steps[-1][1]

    def command(self, text):
        print(f"   {_coloured('36', '$ ' + text)}", flush=True)

    def say(self, text):
        print(f"   {text}", flush=True)

    def show(self, text):
        """Output of a command, set off by a bar."""
        for line in text.rstrip().splitlines():
            print(f"   {_coloured('2', '|')} {line}")
        sys.stdout.flush()

    def check(self, held, what, otherwise=""):
        """Records whether `what` is true; goes on either way."""
        self._steps[-1][2 if held else 3] += 1
        mark = _coloured("32", "ok   ") if held else _coloured("1;31", "WRONG")
        print(f"   {mark} {what}{f': {otherwise}' if otherwise and not held else ''}  [{self.elapsed()}]", flush=True)
        return held

    def figure(self, name, value, source):
        self._figures.append((name, value, source))

    def wrong(self):
        return sum(step[3] for step in self._steps)

    def summary(self):
        print("\n" + "=" * _WIDTH)
        print(f"{'step':<78}{'seconds':>9}{'held':>9}{'wrong':>9}")
        for number, (title, seconds, held, wrong) in enumerate(self._steps, 1):
            print(f"{f'{number}. {title}':<78}{seconds:>9.1f}{held:>9}{wrong:>9}")
        if self._figures:
            print("-" * _WIDTH)
            for name, value, source in self._figures:
                print(f"{name:<42}{value:>18}   {source}")
        print("=" * _WIDTH)

    def counts(self):
        return f"{sum(step[2] for step in self._steps)} passed, {self.wrong()} failed"
