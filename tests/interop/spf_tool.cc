// spf-tool: evaluates SPF against records that it is given, for scripts/interop. Reads lines of fields that tabs separate; octets outside
// of visible ASCII, and %, are %XX:
//
//   clear                          forgets all records
//   record NAME TYPE VALUE...      A, AAAA, TXT, PTR, CNAME; MX has a preference and a host, which may be empty
//   fail NAME TYPE                 such questions fail
//   check ADDRESS HELO SENDER      prints the result, the explanation and the problem, in the same form
#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "mta/spf/evaluation.h"
#include "mta/spf/query_name.h"
#include "tests/support/content_source.h"
#include "tests/support/scripted_resolver.h"

using namespace mxpress;

namespace {

std::string decoded(const std::string& text) {
  std::string octets;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%')
      octets += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16)), i += 2;
    else
      octets += text[i];
  }
  return octets;
}

std::string encoded(const std::string& octets) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string text;
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    if (c > ' ' && c < 0x7f && c != '%')
      text += c;
    else
      text.append({'%', kDigits[octet >> 4], kDigits[octet & 15]});
  }
  return text;
}

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  for (std::size_t begin = 0, end = 0; begin <= line.size(); begin = end + 1) {
    end = std::min(line.find('\t', begin), line.size());
    fields.push_back(decoded(line.substr(begin, end - begin)));
  }
  return fields;
}

// A name that cannot be asked for has no records.
std::string name_of(const std::string& text) { return mta::spf::query_name(text).value_or("%"); }

dns::RecordType type_of(const std::string& word) {
  static const std::map<std::string, dns::RecordType> kTypes = {{"A", dns::RecordType::a},     {"AAAA", dns::RecordType::aaaa},
                                                                {"MX", dns::RecordType::mx},   {"TXT", dns::RecordType::txt},
                                                                {"PTR", dns::RecordType::ptr}, {"CNAME", dns::RecordType::cname}};
  return kTypes.at(word);
}

void add_record(testing::ScriptedResolver& resolver, const std::vector<std::string>& fields) {
  const std::string name = name_of(fields.at(1));
  const std::string& value = fields.at(3);
  switch (type_of(fields.at(2))) {
    case dns::RecordType::a:
      resolver.a(name, value);
      break;
    case dns::RecordType::aaaa:
      resolver.aaaa(name, value);
      break;
    case dns::RecordType::mx:
      resolver.mx(name, static_cast<std::uint16_t>(std::stoi(value)), fields.at(4).empty() ? "" : name_of(fields.at(4)));
      break;
    case dns::RecordType::ptr:
      resolver.ptr(name, name_of(value));
      break;
    case dns::RecordType::cname:
      resolver.cname(name, name_of(value));
      break;
    default:
      resolver.txt(name, value);
  }
}

void check(dns::Resolver& resolver, const std::vector<std::string>& fields) {
  const auto address = dns::Address::parse(fields.at(1));
  if (!address) throw std::runtime_error(address.error().message);
  mta::spf::Evaluation evaluation(resolver, {.address = *address, .helo = fields.at(2), .sender = fields.at(3)});
  const mta::spf::Verdict verdict = testing::run(evaluation.check());
  std::cout << to_string(verdict.result) << '\t' << encoded(verdict.explanation) << '\t' << encoded(verdict.problem) << std::endl;
}

}  // namespace

int main() {
  try {
    auto resolver = std::make_unique<testing::ScriptedResolver>();
    for (std::string line; std::getline(std::cin, line);) {
      const auto fields = fields_of(line);
      if (fields[0] == "clear")
        resolver = std::make_unique<testing::ScriptedResolver>();
      else if (fields[0] == "record")
        add_record(*resolver, fields);
      else if (fields[0] == "fail")
        resolver->fail(name_of(fields.at(1)), type_of(fields.at(2)));
      else if (fields[0] == "check")
        check(*resolver, fields);
      else
        throw std::runtime_error("no such line: " + line);
    }
  } catch (const std::exception& error) {
    std::cerr << "spf-tool: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
