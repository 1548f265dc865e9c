"""The name of this host, without a hostname key: for all contents of /etc and the system, all parts of mxpress use the same name."""
import re
import shutil

from daemon import Daemon
from delivery_scenario import ZONE
from harness import check, check_equal, wait_until
from peers import Sink, Unbound

# Name of the system, files of /etc (None: missing), the expected name.
HOSTS = [
    ('web1', {'mailname': None, 'hosts': '127.0.0.1 localhost\n127.0.1.1 web1.example.net web1\n'}, 'web1.example.net'),
    ('web1', {'mailname': 'Mail.Example.Net.\n', 'hosts': '127.0.1.1 web1.example.net web1\n'}, 'mail.example.net'),
    ('web1', {'mailname': 'web1\n', 'hosts': '# 10.0.0.1 web1.old.example web1\n10.0.0.2 alias www.example.net WEB1\n'}, 'www.example.net'),
    ('db.example.org', {'mailname': 'localhost\n', 'hosts': '127.0.1.1 web1.example.net db.example.org\n'}, 'db.example.org'),
]


def on_a_host(world, number, name, files):
    """The beginning of a command that runs on a host with this name and these files in /etc."""
    namespace = world.mount_namespace()
    etc = world.folder / f'etc-{number}'
    shutil.copytree('/etc', etc, symlinks=True)
    for file, text in files.items():
        (etc / file).unlink(missing_ok=True)
        if text is not None:
            (etc / file).write_text(text)
    script = f'mount --make-rprivate / && mount --bind {etc} /etc && echo {name} > /proc/sys/kernel/hostname && exec "$@"'
    return [*namespace, '-u', 'sh', '-c', script, 'sh']


def check_names(message, name, how):
    content = message.content.decode()
    check_equal(re.search(r'^From: (.*)$', content, re.M)[1], f'Joe Doe <joe@{name}>' if how != 'SMTP' else f'joe@{name}', f'From by {how}')
    check_equal(message.sender, f'<joe@{name}>', f'MAIL by {how}')
    check(re.search(rf'^Message-ID: <\S+@{re.escape(name)}>$', content, re.M), f'no Message-ID of {name} by {how}: {content}')
    check(f'by {name} (mxpress' in content, f'Received by {how} does not name {name}: {content}')
    check(f'To: root@{name}\n' in content, f'To by {how} was not completed: {content}')


def scenario_all_parts_say_one_name(world):
    port = world.free_port()
    sink = Sink(world, 'mx1', '127.0.0.11', port).start()
    dns = Unbound(world, ZONE).port
    text = b'To: root\nSubject: x\n\nx\n'
    arguments = ['-F', 'Joe Doe', '-f', 'joe', 'you@there.example']
    seen = []
    for number, (system, files, name) in enumerate(HOSTS):
        prefix = on_a_host(world, number, system, files)
        daemon = Daemon(world, dns, port, prefix=prefix)
        daemon.config.write_text(re.sub(r'^hostname = .*\n', '', daemon.config.read_text(), flags=re.M))
        sendmail = [*prefix, world.program('sendmail'), *arguments]
        daemon.start()
        daemon.stop()
        check_equal(world.run(sendmail, text, env=daemon.environment()).returncode, 0, 'sendmail while the daemon is down')
        daemon.start()
        check_equal(world.run(sendmail, text, env=daemon.environment()).returncode, 0, 'sendmail')
        with daemon.smtp() as client:
            client.sendmail('joe', ['you@there.example'], text.decode())
        wait_until(lambda: sink.count() == 3 * number + 3, 20, 'the messages to arrive')
        daemon.wait_for_empty_queue()
        messages = [message for message in sink.messages() if message.path not in seen]
        seen += [message.path for message in messages]
        for message in messages:
            by_smtp = b'with ESMTP' in message.content
            check_names(message, name, 'SMTP' if by_smtp else 'sendmail')
        check_equal(sum(b'with ESMTP' in m.content for m in messages), 1, 'messages by SMTP')
        daemon.stop()
