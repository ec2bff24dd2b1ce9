"""One attack after the other: what it is, what it may cost, and what it did."""

import time

from victim import Memory

# A machine with few cores is busy with the attacker itself, and answers late for that alone.
P99_RATIO, P99_FLOOR_MILLISECONDS = 20, 250
# An attack may cost a polite client nothing but time.
CONNECT_MILLISECONDS = 15_000

ATTACKS = []


def attack(name, tried, memory_mib):
    """Declares an attack: a function of a Trial, which says what the attacker saw and whether that is what it should see."""

    def declare(body):
        ATTACKS.append(Attack(name, tried, memory_mib, body))
        return body

    return declare


class Attack:
    def __init__(self, name, tried, memory_mib, body):
        self.name, self.tried, self.memory_mib, self.body = name, tried, memory_mib, body


class Skipped(Exception):
    """This attack cannot be tried here; why."""


class Trial:
    """What an attack has to do with: the server, how large it is to be, and what it saw."""

    def __init__(self, victim, is_short, seconds):
        self.victim, self.is_short, self.seconds = victim, is_short, seconds
        self.seen, self.wrong = [], []

    def size(self, whole, short):
        return short if self.is_short else whole

    def see(self, words):
        self.seen.append(words)

    def expect(self, holds, words):
        if not holds:
            self.wrong.append(words)


def try_out(one, victim, polite, is_short, seconds):
    """Runs an attack, and gives its row of the table."""
    trial = Trial(victim, is_short, seconds)
    quiet = 0.5 if is_short else 2
    began = time.monotonic()
    time.sleep(quiet)
    before = polite.between(began, time.monotonic())
    log_lines = victim.log.count("\n")
    began = time.monotonic()
    with Memory(victim) as memory:
        try:
            one.body(trial)
        except Skipped as reason:
            return {"attack": one.name, "skipped": str(reason)}
        except Exception as error:  # the attack is about what nobody expects
            trial.expect(False, f"it ended with {error!r}")
        ended = time.monotonic()
    # So that every answer that was waited for is there.
    time.sleep(0.1)
    during = polite.between(began, ended)
    bound = max(P99_RATIO * before.p99, P99_FLOOR_MILLISECONDS)
    trial.expect(victim.is_alive, "the server has ended")
    trial.expect(not during.failures, f"polite clients failed: {during.failures[:3]}")
    trial.expect(memory.growth <= one.memory_mib, f"{memory.growth:.0f} MiB more than before")
    if not is_short:
        trial.expect(during.p99 <= bound, f"p99 of polite clients is {during.p99:.1f} ms")
        trial.expect(during.slowest_connect <= CONNECT_MILLISECONDS, f"a connection took {during.slowest_connect:.0f} ms")
    return {
        "attack": one.name,
        "tried": one.tried,
        "seen": "; ".join(trial.seen),
        "seconds": round(ended - began, 1),
        "memory_mib": round(memory.growth, 1),
        "memory_bound_mib": one.memory_mib,
        "p99_before_ms": round(before.p99, 2),
        "p99_during_ms": round(during.p99, 2),
        "p99_bound_ms": round(bound),
        "slowest_connect_ms": round(during.slowest_connect, 1),
        "polite_gets": len(during.gets),
        "polite_failures": len(during.failures),
        "log_lines": victim.log.count("\n") - log_lines,
        "wrong": trial.wrong,
    }
