// Queries the DNS for the records that mail needs.
#include "mta/records/host_records.h"

#include <algorithm>
#include <tuple>

#include "dns/reverse_name.h"
#include "mta/dkim/key_record.h"
#include "mta/dkim/published.h"
#include "mta/records/dmarc.h"
#include "mta/records/spf_merge.h"
#include "mta/spf/cost.h"
#include "mta/spf/evaluation.h"
#include "proto/ascii.h"
#include "proto/printable.h"

namespace mxpress::mta::records {
namespace {

using dns::Answer;
using dns::AnswerKind;
using dns::RecordType;

std::vector<std::string> in_quotes(const std::vector<std::string>& texts) {
  std::vector<std::string> all;
  for (const std::string& text : texts) all.push_back(dkim::zone_strings(text));
  return all;
}

std::string sentence(std::string text) {
  if (!text.empty() && text.front() >= 'a' && text.front() <= 'z') text.front() = static_cast<char>(text.front() - 'a' + 'A');
  return text + ".";
}

// "13: include:spf.a.example 9, mx 1, ...": the costliest terms.
std::string words_of(spf::Cost cost) {
  constexpr std::size_t kMostTerms = 5;
  const bool is_more = cost.lookups > spf::Cost::kMostCounted;
  std::string words = (is_more ? "more than " : "") + std::to_string(is_more ? spf::Cost::kMostCounted : cost.lookups);
  const auto is_before = [](const auto& a, const auto& b) { return std::tie(b.lookups, a.text) < std::tie(a.lookups, b.text); };
  std::sort(cost.terms.begin(), cost.terms.end(), is_before);
  for (std::size_t i = 0; i < std::min(cost.terms.size(), kMostTerms); ++i)
    words += (i == 0 ? ": " : ", ") + proto::printable(cost.terms[i].text, 80) + " " + std::to_string(cost.terms[i].lookups);
  return words + (cost.terms.size() > kMostTerms ? ", ..." : "");
}

class HostRecords {
 public:
  HostRecords(HostMail mail, dns::Resolver& resolver) : mail_(std::move(mail)), resolver_(resolver) {}

  Task<std::vector<HostRecord>> check() {
    const bool is_direct = mail_.next_hop.empty();
    if (is_direct) co_await find_addresses();
    for (const HostMail::SigningKey& key : mail_.keys) co_await check_key(key);
    co_await check_spf();
    co_await check_dmarc();
    if (is_direct) {
      for (const dns::Address& address : mail_.addresses) {
        check_address(address);
        co_await check_ptr(address);
      }
      if (mail_.addresses.empty()) no_address();
    }
    co_return std::move(records_);
  }

 private:
  Task<Answer> ask(std::string name, RecordType type) {
    dns::Question question{std::move(name), type};
    co_return co_await resolver_.resolve(std::move(question));
  }

  HostRecord& add(std::string title, std::string name, std::string type, std::string value) {
    records_.push_back({std::move(title), std::move(name), std::move(type), std::move(value), RecordState::unknown, {}, {}});
    return records_.back();
  }

  // False: its state in the DNS is unknown.
  static bool was_told(HostRecord& record, const Answer& answer) {
    if (answer.kind != AnswerKind::failed) return true;
    record.state = RecordState::unknown;
    record.notes.push_back("The DNS could not be asked: " + answer.text + ".");
    return false;
  }

  // For a host behind a router: the addresses of its name.
  Task<void> find_addresses() {
    const Answer v4 = co_await ask(mail_.hostname, RecordType::a);
    const Answer v6 = co_await ask(mail_.hostname, RecordType::aaaa);
    host_addresses_ = v4.addresses;
    host_addresses_.insert(host_addresses_.end(), v6.addresses.begin(), v6.addresses.end());
    host_answers_ = {v4, v6};
    if (mail_.addresses.empty()) mail_.addresses = host_addresses_;
  }

  Task<void> check_key(HostMail::SigningKey key) {
    const std::string name = dkim::record_name(key.selector, key.domain);
    const Answer answer = co_await ask(name, RecordType::txt);
    HostRecord& record = add("DKIM key " + key.selector, name, "TXT", dkim::zone_strings(dkim::record_text(key.key)));
    if (!was_told(record, answer)) co_return;
    record.found = in_quotes(answer.texts);
    const dkim::RecordCheck check = dkim::check_record(answer.texts, key.key);
    record.state = answer.texts.empty() ? RecordState::absent : check.matches ? RecordState::right : RecordState::different;
    if (!answer.texts.empty() && !check.why.empty()) record.notes.push_back(sentence(check.why));
  }

