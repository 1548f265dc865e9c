#!/usr/bin/env bash
# Finding: ssmtp with FromLineOverride=NO leaves another author's From as it is; with YES its revaliases does not count for mail with a From.
#
# Packages  ssmtp 2.64-11; seen on 2026-11-30.
# Guess     FromLineOverride says whether a program's From field may stand. NO puts the user's own address (revaliases) into From and into the
#           envelope; YES takes both from the field.
# Happens   NO leaves the field of the message untouched, and changes the sender of the envelope alone, to the user's address: a provider that
#           compares the two refuses the mail, and DMARC looks at the field. YES takes the envelope's sender from the field and completes it
#           with rewriteDomain: cron's "From: root" becomes root@ that domain, although revaliases names another address for root.
# Exit      0 as described, 1 it has changed, 77 the packages cannot be had.
source "$(dirname "${BASH_SOURCE[0]}")/common.bash"
work=${FINDING_WORK:-$(mktemp -d)}
with_packages "${BASH_SOURCE[0]}" ssmtp=2.64-11 libgnutls-openssl27=3.7.9-2+deb12u7

cd "$work"
ldconfig
mkdir taken
python3 "$here/mail_host.py" 2525 taken >host.log 2>&1 &
wait_for 20 bash -c 'exec 3<>/dev/tcp/127.0.0.1/2525'
echo 'root:admin@here.example:127.0.0.1:2525' >/etc/ssmtp/revaliases

# send OVERRIDE FROM: hands in a message as root, and prints sender and author as the host has them.
send() {
  rm -f taken/*
  printf 'root=postmaster\nmailhub=127.0.0.1:2525\nrewriteDomain=web1.here.example\nhostname=web1.here.example\nFromLineOverride=%s\n' "$1" >/etc/ssmtp/ssmtp.conf
  printf 'From: %s\nTo: you@there.example\nSubject: hello\n\nhello\n' "$2" | /usr/sbin/ssmtp you@there.example
  grep -ahE '^(MAIL FROM|From):' taken/* | tr -d '\r'
}

saw 'FromLineOverride=NO, mail with an author of its own' $'MAIL FROM:<admin@here.example>\nFrom: The Shop <shop@shop.example>' \
  "$(send NO 'The Shop <shop@shop.example>')"
saw 'FromLineOverride=YES, mail with an author of its own' $'MAIL FROM:<shop@shop.example>\nFrom: The Shop <shop@shop.example>' \
  "$(send YES 'The Shop <shop@shop.example>')"
saw 'FromLineOverride=YES, mail as cron writes it' $'MAIL FROM:<root@web1.here.example>\nFrom: root (Cron Daemon)' "$(send YES 'root (Cron Daemon)')"
conclude 2026-11-30
