"""The workloads: each takes the world, the server's name and the options, and returns its figures and the reasons why the run is void."""
import grp
import os
import pwd
import shutil

import load
from daemon import daemon_user
from harness import check
from one_run import Run, clock, names, seconds_between

DOMAINS = {'d': 10}
PATIENCE = 900  # seconds, for any event of a run


def arrive(run, start, messages):
    """Waits for all of them; the figures that each workload with arrivals has."""
    last = run.sink.wait_for(messages, PATIENCE) or clock()
    seconds = seconds_between(start, last)
    shares, memory = run.shares(seconds), run.memory()
    run.settle()
    figures = {'messages': messages, 'seconds': seconds, 'rate': messages / seconds, 'cpu_us': run.server_cpu_us(messages),
               **shares, 'mib': memory, 'peak_mib': run.parties['server'].peak()}
    report = run.finish(messages)
    if report['wait_ms']['count']:  # smtp-source's messages do not say when they were sent
        figures.update(wait_p50_ms=report['wait_ms']['p50'], wait_p99_ms=report['wait_ms']['p99'])
        if report['warm_wait_ms']['count']:
            figures.update(warm_p99_ms=report['warm_wait_ms']['p99'])
    return {**figures, 'connections': report['good']['connections'], 'signatures': report['signatures'] / messages,
            'handshakes': report.get('handshakes', 0), 'resumed': report.get('resumed', 0)}


def stream_figures(run, options, per_connection=1, **sink):
    messages = options.messages or 20_000
    how = {'size': options.size, 'sessions': options.sessions, 'per_connection': per_connection}
    if options.sink == 'postfix':
        run.sink = load.PostfixSink(run.world, run.parties['sink'], messages)
    else:
        run.start_sink(tell=messages, **sink)
    if options.source == 'postfix':
        source = load.PostfixSource(run.world, run.parties['source'], run.server.smtp_address, messages, names(run.domains), **how)
    else:
        source = run.source(messages, pipeline=options.pipeline, **how)
    report = run.check_source(source.end(PATIENCE), messages)
    figures = arrive(run, report['start'], messages)
    accepted = seconds_between(report['start'], report['end'])
    return {**figures, 'accept_rate': messages / accepted, 'accept_p99_ms': report['accept_ms']['p99']}


def stream(world, peer, options):
    run = Run(world, peer, DOMAINS)
    return run, stream_figures(run, options)


def stream_reused(world, peer, options):
    run = Run(world, peer, DOMAINS)
    return run, stream_figures(run, options, per_connection=1_000_000)


def with_tls(world):
    """For the sink: a certificate for P-256, signed by itself."""
    key, certificate = world.path('sink-key.pem'), world.path('sink.pem')
    made = world.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=sink.example',
                      '-keyout', key, '-out', certificate])
    check(made.returncode == 0, f'openssl req: {made.stderr.decode()}')
    return {'tls_key': key, 'tls_certificate': certificate}


def sends_by_tls(world, peer, options, **sink):
    run = Run(world, peer, DOMAINS, **({'sends_by_tls': True} if peer == 'postfix' else {}))
    figures = stream_figures(run, options, **with_tls(world), **sink)
    if figures['handshakes'] < figures['connections']:
        run.faults.append(f'{figures["connections"] - figures["handshakes"]} connections were not in TLS')
    return run, figures


def stream_tls(world, peer, options):
    """A stream to hosts with STARTTLS."""
    return sends_by_tls(world, peer, options)


def cold(world, peer, options):
    """Each message on a connection of its own, in clear text: what the handshakes of tls-cold come on top of."""
    run = Run(world, peer, DOMAINS)
    return run, stream_figures(run, options, one_each='yes')


def tls_cold(world, peer, options):
    """The same in TLS, where the hosts let sessions be resumed."""
    return sends_by_tls(world, peer, options, one_each='yes', tls_version=options.tls_version)


def tls_cold_full(world, peer, options):
    """The same with a whole handshake each."""
    return sends_by_tls(world, peer, options, one_each='yes', tls_version=options.tls_version, tls_resume='no')


def signing_keys(world):
    """RSA-2048 and Ed25519, which the daemon's user may read."""
    folder = world.make_folder('keys', owner=daemon_user())
    for name, kind in (('r1', ['RSA', '-pkeyopt', 'rsa_keygen_bits:2048']), ('e1', ['ED25519'])):
        path = folder / name
        made = world.run(['openssl', 'genpkey', '-algorithm', *kind, '-out', path])
        check(made.returncode == 0, f'openssl genpkey: {made.stderr.decode()}')
        os.chmod(path, 0o640)
        shutil.chown(path, 'root', grp.getgrgid(pwd.getpwnam(daemon_user()).pw_gid).gr_name)
    return folder


def signed(world, peer, options):
    """A stream of mail that is signed: by mxpress with RSA-2048 and Ed25519, by OpenDKIM with RSA-2048."""
    keys = signing_keys(world)
    if peer == 'mxpress':
        table = f'[dkim."sender.example"]\nkeys = {{ r1 = "{keys}/r1", e1 = "{keys}/e1" }}\nsign = "always"\n'
        run = Run(world, peer, DOMAINS, extra=table)
    else:
        run = Run(world, peer, DOMAINS, **({'key': keys / 'r1'} if peer == 'postfix-opendkim' else {}))
    figures = stream_figures(run, options)
    expected = {'mxpress': 2, 'postfix-opendkim': 1}.get(peer, 0)
    if figures['signatures'] != expected:
        run.faults.append(f'{figures["signatures"]} signatures a message, not {expected}')
    return run, figures


def single(world, peer, options):
    """One message each 20 ms, from the client's connection to the arrival at the recipient's host."""
    run = Run(world, peer, DOMAINS)
    messages = options.messages or 1000
    run.start_sink(tell=messages)
    report = run.inject(messages, PATIENCE, size=options.size, sessions=1, interval=20_000, pipeline=options.pipeline)
    return run, arrive(run, report['start'], messages)


def command(world, peer, options):
    run = Run(world, peer, DOMAINS)
    messages = options.messages or 2000
    run.start_sink(tell=messages)
    report = run.check_source(run.commands(messages, size=options.size, parallel=options.parallel).end(PATIENCE), messages)
    figures = arrive(run, report['start'], messages)
    return run, {**figures, 'command_rate': messages / seconds_between(report['start'], report['end']),
                 'command_p50_ms': report['accept_ms']['p50'], 'command_p99_ms': report['accept_ms']['p99']}
