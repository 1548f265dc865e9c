"""The type of attacks, and the registration of attacks by their modules."""
import dataclasses
import typing

ATTACKS = []


@dataclasses.dataclass
class Attack:
    item: int
    name: str
    text: str
    call: typing.Callable
    cpu: float = 5.0  # seconds of the daemon's, at most; None: not judged
    memory: float = 64.0  # MiB, more than before, at most
    options: dict = dataclasses.field(default_factory=dict)  # of the Daemon
    prepare: typing.Optional[typing.Callable] = None  # before the daemon starts
    honest_smtp: bool = True  # the honest user uses SMTP, too, which refuses while the daemon is down
    log_speed: float = 0  # MiB a second that the log daemon takes; 0: a file
    whole_daemon: bool = True


def attack(item, name, text, **keys):
    def enter(call):
        ATTACKS.append(Attack(item, name, text, call, **keys))
        return call
    return enter
