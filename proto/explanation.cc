// Failures in plain words.
#include "proto/explanation.h"

#include "proto/network_words.h"
#include "proto/reply_cause.h"
#include "proto/sign_in_cause.h"

namespace mxpress::proto {
namespace {

constexpr std::string_view kBlockedPort =
    "If this happens with every host, port 25 is probably blocked by this host's provider, or by a firewall on the way.";
constexpr std::string_view kNameServers =
    "If this happens with every domain, the name servers of this host (/etc/resolv.conf) do not answer as they should.";
constexpr std::string_view kHelloName =
    "The name is `hostname` in mxpress.toml. It should have a dot, and lead to this host's address in the name service.";
constexpr std::string_view kReverseName =
    "The provider of this host's address can set its name (PTR record): the name in `hostname`, which must lead back to the address.";
constexpr std::string_view kAuthentication =
    "The sender's domain needs an SPF record that allows this host's address, or a DKIM key: mxpress dkim, mxpress.toml(5).";
constexpr std::string_view kBlockList =
    "The web page of the list tells why an address or domain is on it, and how it gets off. Look for mail that should not leave this host.";
constexpr std::string_view kReputation =
    "New and little used addresses are often distrusted, and so are those that have sent unwanted mail. Look for such mail on this host.";
constexpr std::string_view kEncryption = "Is TLS off, by [delivery] tls = false? `mxpress show` tells whether the sessions were encrypted.";
constexpr std::string_view kSignIn = "The mail waits. Correct what the reason says, then: mxpress reload.";
constexpr std::string_view kPassword =
    "The mail waits. Is the user name the one of the provider, often the whole mail address? Many providers want a password that is made "
    "for "
    "programs (\"application password\"). Correct [credentials] in mxpress.toml or its password file, then: mxpress reload.";
constexpr std::string_view kPasswordsEnded =
    "The mail waits; another password does not help. Microsoft switches passwords for SMTP off by default at the end of December 2026; an "
    "administrator of the account's organisation can switch them on again for some time. Without a password: oauth = \"microsoft\" in "
    "[credentials], and mxpress setup oauth; see mxpress.toml(5).";
constexpr std::string_view kSmtpIsOff =
    "The mail waits; neither another password nor OAuth helps. An administrator of the account's organisation has to allow \"Authenticated "
    "SMTP\" for the mailbox, and, where it is off for all, for the organisation.";
constexpr std::string_view kThisHost = "If this host is to take the domain's mail, add it to local_domains; if not, give it a route.";

constexpr std::string_view kOutage =
    "The first line of `mxpress status` tells what to do. Nothing else has to be done: all that waits is sent at the end.";

bool is(EnhancedStatus status, int subject, int detail) { return status.subject == subject && status.detail == detail; }

// Chooses by the codes of a reply.
Remedy remedy_for(EnhancedStatus status) {
  if (is(status, 1, 7) || is(status, 1, 8)) return Remedy::ask_administrator;
  if (status.subject == 1) return Remedy::check_address;
  if (is(status, 2, 3) || is(status, 3, 4)) return Remedy::send_smaller;
  if (status.subject == 2) return Remedy::ask_recipient;
  if (status.subject == 7 && status.detail >= 20 && status.detail <= 27) return Remedy::ask_administrator;  // RFC 7372
  return status.subject == 4 || status.klass == 4 ? Remedy::send_later : Remedy::ask_administrator;
}

Explanation no_connection(const HostResult& result) {
  switch (connect_failure(result)) {
    case ConnectFailure::refused:
      return {"The connection to the mail host was refused.", Remedy::ask_administrator_if_widespread, kBlockedPort};
    case ConnectFailure::no_answer:
      return {"The mail host did not answer.", Remedy::ask_administrator_if_widespread, kBlockedPort};
    case ConnectFailure::no_route:
      return {"The network has no way to the mail host's address.", Remedy::ask_administrator_if_widespread,
              result.address.starts_with('[')
                  ? "If this happens with every address in brackets, this host has no IPv6: [delivery] address_family = \"ipv4\"."
                  : "If this happens with every host, the network of this host is down, or a firewall is in the way."};
    case ConnectFailure::prohibited:
      return {"This host is not permitted to connect to the mail host.", Remedy::ask_administrator,
              "A firewall of this host, or a rule of its service manager, forbids the connection."};
    case ConnectFailure::resources:
      return {"This host could not begin another connection.", Remedy::ask_administrator,
              "The reason names what is missing; [delivery] max_sessions bounds how many connections mxpress makes."};
    case ConnectFailure::other:
      break;
  }
  return {"The mail host could not be reached.", Remedy::ask_administrator_if_widespread};
}

Explanation not_looked_up(const HostResult& result) {
  if (is(result.status, 4, 6))
    return {"The domain's mail would come back to this host, which does not take its mail, or go to an address that no mail host can have.",
            Remedy::ask_administrator, kThisHost};
  if (result.status.subject == 4)
    return {"It could not be found out which host takes the mail.", Remedy::ask_administrator_if_widespread, kNameServers};
  return {std::string(plain_words(result.status)), remedy_for(result.status)};
}

// Explains problems of the message or this host, before anything was sent.
Explanation kept_here(const HostResult& result) {
  const EnhancedStatus status = result.status;
  if (returned_by_operator(result))
    return {"The operator of the mail system that sends it gave it up, and returns it to you.", Remedy::ask_administrator};
  if (is(status, 3, 4) || status.subject == 6) return {std::string(plain_words(status)), remedy_for(status)};
  if (status.klass == 5) return {"The message was damaged on the disk of the host that sends it.", Remedy::ask_administrator};
  if (status.subject == 2) return {"The mailbox of the host that sends it could not take the message.", Remedy::ask_administrator};
  return {"Something on the host that sends it, not at the recipient's, keeps the message back.", Remedy::ask_administrator};
}

Explanation session_broke(const HostResult& result) {
  if (result.stage == Stage::tls) return {"Encryption with the mail host could not be set up.", Remedy::send_later};
  if (is(result.status, 4, 2) && result.text.starts_with("timed out"))
    return {"The mail host stopped answering in the middle of the conversation.", Remedy::send_later};
  if (is(result.status, 4, 2)) return {"The connection to the mail host was lost.", Remedy::send_later};
  if (is(result.status, 5, 5)) return {"The mail host and mxpress did not understand each other.", Remedy::send_later};
  return {"The mail host took no mail when it was last asked.", Remedy::send_later};
}

Explanation never_offered(const HostResult& result) {
  if (result.text == kHeldTooLong)
    return {"It was held back by the operator of the mail system that sends it until its time was over.", Remedy::ask_administrator};
  if (result.text.starts_with(kCannotSend))
    return {"The mail system that sends it cannot send any mail this way.", Remedy::ask_administrator, kOutage};
  if (is(result.status, 4, 5))
    return {"It waits for its turn: the mail system that sends it lets only so much mail go this way in a certain time.",
            Remedy::send_later};
  if (is(result.status, 4, 7)) return {"It was not tried in the time allowed.", Remedy::send_later};
  if (is(result.status, 4, 0)) return {"There was no time to offer it to the mail host.", Remedy::send_later};
  return {"No reason is known.", Remedy::ask_administrator};
}

Explanation own_finding(const HostResult& result) {
  switch (result.stage) {
    case Stage::lookup:
      return not_looked_up(result);
    case Stage::connect:
      return no_connection(result);
    case Stage::auth:
      return {"This host could not sign in at its provider.", Remedy::ask_administrator, kSignIn};
    case Stage::local:
      return kept_here(result);
    case Stage::none:
      return never_offered(result);
    default:
      return session_broke(result);
  }
}

Explanation block_list(const ReplyFinding& finding) {
  if (finding.cause == ReplyCause::block_list_not_asked)
    return {"The mail host refuses mail because the block list \"" + finding.block_list + "\" does not answer its questions.",
            Remedy::send_later, "The operator of the mail host has to change that; this host need not be on the list."};
  if (!finding.block_list.empty())
    return {"The mail host refuses mail because of the block list \"" + finding.block_list + "\".", Remedy::ask_administrator, kBlockList};
  return {"The mail host refuses mail because this host's address, or something in the message, is on a block list.",
          Remedy::ask_administrator, kBlockList};
}

Explanation caused_by(const ReplyFinding& finding, EnhancedStatus status) {
  switch (finding.cause) {
    case ReplyCause::block_list:
    case ReplyCause::block_list_not_asked:
      return block_list(finding);
    case ReplyCause::hello_name:
      return {"The mail host objects to the name by which this host greets it (EHLO).", Remedy::ask_administrator, kHelloName};
    case ReplyCause::reverse_name:
      return {"The mail host objects to this host's address: it has no name in the name service, or one that does not lead back.",
              Remedy::ask_administrator, kReverseName};
    case ReplyCause::authentication:
      return {"The mail host could not confirm that the message comes from where it says (SPF, DKIM or DMARC).", Remedy::ask_administrator,
              kAuthentication};
    case ReplyCause::encryption:
      return {"The mail host takes mail only over an encrypted connection.", Remedy::ask_administrator, kEncryption};
    case ReplyCause::sign_in:
      return {"The mail host takes mail only from those who sign in, which mail hosts do not do among each other.", Remedy::send_later};
    case ReplyCause::relaying:
      return {"The mail host does not take mail for the recipient's domain.", Remedy::check_address};
    case ReplyCause::greylisting:
      return {"The mail host asks to be tried again later, as a measure against unwanted mail (greylisting).", Remedy::send_later};
    case ReplyCause::rate:
      return {"The mail host finds that too much comes to it in a short time.", Remedy::send_later};
    case ReplyCause::reputation:
      return {"The mail host distrusts the address or the domain that the message comes from (reputation).", Remedy::ask_administrator,
              kReputation};
    case ReplyCause::unknown:
      break;
  }
  return {std::string(plain_words(status)), remedy_for(status)};
}

// True for codes that are clear without the words of the reply.
bool is_about_recipient(const HostResult& result) {
  const EnhancedStatus status = result.status;
  const bool is_mailbox = (status.subject == 1 && !is(status, 1, 7) && !is(status, 1, 8)) || status.subject == 2;
  return is_mailbox && status.detail != 0 && result.stage >= Stage::rcpt;
}

// For stages whose codes mislead: they are those of a mail host that describes itself.
Explanation by_stage(const HostResult& result) {
  const EnhancedStatus status = result.status;
  const bool is_permanent = result.reply_code / 100 == 5;
  if (result.stage == Stage::hello)
    return {"The mail host does not go on after this host's greeting (EHLO); the reason is in its reply.", Remedy::ask_administrator,
            kHelloName};
  if (result.stage == Stage::greeting && is_permanent)
    return {"The mail host refuses to talk to this host at all; the reason is in its reply.", Remedy::ask_administrator};
  if (result.stage == Stage::tls) return {"The mail host did not begin the encryption that it offers.", Remedy::send_later};
  if (result.stage == Stage::mail && status.subject == 1 && !is(status, 1, 7) && !is(status, 1, 8))
    return {"The mail host did not accept the sender's address.", Remedy::ask_administrator};
  // Codes used both for addresses that do not exist and for unwanted mail.
  if (is_permanent && (is(status, 4, 1) || is(status, 1, 10)))
    return {"The mail host did not accept the recipient's address, or mail for it; the reason is in its reply.", Remedy::check_address};
  return {std::string(plain_words(status)), remedy_for(status)};
}

// RFC 4954 6. Any such reply is about this host, not about the message.
Explanation not_signed_in(const HostResult& result) {
  if (result.reply_code / 100 == 4)
    return {"The provider that this host signs in at could not check the password for now.", Remedy::send_later};
  switch (sign_in_cause_of(result.text)) {
    case SignInCause::passwords_ended:
      return {"The provider that this host signs in at takes no passwords for this account any more.", Remedy::ask_administrator,
              kPasswordsEnded};
    case SignInCause::smtp_is_off:
      return {"The provider lets nobody sign in to send mail with this account.", Remedy::ask_administrator, kSmtpIsOff};
    case SignInCause::unknown:
      break;
  }
  return {"The provider that this host signs in at did not accept its user name, or its password or token.", Remedy::ask_administrator,
          kPassword};
}

Explanation replied(const HostResult& result) {
  const bool is_about_login = result.stage == Stage::mail && sign_in_cause_of(result.text) != SignInCause::unknown;
  if (result.stage == Stage::auth || is_about_login) return not_signed_in(result);
  if (result.stage == Stage::tls) return by_stage(result);
  const ReplyFinding finding = cause_of(result.text);
  const bool is_precise = finding.cause == ReplyCause::greylisting || finding.cause == ReplyCause::relaying;
  const bool is_trusted = is_precise || !is_about_recipient(result);
  return is_trusted && finding.cause != ReplyCause::unknown ? caused_by(finding, result.status) : by_stage(result);
}

}  // namespace

std::string_view in_words(Actor who) {
  switch (who) {
    case Actor::sender:
      return "the sender";
    case Actor::recipient:
      return "the recipient";
    case Actor::administrator:
      return "the administrator of this host";
    case Actor::dns:
      return "whoever publishes the DNS records of the sender's domain";
    case Actor::hosting:
      return "the provider of this host's address";
    case Actor::receiver:
      return "the administrator of the recipient's mail host";
    case Actor::nobody:
      break;
  }
  return "nobody: it passes by itself";
}

Explanation explain(const HostResult& result) {
  if (result.status.klass == 2) return {std::string(plain_words(result.status))};
  return result.reply_code == 0 ? own_finding(result) : replied(result);
}

}  // namespace mxpress::proto
