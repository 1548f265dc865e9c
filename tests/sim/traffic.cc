// Composes arrivals and messages.
#include "tests/sim/traffic.h"

#include <algorithm>

namespace mxpress::sim {
namespace {

constexpr std::uint64_t kOfTenInBursts = 4;
constexpr std::size_t kLargeContent = 300 * 1024;

}  // namespace

Traffic::Traffic(const World& world, std::uint64_t messages, Duration span)
    : world_(world), chance_(mix(world.seed, 0x6d61696c)), large_one_in_(std::max<std::uint64_t>(100, messages / 100)) {
  const Instant begin = instant_now();
  const auto any_time = [&] { return begin + Duration(chance_.below(static_cast<std::uint64_t>(span.count()))); };
  for (std::uint64_t i = 0; i < messages - messages * kOfTenInBursts / 10; ++i) arrivals_.push_back({any_time(), 0, 0});
  for (std::uint32_t burst = 1; arrivals_.size() < messages; ++burst) {
    Instant at = any_time();
    const std::uint64_t size =
        std::min<std::uint64_t>(messages - arrivals_.size(), chance_.between(1, std::max<std::uint64_t>(10, messages / 20)));
    const std::uint64_t gap = chance_.below(100);
    for (std::uint32_t i = 0; i < size; ++i) {
      arrivals_.push_back({at, burst, i});
      at += Duration(chance_.below(gap + 1));
    }
  }
  std::sort(arrivals_.begin(), arrivals_.end(),
            [](const Arrival& a, const Arrival& b) { return std::tie(a.at, a.burst, a.number) < std::tie(b.at, b.burst, b.number); });
}

// Some get much, many get little.
std::uint32_t Traffic::any_destination() {
  const auto count = world_.destinations.size();
  return static_cast<std::uint32_t>(std::min(chance_.below(count), chance_.below(count)));
}

std::size_t Traffic::recipient_count(const Arrival& arrival) {
  if (arrival.burst % 2 == 1) return 1;
  const auto share = chance_.below(1000);
  if (share < 800) return 1;
  if (share < 970) return chance_.between(2, 4);
  return share < 995 ? chance_.between(5, 20) : chance_.between(20, 80);
}

proto::Notify Traffic::any_notify() {
  proto::Notify notify;
  if (!chance_.one_in(4)) return notify;
  notify.given = true;
  notify.success = chance_.one_in(2);
  notify.failure = chance_.one_in(2);
  notify.delay = chance_.one_in(2);
  return notify;
}

queue::NewMessage Traffic::compose(const Arrival& arrival, queue::QueueId id, std::uint32_t first_recipient) {
  queue::NewMessage message;
  const auto home = chance_.permille(900) ? chance_.below(kHomes - 3) : kHomes - 3 + chance_.below(3);
  const std::string sender = "s" + std::to_string(chance_.below(1000)) + "@d" + std::to_string(home) + ".example";
  if (!chance_.one_in(30)) message.envelope.reverse_path = proto::ReversePath(*proto::Mailbox::parse(sender));
  // A burst goes to one destination, to all in turn, or anywhere.
  const auto target = static_cast<std::uint32_t>(mix(world_.seed, arrival.burst) % world_.destinations.size());
  std::uint32_t same = any_destination();
  for (std::size_t i = 0, count = recipient_count(arrival); i < count; ++i) {
    std::uint32_t destination = chance_.one_in(3) ? same : any_destination();
    if (arrival.burst % 4 == 1) destination = target;
    if (arrival.burst % 4 == 3) destination = static_cast<std::uint32_t>((target + arrival.number) % world_.destinations.size());
    const std::string address = "u" + std::to_string(first_recipient + i) + "@" + world_.destinations[destination].name;
    message.envelope.recipients.push_back({*proto::Mailbox::parse(address), any_notify(), ""});
  }
  message.envelope.ret = chance_.one_in(10) ? proto::Return::full : proto::Return::unspecified;
  message.envelope.submitter.entrance = "smtp";
  message.envelope.submitted = Clock::current().wall();
  message.content = "Message-ID: <" + id.to_string() + "@sim.example>\r\nFrom: <" + sender +
                    ">\r\nSubject: " + std::to_string(first_recipient) + "\r\n\r\n" + std::string(chance_.below(300), 'x') + "\r\n";
  return message;
}

std::string Traffic::large_content(const std::string& header) {
  std::string content = header;
  while (content.size() < kLargeContent) content += std::string(70, 'y') + "\r\n";
  return content;
}

}  // namespace mxpress::sim
