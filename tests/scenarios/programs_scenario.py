"""Programs of Debian that call /usr/sbin/sendmail, or port 25, on a machine of their own where both are mxpress. docs/programs.md has more of them, which
scripts/interop programs installs."""
from harness import Skip, check, check_equal, wait_until
from machine import Machine
from migrate_scenario import HOST
from peers import Sink
from private_network import enter_private_network

SINK = '192.0.2.21'
CONFIG = f'''hostname = "{HOST}"
[route]
host = "{SINK}:2525"
[local]
aliases = {{ root = "admin@there.example" }}
'''
MAILER = '''foreach (["Exception", "SMTP", "PHPMailer"] as $name) require "/usr/share/php/libphp-phpmailer/src/$name.php";
$way = $argv[1]; $mail = new PHPMailer\\PHPMailer\\PHPMailer(true); $mail->$way(); $mail->Host = "localhost"; $mail->SMTPAutoTLS = false;
$mail->setFrom("shop@here.example"); $mail->addAddress("you@there.example"); $mail->Subject = "a subject"; $mail->Body = "hello by $way"; $mail->send();'''


class Programs:
    def __init__(self, world, program, package):
        if not (world.peers / 'root' / program).exists():
            raise Skip(f'{program} (package {package}) is not here: run scripts/setup')
        enter_private_network(world, [SINK])
        self.sink = Sink(world, 'sink', SINK, 2525).start()
        self.machine = Machine(world, 'programs', HOST, world.peers / 'root', prepare=f'''
mkdir -p /etc/mxpress && cat >/etc/mxpress/mxpress.toml <<'END'
{CONFIG}END
ln -sf {world.program('sendmail')} /usr/sbin/sendmail''')
        self.daemon = self.machine.start('daemon', [world.program('mxpressd')])
        wait_until(lambda: self.machine.run(['test', '-S', '/run/mxpress/control']).returncode == 0 or not self.daemon.running(), 20,
                   lambda: f'mxpressd to listen: {self.daemon.log_text()[-800:]}')

    def arrived(self, *parts):
        """The message with the first of these texts, which must have the others, too. Its file exists before the sink has written all of it."""
        found = []

        def is_there():
            found[:] = [message for message in self.sink.messages() if parts[0] in message.content]
            return found
        wait_until(is_there, 30, lambda: f'{parts[0]!r} to arrive: {self.daemon.log_text()[-400:]}')
        for part in parts:
            check(part in found[0].content.replace(b'\r\n', b'\n'), f'{part!r} is not in {found[0].content!r}')
        return found[0]

    def run(self, command, input=b'', user='root'):
        result = self.machine.run(command, input, user=user)
        check_equal(result.returncode, 0, f'exit status of {command[0]} ({(result.stdout + result.stderr).decode()[:1500]})')


def scenario_cron(world):
    programs = Programs(world, 'usr/sbin/cron', 'cron')
    programs.run(['sh', '-c', 'mkdir -p /var/spool/cron/crontabs /etc/cron.d && echo "@reboot root echo output of a job" >/etc/crontab'])
    cron = programs.machine.start('cron', ['/usr/sbin/cron', '-f'])
    message = programs.arrived(b'output of a job', b'\nSubject: Cron <root@web1> echo output of a job\n', b'\nFrom: root@web1.here.example (Cron Daemon)\n')
    check_equal((message.sender, message.recipients), (f'<root@{HOST}>', [f'<admin@there.example> ORCPT=rfc822;root@{HOST}']), 'the envelope')
    cron.stop()


def scenario_mutt(world):
    programs = Programs(world, 'usr/bin/mutt', 'mutt')
    programs.run(['mutt', '-s', 'a subject', '-e', 'set copy=no', '--', 'you@there.example'], b'hello by mutt\n', user='alice')
    message = programs.arrived(b'hello by mutt', b'\nSubject: a subject\n')
    check_equal((message.sender, message.recipients), (f'<alice@{HOST}>', ['<you@there.example>']), 'the envelope')


def scenario_phpmailer(world):
    programs = Programs(world, 'usr/share/php/libphp-phpmailer/src/PHPMailer.php', 'libphp-phpmailer')
    for way in ('isMail', 'isSendmail', 'isSMTP'):
        programs.run(['php8.2', '-d', 'extension=ctype', '-r', MAILER, way], user='www-data')
        message = programs.arrived(f'hello by {way}'.encode())
        check_equal(message.sender, '<shop@here.example>', f'the sender by {way}')
