// Reads and replaces the file.
#include "mta/delivery/outage_record.h"

#include "dns/async.h"
#include "mta/fairness/file_turns.h"
#include "mta/system/log.h"
#include "queue/small_file.h"

namespace mxpress::mta::delivery {
namespace {

constexpr std::uint64_t kOctets = 4096;

}  // namespace

std::optional<OutageSpans::Restored> OutageRecord::load(Instant now) const {
  if (!disk_) return std::nullopt;
  const auto text = queue::read_small_file(*disk_, file_);
  if (text && !*text) return std::nullopt;
  auto restored = text ? OutageSpans::parse(**text, now, Clock::current().wall()) : Result<OutageSpans::Restored>(text.error());
  if (restored) return std::move(*restored);
  log(LogLine(Priority::warning, "outages").add("reason", file_ + ": " + restored.error().message).add("note", "it counts as empty"));
  return std::nullopt;
}

void OutageRecord::save(std::function<std::string()> text) {
  if (!disk_) return;
  if (files_)
    files_->post({{}, kOctets}, [this, text = std::move(text)] { write(text); });
  else
    write(text);
}

void OutageRecord::write(const std::function<std::string()>& text) {
  const std::lock_guard one_at_a_time(writing_);
  const Status written = queue::replace_small_file(*disk_, file_, text());
  if (!written) log(LogLine(Priority::error, "outages").add("reason", written.error().message).add("note", "a restart forgets the outage"));
}

}  // namespace mxpress::mta::delivery