  Task<void> check_spf() {
    const Answer answer = co_await ask(mail_.domain.text(), RecordType::txt);
    HostRecord record{"SPF", mail_.domain.text(), "TXT", {}, RecordState::unknown, {}, {}, RecordKind::spf};
    if (was_told(record, answer)) {
      const auto found = spf::records_of(answer.texts);
      record.found = in_quotes(found);
      co_await fill_spf(record, found);
    }
    records_.push_back(std::move(record));
  }

  Task<void> fill_spf(HostRecord& record, std::vector<std::string> found) {
    const std::vector<std::string> missing = co_await missing_in(record, found);
    const SpfMerge merge = merge_spf(found, missing);
    for (const std::string& warning : merge.warnings) record.notes.push_back(sentence(warning));
    if (!merge.text.empty()) record.value = dkim::zone_strings(merge.text);
    record.state = found.empty() ? RecordState::absent : found.size() > 1 || !missing.empty() ? RecordState::different : RecordState::right;
    if (!mail_.next_hop.empty() && mail_.next_hop_spf.empty()) {
      record.state = RecordState::elsewhere;
      record.notes.push_back("Mail leaves through " + mail_.next_hop + ": ask who runs it what the SPF record of " + mail_.domain.text() +
                             " has to include.");
    }
    if (found.empty() && !missing.empty())
      record.notes.push_back("Other hosts that send mail for " + mail_.domain.text() + " belong into it, too.");
    if (!merge.text.empty()) co_await count_lookups(record, merge.text);
  }

  // The mechanisms that mail of this host still needs.
  Task<std::vector<std::string>> missing_in(HostRecord& record, std::vector<std::string> found) {
    std::vector<std::string> missing;
    if (!mail_.next_hop.empty()) {
      std::string include = "include:" + mail_.next_hop_spf;
      if (!mail_.next_hop_spf.empty() && !has_term(found, include)) missing.push_back(std::move(include));
      co_return missing;
    }
    for (const dns::Address& address : mail_.addresses) {
      const spf::CheckResult result = found.size() == 1 ? co_await result_for(address, found.front()) : spf::CheckResult::none;
      if (result == spf::CheckResult::temperror)
        record.notes.push_back("It is not known if the record has " + address.to_string() +
                               " already: a part of it could not be looked up.");
      if (result != spf::CheckResult::pass) missing.push_back(spf_mechanism(address));
    }
    co_return missing;
  }

  // As a receiver sees mail of postmaster from this host.
  Task<spf::CheckResult> result_for(dns::Address address, std::string record) {
    spf::Client client{.address = address, .helo = mail_.hostname, .sender = "postmaster@" + mail_.domain.text()};
    spf::Evaluation evaluation(resolver_, std::move(client));
    const spf::Verdict verdict = co_await evaluation.check_record(mail_.domain.text(), std::move(record));
    co_return verdict.result;
  }

  static bool has_term(const std::vector<std::string>& records, std::string_view text) {
    for (const std::string& record : records)
      for (const spf::Term& term : spf::terms_of(record))
        if (term.qualifier == '+' && proto::equal_in_any_case(term.text.substr(term.text.starts_with('+') ? 1 : 0), text)) return true;
    return false;
  }

  Task<void> count_lookups(HostRecord& record, std::string text) {
    const spf::Cost cost = co_await spf::cost_of(resolver_, std::move(text), std::chrono::steady_clock::now() + spf::Evaluation::kMostTime);
    for (const std::string& note : cost.notes) record.notes.push_back(note + ".");
    if (cost.lookups <= spf::kMostLookups) co_return;
    record.notes.push_back("Receivers need more than 10 look-ups for it (" + words_of(cost) +
                           "), which they take for an error (RFC 7208 4.6.4): put addresses (ip4, ip6) in the place of names, or take out "
                           "what does not send any more.");
    if (record.state == RecordState::right) record.state = RecordState::different;
  }

