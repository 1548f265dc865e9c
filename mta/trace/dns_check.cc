// Asks the DNS about hops: see dns_check.h.
#include "mta/trace/dns_check.h"

#include <algorithm>

#include "mta/spf/query_name.h"
#include "mta/trace/host_names.h"
#include "proto/printable.h"

namespace mxpress::mta::trace {
namespace {

bool has_false_name(const Hop& hop) {
  return std::any_of(hop.doubts.begin(), hop.doubts.end(), [](const Doubt& one) { return one.kind == DoubtKind::false_name; });
}

std::string addresses_of(const dns::Answer& answer) {
  constexpr std::size_t kMost = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(answer.addresses.size(), kMost); ++i) text += (i == 0 ? "" : ", ") + answer.addresses[i].to_string();
  return text + (answer.addresses.size() > kMost ? ", ..." : "");
}

Task<void> check_name(Hop& hop, dns::Resolver& resolver) {
  const Received& one = hop.received;
  const auto name = spf::query_name(one.helo);
  if (!name || !is_public_name(one.helo) || !one.client || is_inside(*one.client) || one.is_authenticated) co_return;
  dns::Question question{*name, one.client->is_v6 ? dns::RecordType::aaaa : dns::RecordType::a};
  const dns::Answer answer = co_await resolver.resolve(std::move(question));
  if (answer.kind == dns::AnswerKind::failed) co_return;
  if (std::find(answer.addresses.begin(), answer.addresses.end(), *one.client) != answer.addresses.end()) {
    std::erase_if(hop.doubts, [](const Doubt& doubt) { return doubt.kind == DoubtKind::false_name; });
    co_return;
  }
  const bool is_confirmed = !one.client_name.empty() && are_of_one_owner(one.client_name, one.helo);
  if (is_confirmed || has_false_name(hop)) co_return;
  hop.doubts.push_back({DoubtKind::false_name, "The client calls itself " + proto::printable(one.helo, 200) + ", which has " +
                                                   (answer.addresses.empty() ? "no such address" : "the address " + addresses_of(answer)) +
                                                   ", but its address is " + one.client->to_string()});
}

Task<DkimFinding> check_signature(dkim::ReceivedSignature signature, dkim::BodyDigests body, dns::Resolver& resolver) {
  DkimFinding finding{std::move(signature), false, false, {}};
  const dkim::ReceivedSignature& one = finding.signature;
  const auto name = spf::query_name(one.selector + "._domainkey." + one.domain);
  if (!one.problem.empty() || !name) {
    finding.why = one.problem.empty() ? "its domain or selector is no name" : one.problem;
    co_return finding;
  }
  dns::Question question{*name, dns::RecordType::txt};
  const dns::Answer answer = co_await resolver.resolve(std::move(question));
  finding.is_unknown = answer.kind == dns::AnswerKind::failed;
  finding.why = finding.is_unknown ? answer.text : dkim::why_invalid(one, body, answer.texts);
  finding.is_valid = finding.why.empty();
  co_return finding;
}

}  // namespace

Task<std::optional<SpfFinding>> check_spf(Chain chain, WallTime now, dns::Resolver& resolver) {
  const Hop* const entry = chain.entry();
  if (!entry || !entry->received.client || entry->received.is_authenticated) co_return std::nullopt;
  const Received& one = entry->received;
  SpfFinding finding{*one.client, chain.sender.empty() ? one.helo : chain.sender, {}};
  spf::Client client{.address = *one.client, .helo = one.helo, .sender = chain.sender, .receiver = one.by, .now = now};
  spf::Evaluation evaluation(resolver, std::move(client));
  finding.verdict = co_await evaluation.check();
  co_return finding;
}

Task<Chain> check_names(Chain chain, dns::Resolver& resolver) {
  const std::size_t first = chain.hops.size() > kMostNames ? chain.hops.size() - kMostNames : 0;
  for (std::size_t i = first; i < chain.hops.size(); ++i) co_await check_name(chain.hops[i], resolver);
  co_return chain;
}

Task<std::vector<DkimFinding>> check_dkim(std::vector<dkim::ReceivedSignature> signatures, dkim::BodyDigests body,
                                          dns::Resolver& resolver) {
  std::vector<DkimFinding> findings;
  for (dkim::ReceivedSignature& one : signatures) findings.push_back(co_await check_signature(std::move(one), body, resolver));
  co_return findings;
}

}  // namespace mxpress::mta::trace
