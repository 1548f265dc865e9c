"""mxpress-runner, and a command for it that a scenario changes."""
import os

from harness import check, is_root, unix_accepts, wait_until


class Runner:
    """Of one daemon, whose configuration ends with config()."""

    def __init__(self, world):
        self.world = world
        self.user = 'daemon' if is_root() else None  # not the one that mxpressd is
        self.folder = world.make_folder('runner', 0o755, self.user)
        self.socket, self.command = self.folder / 'runner.sock', self.folder / 'command'
        self.starts = 0

    def config(self, timeout='30s'):
        return f'[runner]\nsocket = "{self.socket}"\ntimeout = "{timeout}"\n'

    def password(self):
        """The key of [credentials.NAME]."""
        return f'password_command = ["{self.command}", "show", "a word"]'

    def becomes(self, script):
        """Replaces the command, atomically."""
        new = self.folder / 'command.new'
        new.write_text('#!/bin/sh\n' + script)
        new.chmod(0o755)
        os.replace(new, self.command)

    def start(self, config, activator=()):
        """`activator`: the beginning of a command that opens the socket, as systemd does."""
        self.starts += 1
        user = ['--user', self.user] if self.user else []
        self.process = self.world.start(f'runner-{self.starts}', [*activator, self.world.program('mxpress-runner'), '-c', config, *user])
        wait_until(lambda: unix_accepts(self.socket) or not self.process.running(), 20, lambda: f'mxpress-runner to listen: {self.process.log_text()}')
        check(self.process.running(), f'mxpress-runner ended: {self.process.log_text()}')
        return self

    def log(self):
        return self.process.log_text()