  Task<void> check_dmarc() {
    HostRecord record{
        "DMARC",          "_dmarc." + mail_.domain.text(), "TXT", dkim::zone_strings(kDmarcToPublish), RecordState::absent, {}, {},
        RecordKind::dmarc};
    for (const std::string& name : dmarc_names(mail_.domain.text())) {
      const Answer answer = co_await ask(name, RecordType::txt);
      if (!was_told(record, answer)) break;
      std::vector<std::string> found;
      std::copy_if(answer.texts.begin(), answer.texts.end(), std::back_inserter(found), is_dmarc);
      if (found.empty()) continue;
      fill_dmarc(record, name, found);
      break;
    }
    records_.push_back(std::move(record));
  }

  // Existing tags are kept: they are the domain's policy.
  void fill_dmarc(HostRecord& record, const std::string& name, const std::vector<std::string>& found) {
    record.found = in_quotes(found);
    record.state = found.size() == 1 ? RecordState::right : RecordState::different;
    record.value = dkim::zone_strings(found.front());
    if (name != record.name) record.notes.push_back("It is that of " + name + ", which holds for " + mail_.domain.text() + ", too.");
    record.name = name;
    for (const std::string& warning : dmarc_warnings(found.front())) record.notes.push_back(sentence(warning));
    if (found.size() > 1) record.notes.push_back("Receivers skip several records (RFC 9989): keep one.");
  }

  void check_address(const dns::Address& address) {
    HostRecord& record = add("Address of " + mail_.hostname, mail_.hostname, address.is_v6 ? "AAAA" : "A", address.to_string());
    record.kind = RecordKind::address;
    record.subject = address;
    const Answer& answer = host_answers_[address.is_v6 ? 1 : 0];
    if (!was_told(record, answer)) return;
    for (const dns::Address& one : answer.addresses) record.found.push_back(one.to_string());
    const bool has_it = std::find(answer.addresses.begin(), answer.addresses.end(), address) != answer.addresses.end();
    record.state = has_it ? RecordState::right : answer.addresses.empty() ? RecordState::absent : RecordState::different;
  }

  // The name of an address must lead back to it: forward-confirmed.
  Task<void> check_ptr(dns::Address address) {
    const Answer answer = co_await ask(dns::reverse_name(address), RecordType::ptr);
    HostRecord& record = add("PTR of " + address.to_string(), dns::reverse_name(address), "PTR", mail_.hostname + ".");
    record.kind = RecordKind::ptr;
    record.subject = address;
    record.notes.push_back("The provider of the address sets it, mostly in the settings of the server at your hosting provider.");
    if (!was_told(record, answer)) co_return;
    for (const std::string& name : answer.texts) record.found.push_back(name + ".");
    const bool has_it = std::find(answer.texts.begin(), answer.texts.end(), mail_.hostname) != answer.texts.end();
    record.state = has_it ? RecordState::right : answer.texts.empty() ? RecordState::absent : RecordState::different;
    if (has_it && answer.texts.size() > 1)
      record.notes.push_back("There are several names; one for each address is what receivers expect.");
    if (record.state == RecordState::right) record.notes.erase(record.notes.begin());
  }

  void no_address() {
    HostRecord& record = add("Address of " + mail_.hostname, mail_.hostname, "A", "");
    record.kind = RecordKind::address;
    if (!was_told(record, host_answers_[0])) return;
    record.state = RecordState::absent;
    record.notes.push_back(
        "Neither this host's interfaces nor the DNS name an address that the internet reaches it by: publish the one that "
        "its mail leaves from, and run this again.");
  }

  HostMail mail_;
  dns::Resolver& resolver_;
  std::vector<dns::Address> host_addresses_;
  std::vector<Answer> host_answers_;  // A, AAAA
  std::vector<HostRecord> records_;
};

}  // namespace

std::string_view to_string(RecordState state) {
  static constexpr std::string_view kWords[] = {"right", "different", "absent", "unknown", "elsewhere"};
  return kWords[static_cast<std::size_t>(state)];
}

Task<std::vector<HostRecord>> check_host_records(HostMail mail, dns::Resolver& resolver) {
  HostRecords records(std::move(mail), resolver);
  co_return co_await records.check();
}

}  // namespace mxpress::mta::records
