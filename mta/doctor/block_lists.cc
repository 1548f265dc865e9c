// Asks block lists.
#include "mta/doctor/block_lists.h"
#include "dns/reverse_name.h"

#include <algorithm>

#include "proto/printable.h"

namespace mxpress::mta::doctor {
namespace {

using dns::AnswerKind;
using dns::RecordType;

// The last octets of 127.0.0.x that mean a listing, as the lists publish them. Sources and their dates: docs/doctor.md, "Block lists".
struct Code {
  std::string_view list;
  std::uint8_t first = 0, last = 0;
  std::string_view meaning = {};
};
constexpr Code kCodes[] = {
    {"zen.spamhaus.org", 2, 2, "SBL: mail from it is spam, or supports spam"},
    {"zen.spamhaus.org", 3, 3, "CSS: it sends mail of low reputation"},
    {"zen.spamhaus.org", 4, 7, "XBL: malware or an open proxy runs behind it"},
    {"zen.spamhaus.org", 9, 9, "DROP: its network belongs to criminals"},
    {"zen.spamhaus.org", 10, 11, "PBL: its network says that its addresses send no mail directly; who runs it can have one removed"},
    {"bl.spamcop.net", 2, 2},
    {"psbl.surriel.com", 2, 2},
    {"dnsbl-1.uceprotect.net", 2, 2},
    {"bl.mailspike.net", 2, 2, "it takes part in a wave of spam"},
    {"bl.mailspike.net", 10, 14, "low reputation"},
};

bool is_of_loopback(const dns::Address& address) { return !address.is_v6 && address.bytes[0] == 127; }

// 127.255.255.x is a message about the question, such as "public resolver" (254) or "too many" (255); 127.0.0.1 is one of lists whose codes
// are bits, and lists nothing (uribl.com/refused.shtml).
bool is_refusal(const dns::Address& address) {
  const auto& bytes = address.bytes;
  return is_of_loopback(address) && ((bytes[1] == 255 && bytes[2] == 255) || (bytes[1] == 0 && bytes[2] == 0 && bytes[3] == 1));
}

const Code* code_of(const dns::Address& address, std::string_view list) {
  const auto& bytes = address.bytes;
  const auto found = std::find_if(std::begin(kCodes), std::end(kCodes), [&](const Code& code) {
    return code.list == list && bytes[1] == 0 && bytes[2] == 0 && code.first <= bytes[3] && bytes[3] <= code.last;
  });
  return found == std::end(kCodes) ? nullptr : &*found;
}

// Every code of a list whose codes are not known here.
bool is_listing(const dns::Address& address, std::string_view list) {
  if (!is_of_loopback(address) || is_refusal(address)) return false;
  const bool is_known = std::any_of(std::begin(kCodes), std::end(kCodes), [&](const Code& code) { return code.list == list; });
  return !is_known || code_of(address, list);
}

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
      const Listing listing = listing_of(answer, list_);
      if (listing == Listing::listed) co_return co_await listed(address, answer);
      if (listing != Listing::clean) co_return unknown(check_, refusal(answer));
      clean += (clean.empty() ? "" : " and ") + address.to_string();
    }
    if (clean.empty()) co_return not_needed(check_, left_out);
    co_return fine(check_, "It does not list " + clean + "." + (left_out.empty() ? "" : " " + left_out));
  }

  // Empty: its answers about this family can be believed.
  Task<std::string> why_not_believed(bool is_v6) {
    const dns::Answer listed = co_await ask(test_entry(is_v6, '2'), RecordType::a);
    switch (listing_of(listed, list_)) {
      case Listing::listed:
        break;
      case Listing::clean:
        co_return is_v6 ? std::string("It has no IPv6 addresses (no test entry).")
                        : "It does not list its test entry 127.0.0.2: it has ended, or refuses the name server of this host silently.";
      default:
        co_return refusal(listed);
    }
    const dns::Answer never = co_await ask(test_entry(is_v6, '1'), RecordType::a);
    if (listing_of(never, list_) == Listing::listed)
      co_return std::string("It lists ") + (is_v6 ? "::ffff:7f00:1" : "127.0.0.1") +
          ", which no list has: it lists everything, and is not to be believed.";
    co_return listing_of(never, list_) == Listing::clean ? std::string() : refusal(never);
  }

  std::string refusal(const dns::Answer& answer) const {
    if (listing_of(answer, list_) == Listing::other)
      return "It answers with a code that it does not publish as a listing (" + codes_of(answer) + ").";
    if (answer.kind == AnswerKind::found)
      return "It refuses questions of this host's name server (" + codes_of(answer) + "): that is no listing.";
    return "It does not answer: " + answer.text + ".";
  }

  Task<Finding> listed(dns::Address address, dns::Answer answer) {
    const std::string codes = codes_of(answer), meaning = meaning_of(answer, list_);
    const dns::Answer texts = co_await ask(address, RecordType::txt);
    std::string evidence = "It lists " + address.to_string() + " (" + codes + (meaning.empty() ? "" : ", " + meaning) + ")";
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

Listing listing_of(const dns::Answer& answer, std::string_view list) {
  if (answer.kind == AnswerKind::no_such_name || answer.kind == AnswerKind::no_data) return Listing::clean;
  if (answer.kind == AnswerKind::failed) return Listing::no_answer;
  const auto& all = answer.addresses;
  if (std::any_of(all.begin(), all.end(), [&](const dns::Address& one) { return is_listing(one, list); })) return Listing::listed;
  // Also an address that is not of 127.0.0.0/8: somebody else answers, for a domain that has been given up.
  const auto is_refused = [](const dns::Address& one) { return is_refusal(one) || !is_of_loopback(one); };
  return std::any_of(all.begin(), all.end(), is_refused) || all.empty() ? Listing::refused : Listing::other;
}

std::string meaning_of(const dns::Answer& answer, std::string_view list) {
  std::string text;
  for (const dns::Address& one : answer.addresses)
    if (const Code* const code = code_of(one, list); code && !code->meaning.empty() && text.find(code->meaning) == std::string::npos)
      text += (text.empty() ? "" : "; ") + std::string(code->meaning);
  return text;
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
