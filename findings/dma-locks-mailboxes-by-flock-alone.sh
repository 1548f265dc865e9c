#!/usr/bin/env bash
# Finding: dma appends to a mailbox that another program has locked.
#
# Packages  dma=0.13-1+b1 (DragonFly Mail Agent), liblockfile-bin=1.17-1+b1 and liblockfile1=1.17-1+b1 (dotlockfile); seen on 2026-11-28.
# Guess     A program that delivers to /var/mail/USER takes the two locks of Debian's policy, as mail readers do: fcntl and the dot-lock.
# Happens   dma takes neither. It appends at once while both are held, so that a mail reader that rewrites the mailbox under these locks
#           loses the new message. dma waits (the message stays in its queue) for flock alone, which on Linux is unrelated to fcntl.
# Exit      0 as described, 1 it has changed, 77 the packages cannot be had.
source "$(dirname "${BASH_SOURCE[0]}")/common.bash"
work=${FINDING_WORK:-$(mktemp -d)}
with_packages "${BASH_SOURCE[0]}" dma=0.13-1+b1 liblockfile-bin=1.17-1+b1 liblockfile1=1.17-1+b1

# As the installation of dma leaves its files.
mkdir -p /etc/dma
: >/etc/dma/dma.conf
echo here.example >/etc/mailname
chown root:mail /usr/lib/dma/dma-mbox-create /usr/sbin/dma /var/spool/dma
chmod 4754 /usr/lib/dma/dma-mbox-create
chmod 2755 /usr/sbin/dma

mailbox=/var/mail/games
install -o games -g mail -m 660 /dev/null $mailbox

# deliver_while LOCK: sends one message to the mailbox while python3 holds LOCK (fcntl, flock or none); says where the message is afterwards.
deliver_while() {
  : >$mailbox
  rm -f /var/spool/dma/*
  printf 'Subject: a test\n\nhello\n' >"$work/message"
  python3 - "$1" $mailbox "$work/message" <<'P'
import fcntl, subprocess, sys, time
lock, mailbox, message = sys.argv[1:]
with open(mailbox, 'r+b') as file:
    if lock != 'none':
        {'fcntl': fcntl.lockf, 'flock': fcntl.flock}[lock](file, fcntl.LOCK_EX)
    sender = subprocess.Popen(['sendmail', '-i', '-D', 'games'], stdin=open(message))  # -D: deliver in the foreground
    deadline = time.monotonic() + 10
    while sender.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    print('in the mailbox' if b'Subject: a test' in open(mailbox, 'rb').read() else 'not in the mailbox')
    sender.kill()
P
}

saw 'no lock is held' 'in the mailbox' "$(deliver_while none)"

dotlockfile -r 0 -l $mailbox.lock
saw "the lock file that dotlockfile made is there" 'present' "$([ -e $mailbox.lock ] && echo present)"
saw 'the dot-lock is held' 'in the mailbox' "$(deliver_while none)"
saw 'the dot-lock and the fcntl lock are held' 'in the mailbox' "$(deliver_while fcntl)"
saw 'another dotlockfile, meanwhile: exit status' '4' "$(dotlockfile -r 0 -l $mailbox.lock >/dev/null && echo 0 || echo $?)"
dotlockfile -u $mailbox.lock

saw 'flock is held' 'not in the mailbox' "$(deliver_while flock)"
conclude 2026-11-28
