// Reasons for refusals of mail hosts, with replies seen in practice.
#include "proto/reply_cause.h"

#include <catch2/catch.hpp>

using namespace mxpress::proto;

namespace {

struct Example {
  const char* reply;
  ReplyCause cause;
  const char* block_list = "";
};

void check(const Example& example) {
  CAPTURE(example.reply);
  const ReplyFinding finding = cause_of(example.reply);
  CHECK(finding.cause == example.cause);
  CHECK(finding.block_list == example.block_list);
}

}  // namespace

TEST_CASE("reply cause: the block list is named as the reply names it") {
  for (const Example& example : {
           Example{"554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org; "
                   "https://www.spamhaus.org/query/ip/192.0.2.1",
                   ReplyCause::block_list, "zen.spamhaus.org"},
           Example{"550 5.7.1 Rejected: 192.0.2.1 listed at bl.lists.example", ReplyCause::block_list, "bl.lists.example"},
           Example{"550 rejected because 192.0.2.1 is in a black list at dnsbl.lists.example. See the web", ReplyCause::block_list,
                   "dnsbl.lists.example"},
           Example{"550 5.7.1 Service unavailable, Client host [192.0.2.1] blocked using Spamhaus. To request removal from this list see "
                   "https://www.spamhaus.org/lookup.lasso (AS3130)",
                   ReplyCause::block_list, "Spamhaus"},
           Example{"554 mx.there.example refused, IP is listed by b.barracudacentral.org", ReplyCause::block_list,
                   "b.barracudacentral.org"},
           Example{"550 5.7.0 Blocked - see https://support.proofpoint.com/dnsbl-lookup.cgi?ip=192.0.2.1", ReplyCause::block_list,
                   "Proofpoint"},
           Example{"550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Part of their network is on our block list (S3150).",
                   ReplyCause::block_list, "Microsoft"},
       })
    check(example);
}

TEST_CASE("reply cause: a block list without a name is one all the same, and one that was not asked is told apart") {
  for (const Example& example : {
           Example{"554 web.there.example (mxweb105) Nemesis ESMTP Service not available. IP address is block listed",
                   ReplyCause::block_list},
           Example{"554 5.7.1 found on one or more DNSBLs, see the help page", ReplyCause::block_list},
           Example{"550 JunkMail rejected - host [192.0.2.1]:41234 is in an RBL, see the page", ReplyCause::block_list},
           Example{"554 5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org; Error: open resolver",
                   ReplyCause::block_list_not_asked, "zen.spamhaus.org"},
           Example{"550 5.7.1 192.0.2.1 listed at bl.lists.example (127.255.255.254)", ReplyCause::block_list_not_asked,
                   "bl.lists.example"},
       })
    check(example);
}

TEST_CASE("reply cause: an address, a host name or a directory in a reply is no block list") {
  for (const char* reply : {
           "550 5.1.1 <abuse@spamhaus.org>: Recipient address rejected: User unknown",
           "550 5.1.1 you@there.example not listed in Domino Directory",
           "550 5.1.1 User is not listed in there.example",
           "550 rejected by mx.there.example",
           "554 listed at 192.0.2.1",
           "250 ok",
           "",
       })
    check({reply, ReplyCause::unknown});
}

TEST_CASE("reply cause: what mail hosts object to in this host") {
  for (const Example& example : {
           Example{"504 5.5.2 <web1>: Helo command rejected: need fully-qualified hostname", ReplyCause::hello_name},
           Example{"450 4.7.1 <mail.here.example>: Helo command rejected: Host not found", ReplyCause::hello_name},
           Example{"501 5.5.4 HELO/EHLO argument is invalid", ReplyCause::hello_name},
           Example{"550 5.7.506 Access Denied, Bad HELO", ReplyCause::hello_name},
           Example{"450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.1]", ReplyCause::reverse_name},
           Example{"554 nemesis Bad DNS PTR resource record", ReplyCause::reverse_name},
           Example{"550 5.7.25 rejected - no rDNS", ReplyCause::reverse_name},
           Example{"550 5.7.26 This mail has been blocked because the sender is unauthenticated: either SPF or DKIM",
                   ReplyCause::authentication},
           Example{"550 5.7.27 authenticate with SPF", ReplyCause::authentication},
           Example{"550 Reject due to SPF policy", ReplyCause::authentication},
           Example{"530 5.7.0 Must issue a STARTTLS command first", ReplyCause::encryption},
           Example{"550 5.7.29 bulk mail must use TLS/SSL for SMTP", ReplyCause::encryption},
           Example{"553 5.7.1 requires encryption (TLS)", ReplyCause::encryption},
           Example{"530 5.7.1 Authentication required", ReplyCause::sign_in},
           Example{"554 5.7.1 <you@there.example>: Relay access denied", ReplyCause::relaying},
           Example{"550 5.7.1 Unable to relay", ReplyCause::relaying},
           Example{"550 5.7.1 <you@there.example>... Relaying denied", ReplyCause::relaying},
           Example{"450 4.2.0 <you@there.example>: Recipient address rejected: Greylisted, see the page", ReplyCause::greylisting},
           Example{"451 4.7.1 Greylisting in action, please come back later", ReplyCause::greylisting},
           Example{"451 graylisted", ReplyCause::greylisting},
           Example{"451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation (S775)",
                   ReplyCause::reputation},
           Example{"550 Domain frequency limited", ReplyCause::rate},
           Example{"421 4.7.28 unusual rate of mail", ReplyCause::rate},
           Example{"554 IP=192.0.2.1 - None/bad reputation. (NOWL)", ReplyCause::reputation},
       })
    check(example);
}

TEST_CASE("reply cause: letters within longer words say nothing, nor does the order of commands") {
  for (const char* reply : {"550 5.7.1 gsmtp a640c23a62f3a-aspfdkimb.23", "503 5.5.1 Error: send HELO/EHLO first", "550 ordnsx",
                            "421 4.7.0 Try again later, closing connection. (EHLO) gsmtp"})
    check({reply, ReplyCause::unknown});
}
