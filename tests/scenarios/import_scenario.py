"""mxpress import: the configurations of migrate/ imported, at the provider of those scenarios. The letters arrive as with the mxpress.toml
beside them, which was written by hand: seen.txt has both."""
from harness import check, check_equal, wait_until
from machine import Machine
from migrate_scenario import HERE, HOST, Mxpress, Provider, expected_of, hand_in, make_certificate, network, with_ca

# For each configuration the lines of conf.d/70-more.toml: the settings that the import leaves to the administrator.
CA = '[route]\nca_file = "/etc/ssl/certs/provider.pem"\n'
DAEMON = '[local]\naliases = { daemon = "daemon@here.example" }\n'
CASES = {'msmtp': '', 'ssmtp': CA, 'ssmtp-no-override': CA, 'nullmailer': '', 'dma': CA, 'dma-domain': CA + DAEMON, 'postfix': '',
         'postfix-origin': DAEMON, 'exim': ''}


def text_of(result):
    return (result.stdout + result.stderr).decode()


def import_settings(world, case, ca):
    """A machine with the configuration of the other program, but without that program, whose settings have been imported."""
    machine = Machine(world, 'import-' + case, HOST, files=HERE / case / 'files', prepare=with_ca(ca) + 'mkdir -p /etc/mxpress\n')
    mxpress = world.program('mxpress')
    shown = machine.run([mxpress, 'import'])
    check_equal(shown.returncode, 0, f'mxpress import without a terminal ({text_of(shown)})')
    check('Nothing was written' in text_of(shown) and 'right' not in text_of(shown).split(), f'the password is shown: {text_of(shown)}')
    check_equal(machine.run(['find', '/etc/mxpress', '-type', 'f']).stdout, b'', 'files that were written without a yes')
    done = machine.run([mxpress, 'import', '--yes'])
    check_equal(done.returncode, 0, f'mxpress import --yes ({text_of(done)})')
    check_equal(machine.run(['stat', '-c', '%a %U:%G', '/etc/mxpress/provider.password']).stdout, b'640 root:mxpress\n', 'rights of the password')
    again = machine.run([mxpress, 'import', '--yes'])
    check_equal(again.returncode, 5, f'a second import without --force ({text_of(again)})')
    more = CASES[case].encode()
    machine.run(['tee', '/etc/mxpress/conf.d/70-more.toml'], more)
    check_equal(machine.run([mxpress, 'config', 'check']).returncode, 0, 'mxpress config check')
    return machine


def imported(world, case):
    network(world)
    certificates = make_certificate(world, 'mail.provider.example')
    provider = Provider(world, *certificates)
    machine = import_settings(world, case, provider.ca)
    daemon = machine.start('daemon', [world.program('mxpressd')])
    wait_until(lambda: machine.run(['test', '-S', '/run/mxpress/control']).returncode == 0 or not daemon.running(), 20,
               lambda: f'mxpressd to listen: {daemon.log_text()[-800:]}')
    _, expected = expected_of(HERE / case / 'seen.txt', case.partition('-')[0])
    seen = hand_in(Mxpress(world, machine, daemon), provider, expected)
    for subject, lines in expected.items():
        check_equal(seen[subject], lines, f'{case}: {subject}')


def scenario_import_asks_on_a_terminal(world):
    machine = Machine(world, 'asks', HOST, files=HERE / 'msmtp/files', prepare='mkdir -p /etc/mxpress\n')
    command = ['script', '-qec', f'{world.program("mxpress")} import', '/dev/null']
    refused = machine.run(command, b'no\n')
    check_equal(refused.returncode, 1, f'exit status after a no ({text_of(refused)})')
    check_equal(machine.run(['find', '/etc/mxpress', '-type', 'f']).stdout, b'', 'files that were written after a no')
    agreed = machine.run(command, b'yes\n')
    check_equal(agreed.returncode, 0, f'exit status after a yes ({text_of(agreed)})')
    check_equal(machine.run(['cat', '/etc/mxpress/provider.password']).stdout, b'right\n', 'the password')


def scenario_import_says_which_rights_are_missing(world):
    machine = Machine(world, 'rights', HOST, files=HERE / 'msmtp/files', prepare='mkdir -p /etc/mxpress\n')
    unwritable = machine.run([world.program('mxpress'), 'import', '--yes'], user='alice')
    check_equal(unwritable.returncode, 5, 'exit status where the folder cannot be written')
    check('/etc/mxpress/conf.d: Permission denied (run this as root)' in text_of(unwritable), text_of(unwritable))
    machine.run(['chmod', '600', '/etc/msmtprc'])
    unreadable = machine.run([world.program('mxpress'), 'import', '--yes'], user='alice')
    check_equal(unreadable.returncode, 5, 'exit status where the password cannot be read')
    check('/etc/msmtprc cannot be read: Permission denied (run this as root)' in text_of(unreadable), text_of(unreadable))


def scenario_import_msmtp(world):
    imported(world, 'msmtp')


def scenario_import_ssmtp(world):
    imported(world, 'ssmtp')


def scenario_import_ssmtp_without_the_authors_address(world):
    imported(world, 'ssmtp-no-override')


def scenario_import_nullmailer(world):
    imported(world, 'nullmailer')


def scenario_import_dma(world):
    imported(world, 'dma')


def scenario_import_dma_with_a_domain(world):
    imported(world, 'dma-domain')


def scenario_import_postfix(world):
    imported(world, 'postfix')


def scenario_import_postfix_without_local_mail(world):
    imported(world, 'postfix-origin')


def scenario_import_exim(world):
    imported(world, 'exim')
