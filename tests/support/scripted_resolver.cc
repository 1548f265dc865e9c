// The resolver that answers from a table: see scripted_resolver.h.
#include "tests/support/scripted_resolver.h"

namespace mxpress::testing {
namespace {

constexpr char kServer[] = "192.0.2.53:53";
constexpr int kMaxAliases = 8;

dns::Answer failure(const std::string& text) {
  dns::Answer answer;
  answer.server = kServer;
  answer.text = text;
  answer.is_refused = text.starts_with("REFUSED");
  return answer;
}

}  // namespace

using dns::RecordType;

ScriptedResolver& ScriptedResolver::mx(const std::string& name, std::uint16_t preference, const std::string& host) {
  names_[name].records[RecordType::mx].mx.push_back({preference, host});
  return *this;
}

ScriptedResolver& ScriptedResolver::a(const std::string& name, const std::string& address) {
  names_[name].records[RecordType::a].addresses.push_back(dns::Address::parse(address).value());
  return *this;
}

ScriptedResolver& ScriptedResolver::aaaa(const std::string& name, const std::string& address) {
  names_[name].records[RecordType::aaaa].addresses.push_back(dns::Address::parse(address).value());
  return *this;
}

ScriptedResolver& ScriptedResolver::cname(const std::string& name, const std::string& target) {
  names_[name].alias = target;
  return *this;
}

ScriptedResolver& ScriptedResolver::ns(const std::string& name, const std::string& host) {
  names_[name].records[RecordType::ns].texts.push_back(host);
  return *this;
}

ScriptedResolver& ScriptedResolver::ptr(const std::string& name, const std::string& host) {
  names_[name].records[RecordType::ptr].texts.push_back(host);
  return *this;
}

ScriptedResolver& ScriptedResolver::txt(const std::string& name, const std::string& text) {
  names_[name].records[RecordType::txt].texts.push_back(text);
  return *this;
}

ScriptedResolver& ScriptedResolver::tlsa(const std::string& name, const std::string& data) {
  names_[name].records[RecordType::tlsa].texts.push_back(data);
  return *this;
}

ScriptedResolver& ScriptedResolver::leave_unsigned(const std::string& name) {
  names_[name].is_unsigned = true;
  return *this;
}

ScriptedResolver& ScriptedResolver::fail(const std::string& name, const std::string& text) {
  names_[name].all_fail = text;
  return *this;
}

ScriptedResolver& ScriptedResolver::fail(const std::string& name, RecordType type, const std::string& text) {
  names_[name].failures[type] = text;
  return *this;
}

ScriptedResolver& ScriptedResolver::forget(const std::string& name) {
  names_.erase(name);
  return *this;
}

dns::Answer ScriptedResolver::answer(dns::Question question) const {
  dns::Answer answer;
  bool is_signed = authenticated;
  for (int aliases = 0; aliases <= kMaxAliases; ++aliases) {
    const auto name = names_.find(question.name);
    is_signed = is_signed && (name == names_.end() || !name->second.is_unsigned);
    answer.kind = name == names_.end() ? dns::AnswerKind::no_such_name : dns::AnswerKind::no_data;
    answer.text = std::string(name == names_.end() ? "NXDOMAIN" : "no record of this type") + " from " + kServer;
    answer.server = kServer;
    answer.ttl = ttl;
    answer.authenticated = is_signed;
    answer.canonical_name = question.name;
    if (name == names_.end()) return answer;
    if (name->second.all_fail) return failure(*name->second.all_fail);
    if (const auto fails = name->second.failures.find(question.type); fails != name->second.failures.end()) return failure(fails->second);
    if (const auto found = name->second.records.find(question.type); found != name->second.records.end()) {
      answer.kind = dns::AnswerKind::found;
      answer.mx = found->second.mx;
      answer.addresses = found->second.addresses;
      answer.texts = found->second.texts;
      return answer;
    }
    if (name->second.alias && question.type == RecordType::cname) {
      answer.kind = dns::AnswerKind::found;
      answer.texts = {*name->second.alias};
      return answer;
    }
    if (!name->second.alias) {
      answer.ttl = no_data_ttl.value_or(ttl);
      return answer;
    }
    question.name = *name->second.alias;
  }
  return failure("a loop of CNAMEs");
}

Task<dns::Answer> ScriptedResolver::resolve(dns::Question question) {
  asked.push_back(question);
  if (delay > Duration::zero()) {
    Timer timer(co_await asio::this_coro::executor, delay);
    co_await timer.async_wait(use_task);
  }
  co_return answer(std::move(question));
}

}  // namespace mxpress::testing
