// Asks each name server the same question in several ways.
#include "mta/doctor/resolver_check.h"

#include <algorithm>

namespace mxpress::mta::doctor {
namespace {

using dns::Edns;
using dns::Protocol;
using dns::ReplyCode;

constexpr std::chrono::milliseconds kSlow{1000};

// A server that says SERVFAIL or REFUSED to a question about the root is of no use, but another question may fare better.
bool is_answer(const ServerReply& reply) { return reply.packet.has_value(); }

bool is_usable(const ServerReply& reply) {
  return reply.packet && (reply.packet->code == ReplyCode::no_error || reply.packet->code == ReplyCode::name_error);
}

std::string milliseconds(const ServerReply& reply) { return std::to_string(reply.took.count()) + " ms"; }

std::string words_of(const ServerReply& reply) {
  return reply.packet ? to_string(reply.packet->code) + " in " + milliseconds(reply) : reply.failure;
}

Finding wrong(std::string check, std::string evidence, std::string remedy) {
  return {std::move(check), State::wrong, std::move(evidence), Actor::administrator, std::move(remedy), {}};
}

Finding judge(const dns::ServerConfig& server, const ServerReply& udp, const ServerReply& tcp) {
  const std::string check = "name-server " + server.to_string();
  const std::string evidence = "UDP: " + words_of(udp) + "; TCP: " + words_of(tcp) + ".";
  if (!is_answer(tcp))
    return wrong(check, "It does not answer by TCP, so large answers are lost (RFC 7766 5). " + evidence,
                 "Allow TCP to port 53 in the firewall, or use another name server.");
  if (udp.packet->code == ReplyCode::format_error)
    return wrong(check, "It does not know EDNS (RFC 6891). " + evidence,
                 "Use another name server: EDNS is needed for DNSSEC and large answers.");
  if (udp.took > kSlow)
    return wrong(check, "It is slow: each mail needs several look-ups. " + evidence, "Use a nearer name server, or one on this host.");
  return fine(check, evidence + (is_usable(udp) ? "" : " It does not tell of the root."));
}

}  // namespace

Task<ServerFound> check_server(dns::ServerConfig server, ServerProber& prober) {
  const dns::Question root{"", dns::RecordType::ns};
  ServerReply udp = co_await prober.ask(server, Protocol::udp, Edns::with, root);
  const bool needs_second = !is_answer(udp);  // a packet can be lost
  if (needs_second) udp = co_await prober.ask(server, Protocol::udp, Edns::with, root);
  if (!is_answer(udp))
    co_return ServerFound{wrong("name-server " + server.to_string(), "It does not answer by UDP: " + udp.failure + ".",
                                "Start it, or name others in /etc/resolv.conf or [dns] servers.")};
  const ServerReply tcp = co_await prober.ask(server, Protocol::tcp, Edns::with, root);
  co_return ServerFound{judge(server, udp, tcp), true};
}

Task<Findings> check_nxdomain(std::string random_label, dns::Resolver& resolver) {
  Findings findings;
  std::size_t denied = 0;
  std::string failure;
  for (const char* end : {".invalid", ".com"}) {
    dns::Question question{random_label + end, dns::RecordType::a};
    const dns::Answer answer = co_await resolver.resolve(std::move(question));
    if (answer.kind == dns::AnswerKind::found) {
      findings.push_back(
          {"nxdomain",
           State::wrong,
           answer.server + " says that " + random_label + end + ", which nobody has, is " + answer.addresses.front().to_string() +
               ": mail to mistyped domains would go there instead of back to its sender, and block lists seem to list everything.",
           Actor::administrator,
           "Use a name server that does not invent names, such as one on this host.",
           {"apt install unbound"}});
      co_return findings;
    }
    if (answer.kind == dns::AnswerKind::failed)
      failure = answer.text;
    else
      ++denied;
  }
  findings.push_back(denied > 0 ? fine("nxdomain", "Names that nobody has do not exist for the name servers, either.")
                                : unknown("nxdomain", "The DNS could not be asked: " + failure + "."));
  co_return findings;
}

Finding check_dnssec(const std::string& dane) {
  if (dane.empty()) return unknown("dnssec", "mxpressd does not answer: it knows whether answers are authenticated.");
  if (dane.starts_with("on")) return fine("dnssec", "DNSSEC and DANE are " + dane + ".");
  return not_needed("dnssec", "Mail leaves without DANE: " + dane + ".");
}

}  // namespace mxpress::mta::doctor
