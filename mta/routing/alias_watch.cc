// Watches the files of aliases.
#include "mta/routing/alias_watch.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "mta/config/config.h"
#include "mta/routing/alias_book.h"
#include "mta/system/log.h"

namespace mxpress::mta::routing {
namespace {

constexpr std::chrono::seconds kInterval(1);
constexpr std::chrono::seconds kPatience(1);  // for a look that has not ended

std::vector<std::string> included_by(const Config& config) {
  std::vector<std::string> paths;
  for (const auto& [name, targets] : config.local.aliases)
    for (const std::string& text : targets)
      for (const proto::AliasTarget& target : proto::parse_alias_targets(text))
        if (target.kind == proto::AliasTarget::Kind::include) paths.push_back(target.text);
  return paths;
}

}  // namespace

struct AliasWatch::Core {
  void run();

  std::mutex mutex;
  std::condition_variable changed;
  std::shared_ptr<AliasBook> book;
  bool is_stopping = false;
  bool is_running = false;
};

void AliasWatch::Core::run() {
  std::unique_lock lock(mutex);
  while (!changed.wait_for(lock, kInterval, [this] { return is_stopping; })) {
    const auto current = book;
    lock.unlock();
    current->look();
    lock.lock();
  }
  is_running = false;
  changed.notify_all();
}

AliasWatch::AliasWatch() : core_(std::make_shared<Core>()) {}

AliasWatch::~AliasWatch() {
  std::unique_lock lock(core_->mutex);
  core_->is_stopping = true;
  core_->changed.notify_all();
  core_->changed.wait_for(lock, kPatience, [this] { return !core_->is_running; });
}

std::shared_ptr<const AliasBook> AliasWatch::watch(const Config& config) {
  std::unique_lock lock(core_->mutex);
  if (!core_->book || core_->book->file() != config.local.alias_file) core_->book = std::make_shared<AliasBook>(config.local.alias_file);
  auto book = core_->book;
  const bool is_first = !std::exchange(core_->is_running, true);
  lock.unlock();
  book->look(included_by(config));
  if (!is_first) return book;
  try {
    std::thread([core = core_] { core->run(); }).detach();
  } catch (const std::system_error& error) {
    log(LogLine(Priority::error, "aliases").add("reason", "cannot start a thread: " + error.code().message()).add("note", "not watched"));
    lock.lock();
    core_->is_running = false;
  }
  return book;
}

std::shared_ptr<const AliasBook> read_aliases(const Config& config) {
  auto book = std::make_shared<AliasBook>(config.local.alias_file);
  book->look(included_by(config));
  return book;
}

}  // namespace mxpress::mta::routing
