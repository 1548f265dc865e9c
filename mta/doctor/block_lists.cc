// Asks block lists.
#include "mta/doctor/block_lists.h"
#include "dns/reverse_name.h"

#include <algorithm>

#include "proto/printable.h"

namespace mxpress::mta::doctor {
namespace {

using dns::AnswerKind;
using dns::RecordType;

// 127.255.255.x is a message about the question, such as "public resolver" (254) or "too many" (255).
bool is_refusal(const dns::Address& address) {
  return !address.is_v6 && address.bytes[0] == 127 && address.bytes[1] == 255 && address.bytes[2] == 255;
}

bool is_listing(const dns::Address& address) { return !address.is_v6 && address.bytes[0] == 127 && !is_refusal(address); }

dns::Address test_entry(bool is_v6, char last) {
  return dns::Address::parse(std::string(is_v6 ? "::ffff:7f00:" : "127.0.0.") + last).value();
}

std::string codes_of(const dns::Answer& answer) {
  std::string codes;
  for (const dns::Address& one : answer.addresses) codes += (codes.empty() ? "" : ", ") + one.to_string();
  return codes;
}

class BlockList {
 public:
  BlockList(std::string list, Subject subject, dns::Resolver& resolver)
      : list_(std::move(list)), check_("block-list " + list_), subject_(std::move(subject)), resolver_(resolver) {}

  Task<Findings> check() {
    Findings findings;
    findings.push_back(co_await look());
    co_return findings;
  }

 private:
  Task<dns::Answer> ask(dns::Address address, RecordType type) {
    dns::Question question{list_name(address, list_), type};
    co_return co_await resolver_.resolve(std::move(question));
  }

  Task<Finding> look() {
    if (!subject_.is_direct) co_return not_needed(check_, subject_.provider + " takes all mail: receivers see its address.");
    if (subject_.is_behind_router() || subject_.mail.addresses.empty())
      co_return unknown(check_, "The address that other hosts see is not known here: [doctor] addresses names it.");
    std::string clean, left_out;
    for (const dns::Address& address : subject_.mail.addresses) {
      const std::string why = co_await why_not_believed(address.is_v6);
      if (!why.empty()) {
        left_out += (left_out.empty() ? "" : " ") + why;
        if (!address.is_v6) co_return unknown(check_, why);
        continue;
      }
      dns::Answer answer = co_await ask(address, RecordType::a);
      const Listing listing = listing_of(answer);
      if (listing == Listing::listed) co_return co_await listed(address, codes_of(answer));
      if (listing != Listing::clean) co_return unknown(check_, refusal(answer));
      clean += (clean.empty() ? "" : " and ") + address.to_string();
    }
    if (clean.empty()) co_return not_needed(check_, left_out);
    co_return fine(check_, "It does not list " + clean + "." + (left_out.empty() ? "" : " " + left_out));
  }

  // Empty: its answers about this family can be believed.
  Task<std::string> why_not_believed(bool is_v6) {
    const dns::Answer listed = co_await ask(test_entry(is_v6, '2'), RecordType::a);
    switch (listing_of(listed)) {
      case Listing::listed:
        break;
      case Listing::clean:
        co_return is_v6 ? std::string("It has no IPv6 addresses (no test entry).")
                        : "It does not list its test entry 127.0.0.2: it has ended, or refuses the name server of this host silently.";
      default:
        co_return refusal(listed);
    }
    const dns::Answer never = co_await ask(test_entry(is_v6, '1'), RecordType::a);
    if (listing_of(never) == Listing::listed)
      co_return std::string("It lists ") + (is_v6 ? "::ffff:7f00:1" : "127.0.0.1") +
          ", which no list has: it lists everything, and is not to be believed.";
    co_return listing_of(never) == Listing::clean ? std::string() : refusal(never);
  }

  static std::string refusal(const dns::Answer& answer) {
    if (answer.kind == AnswerKind::found)
      return "It refuses questions of this host's name server (" + codes_of(answer) + "): that is no listing.";
    return "It does not answer: " + answer.text + ".";
  }

  Task<Finding> listed(dns::Address address, std::string codes) {
    const dns::Answer texts = co_await ask(address, RecordType::txt);
    std::string evidence = "It lists " + address.to_string() + " (" + codes + ")";
    for (const std::string& text : texts.texts) evidence += ": " + proto::printable(text, 300);
    Finding finding{check_, State::wrong, evidence + ".", Actor::administrator};
    finding.remedy =
        "Find out what this host sent (mxpress queue, the log), stop that, then ask the list to remove the address by the page that it "
        "names; "
        "if it lists the network, the hosting provider has to ask.";
    co_return finding;
  }

  const std::string list_, check_;
  const Subject subject_;
  dns::Resolver& resolver_;
};

}  // namespace

Listing listing_of(const dns::Answer& answer) {
  if (answer.kind == AnswerKind::no_such_name || answer.kind == AnswerKind::no_data) return Listing::clean;
  if (answer.kind == AnswerKind::failed) return Listing::no_answer;
  const auto& all = answer.addresses;
  if (std::any_of(all.begin(), all.end(), is_listing)) return Listing::listed;
  // Also an address that is not of 127.0.0.0/8: somebody else answers, for a domain that has been given up.
  return Listing::refused;
}

std::string list_name(const dns::Address& address, const std::string& list) {
  const std::string name = dns::reverse_name(address);
  return name.substr(0, name.size() - std::string_view(address.is_v6 ? "ip6.arpa" : "in-addr.arpa").size()) + list;
}

Task<Findings> check_block_list(std::string list, Subject subject, dns::Resolver& resolver) {
  BlockList one(std::move(list), std::move(subject), resolver);
  co_return co_await one.check();
}

}  // namespace mxpress::mta::doctor
