// Tests whether answers come with valid signatures: see self_test.h.
#include "dns/self_test.h"

#include <ctime>
#include <utility>

namespace mxpress::dns {
namespace {

constexpr auto kPatience = std::chrono::seconds(10);  // for one question

std::string time_here() {
  const std::time_t now = std::chrono::system_clock::to_time_t(Clock::current().wall());
  std::tm parts{};
  char text[32] = "";
  if (gmtime_r(&now, &parts)) std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts);
  return text;
}

// The reasons of libunbound for signatures that are not valid at this time.
bool is_about_time(const std::string& reason) {
  return reason.find("expired") != std::string::npos || reason.find("before inception") != std::string::npos;
}

std::string explain(const ValidatedAnswer& found) {
  if (!found.is_bogus) return found.answer.text;
  if (!is_about_time(found.answer.text)) return found.answer.text;
  return found.answer.text + " (this host's clock says " + time_here() + ": if that is wrong, set it)";
}

}  // namespace

Task<ServerTest> test_name_servers(Resolver& stub, std::vector<ServerConfig> servers) {
  ServerTest test;
  std::string trusted, others;
  for (const ServerConfig& server : servers) {
    std::string& list = is_ad_trusted(server) ? trusted : others;
    list.append(list.empty() ? "" : ", ").append(server.to_string());
  }
  test.is_trusted = !trusted.empty();
  test.text = "no name server is trusted for DNSSEC (" + others + ")";
  if (!test.is_trusted) co_return test;
  Question question{"", RecordType::ns};
  const Answer root = co_await stub.resolve(std::move(question));
  if (root.kind == AnswerKind::failed) {
    test.result = TestResult::no_answer;
    test.text = trusted + " is trusted for DNSSEC, but has no answer about the root (" + root.text + ")";
    co_return test;
  }
  test.result = root.authenticated ? TestResult::passed : TestResult::failed;
  test.text = root.authenticated ? trusted + " is trusted for DNSSEC" : root.server + " does not validate DNSSEC, or is not trusted for it";
  if (root.authenticated && !others.empty()) test.text += "; " + others + " is not, and its answers count as unsigned";
  co_return test;
}

// Of the root: its SOA record, and the proof that it has no TLSA record. Both kinds of answer are needed for DANE.
Task<LibraryTest> test_library(std::shared_ptr<ValidationLanes> library) {
  LibraryTest test;
  for (const RecordType type : {RecordType::soa, RecordType::tlsa}) {
    Question question{"", type};
    const ValidatedAnswer found = co_await library->ask(std::move(question), std::nullopt, {}, BootClock::now() + kPatience);
    if (found.answer.authenticated) continue;
    test.is_bogus = found.is_bogus;
    const bool is_unsigned = found.answer.kind != AnswerKind::failed;
    test.text = is_unsigned ? "the answer about the root from " + found.answer.server + " is not signed" : explain(found);
    test.result = found.is_bogus || is_unsigned ? TestResult::failed : TestResult::no_answer;
    co_return test;
  }
  test.result = TestResult::passed;
  co_return test;
}

}  // namespace mxpress::dns
