#!/usr/bin/env bash
# Finding: monitoring says that the queue is empty while mail waits in it.
#
# Packages  monitoring-plugins-standard=2.3.3-5+deb12u2 and monitoring-plugins-common=2.3.3-5+deb12u2 (check_mailq), dma=0.13-1+b1; seen on
#           2026-11-28.
# Guess     check_mailq says UNKNOWN when it can make nothing of what mailq prints.
# Happens   It finds out which mailer is there by the folder of its queue. For every mailer that it does not know it reads mailq's output as
#           Sendmail's. A list without Sendmail's totals counts as 0 messages: OK, exit status 0, "mailq is empty". For the same list its
#           branch for Postfix (-M postfix) says UNKNOWN.
# Exit      0 as described, 1 it has changed, 77 the packages cannot be had.
source "$(dirname "${BASH_SOURCE[0]}")/common.bash"
work=${FINDING_WORK:-$(mktemp -d)}
with_packages "${BASH_SOURCE[0]}" monitoring-plugins-standard=2.3.3-5+deb12u2 monitoring-plugins-common=2.3.3-5+deb12u2 dma=0.13-1+b1

mkdir -p /etc/dma
echo DEFER >/etc/dma/dma.conf # mail waits for the next run of the queue
echo here.example >/etc/mailname
for _ in 1 2 3 4 5; do printf 'Subject: a test\n\nhello\n' | sendmail -i -f me@here.example you@there.example; done

check() {
  local code=0 output
  output=$(/usr/lib/nagios/plugins/check_mailq -w 1 -c 2 "$@") || code=$?
  printf '%s\nexit status %s\n' "${output%%|*}" $code
}

saw 'messages in the list of mailq' 5 "$(mailq | grep -c '^ID')"
saw 'check_mailq, which shall warn from 1 message on' $'OK: sendmail mailq is empty\nexit status 0' "$(check)"
saw 'check_mailq -M postfix' $'Couldn\'t match /usr/bin/mailq output\nexit status 3' "$(check -M postfix)"
conclude 2026-11-28
