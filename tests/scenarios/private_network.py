"""A network for one scenario alone, with the ports that programs have by default."""
import ctypes
import os

from harness import Skip, is_root

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def enter_private_network(world, addresses):
    """Until the scenario ends, this process and its children have a loopback interface of their own, with these addresses besides 127.0.0.1."""
    if not is_root():
        raise Skip('only root can make a network')
    before = os.open('/proc/self/ns/net', os.O_RDONLY | os.O_CLOEXEC)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise Skip(f'no network of our own here: {os.strerror(ctypes.get_errno())}')
    world.at_end.append(lambda: leave(before))
    script = 'ip link set lo up; ' + '; '.join(f'ip addr add {address}/32 dev lo' for address in addresses)
    made = world.run(['sh', '-ec', script])
    if made.returncode:
        raise Skip(f'this machine does not let us build a network: {made.stderr.decode().strip()}')


def leave(before):
    libc.setns(before, CLONE_NEWNET)
    os.close(before)
