// Asks the daemon about mail for an address.
#include "mta/cli/check_standing.h"

#include "mta/cli/control_client.h"
#include "mta/cli/print.h"
#include "mta/config/config.h"
#include "proto/control.pb.h"
#include "proto/printable.h"

namespace mxpress::mta::cli {
namespace {

constexpr std::size_t kMostDestinations = 10;
constexpr std::size_t kMaxWords = 500;

std::string shown(std::string_view text) { return proto::printable(text, kMaxWords); }

// A connection carries one request.
void ask(const Config& config, const control_pb::Request& request, const control::ControlSink& sink) {
  if (const auto daemon = connect_to_daemon(config.listen.control_socket)) static_cast<void>((*daemon)->ask(request, sink).ok());
}

void ask_messages(const Config& config, const std::string& recipient, Standing& standing) {
  control_pb::Request request;
  request.mutable_list()->mutable_selector()->set_recipient(recipient);
  ask(config, request, [&](const control_pb::Response& response) {
    if (!response.has_message() || response.more_follows()) return true;
    ++standing.waiting;
    if (response.message().state() == "held") ++standing.held;
    return true;
  });
}

void ask_destinations(const Config& config, const std::string& domain, Standing& standing) {
  control_pb::Request request;
  request.mutable_destinations();
  ask(config, request, [&](const control_pb::Response& response) {
    const control_pb::DestinationInfo& info = response.destination();
    const bool is_of_domain = info.destination() == domain || info.destination().starts_with(domain + " ");
    if (is_of_domain && standing.destinations.size() < kMostDestinations)
      standing.destinations.push_back({info.destination(), info.site(), info.messages(), info.next_try_ms(), info.last().text()});
    return true;
  });
}

void ask_outages(const Config& config, Standing& standing) {
  control_pb::Request request;
  request.mutable_status();
  ask(config, request, [&](const control_pb::Response& response) {
    for (const control_pb::Outage& outage : response.status().outage()) standing.outages.push_back(outage.way() + ": " + outage.reason());
    return true;
  });
}

std::string messages(std::uint64_t count) { return std::to_string(count) + (count == 1 ? " message waits" : " messages wait"); }

std::string in_words(const Standing::Destination& destination, WallTime now) {
  std::string words = messages(destination.messages) + " for " + shown(destination.name);
  const WallTime next{std::chrono::milliseconds(destination.next_try_ms)};
  if (destination.next_try_ms != 0) words += next <= now ? ", and is due now" : ", next try in " + rough(next - now);
  if (!destination.last.empty()) words += "; last: " + shown(destination.last);
  return words + ".";
}

}  // namespace

Standing ask_standing(const Config& config, const std::string& recipient, const std::string& domain) {
  Standing standing;
  if (const auto daemon = connect_to_daemon(config.listen.control_socket); !daemon) {
    standing.failure = daemon.error().message;
    return standing;
  }
  ask_messages(config, recipient, standing);
  ask_destinations(config, domain, standing);
  ask_outages(config, standing);
  return standing;
}

std::vector<std::string> in_words(const Standing& standing, WallTime now) {
  if (!standing.failure.empty()) return {"It was not asked: " + shown(standing.failure) + "."};
  std::vector<std::string> words;
  for (const std::string& outage : standing.outages) words.push_back("This host cannot send: " + shown(outage) + ".");
  for (const Standing::Destination& destination : standing.destinations) words.push_back(in_words(destination, now));
  if (standing.waiting != 0) words.push_back(messages(standing.waiting) + " for this recipient (mxpress queue --recipient).");
  if (standing.held != 0) words.push_back("Of these " + std::to_string(standing.held) + " are held until `mxpress release`.");
  if (words.empty()) words.emplace_back("No mail waits for this recipient.");
  return words;
}

}  // namespace mxpress::mta::cli
