"""What goes wrong between the consumers and AWS, each fault by a dice of its own."""

from random import Random
from typing import Final, NamedTuple

SERVICES: Final = ("dynamodb", "events", "sqs", "cognito-idp", "email", "endpoint", "warehouse")

_SPELL_EVERY: Final = 2 * 3600.0
_SPELL_SECONDS: Final = (60.0, 3600.0)


class Odds(NamedTuple):
    """The probability of each fault, where it can happen."""

    throttled: float = 0.03
    failed: float = 0.01
    request_lost: float = 0.01
    answer_lost: float = 0.01
    conflict: float = 0.05
    entry_refused: float = 0.03
    twice: float = 0.02
    delayed: float = 0.05
    batch_again: float = 0.02
    not_deleted: float = 0.01
    overlaps: float = 0.02
    killed: float = 0.001
    endpoint_fails: float = 0.03


NONE: Final = Odds(*[0.0] * len(Odds._fields))


class Faults:
    """Rolls the dice. Now and then one service is away altogether, for up to an hour."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.odds = NONE
        self.counted: dict[str, int] = {}
        self._away = ""
        self._from = self._until = 0.0

    def happens(self, name: str) -> bool:
        """Whether the fault, named as in `Odds`, happens here."""
        chance: float = getattr(self.odds, name)
        happened = chance > 0 and self._random.random() < chance
        if happened:
            self.counted[name] = self.counted.get(name, 0) + 1
        return happened

    def away(self, service: str, now: float) -> bool:
        """Whether the service is away now."""
        if self.odds == NONE:
            return False
        if now >= self._until:
            self._from = now + self._random.uniform(0, _SPELL_EVERY)
            self._until = self._from + self._random.uniform(*_SPELL_SECONDS)
            self._away = self._random.choice(SERVICES)
        is_away = service == self._away and self._from <= now
        if is_away:
            self.counted["away"] = self.counted.get("away", 0) + 1
        return is_away

    def end(self) -> None:
        """Let nothing go wrong from now on."""
        self.odds = NONE
