"""File systems of our own: a spool on a loop device whose image can be copied as of one instant; small ones that are soon full."""
import fcntl
import shutil
import subprocess

from harness import Failure, Skip, daemon_user

FICLONE = 0x40049409  # _IOW(0x94, 9, int)


def command(*words, skip=False):
    """Runs a system command; it must succeed."""
    done = subprocess.run([str(word) for word in words], capture_output=True)
    if done.returncode:
        raise (Skip if skip else Failure)(f'{" ".join(str(word) for word in words)}: {done.stderr.decode(errors="replace").strip()}')


def make_file_system(kind, image, size, options=()):
    if not shutil.which(f'mkfs.{kind}', path='/usr/sbin:/sbin:/usr/bin'):
        raise Skip(f'mkfs.{kind} is not here: run scripts/setup')
    with open(image, 'wb') as file:
        file.truncate(size)
    command(f'mkfs.{kind}', '-q', *options, image)


def mount_image(image, folder, options='loop'):
    folder.mkdir(exist_ok=True)
    command('mount', '-o', options, image, folder, skip=True)


class CloneableDisk:
    """A folder whose file system lies in an image on a file system that can clone files."""

    SIZE = {'ext4': 640 << 20, 'xfs': 640 << 20, 'btrfs': 640 << 20}  # journal segments pile up while no start lives long
    OPTIONS = {'ext4': 'loop', 'xfs': 'loop,nouuid', 'btrfs': 'loop'}

    def __init__(self, world, kind, below):
        self.kind, self.outer, self.folder = kind, world.path('outer'), world.path('disk')
        memory = world.make_folder('memory')
        command('mount', '-t', 'tmpfs', '-o', 'size=4g', 'none', memory, skip=True)
        make_file_system(below, memory / 'image', 3 << 30)
        mount_image(memory / 'image', self.outer)
        self.number, self.image = 0, self.outer / 'disk-0'
        make_file_system(kind, self.image, self.SIZE[kind])
        self.mount()

    def mount(self):
        mount_image(self.image, self.folder, self.OPTIONS[self.kind])
        self.folder.chmod(0o755)
        shutil.chown(self.folder, daemon_user())

    def copy(self):
        """The image as it is at one instant: the file system below lets no write into the file while it clones it."""
        self.number += 1
        copy = self.outer / f'disk-{self.number}'
        with open(self.image, 'rb') as source, open(copy, 'wb') as target:
            try:
                fcntl.ioctl(target.fileno(), FICLONE, source.fileno())
            except OSError as error:
                raise Skip(f'the file system below cannot clone files: {error}')
        return copy

    def go_on_with(self, copy):
        """The copy takes the place of the disk, as after the power came back."""
        command('umount', self.folder)
        self.image.unlink()
        self.image = copy
        self.mount()

    def close(self):
        for folder in (self.folder, self.outer, self.outer.parent / 'memory'):
            subprocess.run(['umount', '-l', folder], capture_output=True)
