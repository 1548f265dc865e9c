"""Changes that a run makes in its own namespaces: the network, and folders of the system. Nobody else sees them."""
import pathlib
import subprocess


def build_network():
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    pathlib.Path('/proc/sys/net/ipv4/ip_local_port_range').write_text('1024 65000')
    pathlib.Path('/proc/sys/net/core/somaxconn').write_text('4096')


def overlay(world, folder):
    """Later changes in the folder are stored in the world's folder."""
    name = 'overlay' + str(folder).replace('/', '_')
    upper, work = world.make_folder(f'{name}/upper'), world.make_folder(f'{name}/work')
    options = f'lowerdir={folder},upperdir={upper},workdir={work}'
    subprocess.run(['mount', '-t', 'overlay', 'overlay', '-o', options, folder], check=True)


def bind(source, target):
    pathlib.Path(target).mkdir(exist_ok=True)
    subprocess.run(['mount', '--bind', source, target], check=True)


def own_etc(world):
    """Names are resolved here."""
    overlay(world, '/etc')
    resolv = pathlib.Path('/etc/resolv.conf')
    resolv.unlink(missing_ok=True)
    resolv.write_text('nameserver 127.0.0.1\n')
