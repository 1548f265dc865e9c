// Looks up users on threads that may hang.
#include "mta/system/user_lookup.h"

#include <pwd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>

#include "mta/fairness/owner_lines.h"
#include "proto/text_hash.h"

namespace mxpress::mta::system {
namespace {

constexpr std::chrono::seconds kKeepKnown(60);
constexpr std::chrono::seconds kKeepOther(5);
constexpr std::size_t kMostKept = 20'000;      // answers
constexpr std::size_t kMostWaiting = 1000;     // lookups
constexpr std::size_t kMostOfEntry = 1 << 20;  // octets of a user's entry
constexpr std::size_t kMostNames = 5000;

// POSIX: some of these mean that there is no such user.
bool means_unknown(int code) { return code == 0 || code == ENOENT || code == ESRCH || code == EBADF || code == EPERM; }

}  // namespace

UserAnswer ask_name_service(const std::string& name) {
  std::vector<char> buffer(16 * 1024);
  passwd entry{};
  passwd* found = nullptr;
  int code;
  while ((code = ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found)) == ERANGE && buffer.size() < kMostOfEntry)
    buffer.resize(2 * buffer.size());
  if (found) return UserAnswer::known;
  return means_unknown(code) ? UserAnswer::unknown : UserAnswer::unavailable;
}

std::vector<std::string> names_in_passwd() {
  std::vector<std::string> names;
  std::FILE* const file = std::fopen("/etc/passwd", "re");
  if (!file) return names;
  std::vector<char> buffer(16 * 1024);
  passwd entry{};
  passwd* found = nullptr;
  while (names.size() < kMostNames && ::fgetpwent_r(file, &entry, buffer.data(), buffer.size(), &found) == 0)
    names.emplace_back(found->pw_name);
  std::fclose(file);
  return names;
}

struct UserLookup::Core : std::enable_shared_from_this<Core> {
  // Names of one look_up().
  struct Job {
    std::vector<std::string> names;
    std::function<void()> wake;  // empty: nobody waits any more
  };
  using JobPtr = std::shared_ptr<Job>;  // shared by the waiting coroutine and the thread
  using Lock = std::unique_lock<std::mutex>;

  Core(Ask how, Duration wait) : ask(std::move(how)), patience(wait) {}
  bool add(const fairness::Owner& owner, JobPtr job);
  void abandon(Job& job);
  void close();

  bool hangs(BootTime now) const;
  void start_thread();
  void run(std::size_t slot);
  void work(Lock& lock, Job& job, std::size_t slot);
  std::optional<UserAnswer> kept(const std::string& name, BootTime now) const;
  void keep(const std::string& name, UserAnswer answer, BootTime now);

  struct Kept {
    UserAnswer answer;
    BootTime until;
  };

  const Ask ask;
  const Duration patience;
  mutable std::mutex mutex;  // guards everything below
  std::condition_variable changed;
  bool is_closed = false;
  fairness::OwnerLines<JobPtr> lines;
  std::size_t threads = 0, idle = 0;
  std::optional<BootTime> since[kThreads];  // of the lookup in progress
  std::unordered_map<std::string, Kept, proto::TextHash> answers;
  // Names of all users, listed for suggestions after the first lookup that found no user; listed again from next_list on.
  std::shared_ptr<const std::vector<std::string>> names = std::make_shared<const std::vector<std::string>>();
  BootTime next_list{};
};

bool UserLookup::Core::hangs(BootTime now) const {
  return threads == kThreads &&
         std::all_of(std::begin(since), std::end(since), [&](const auto& begin) { return begin && *begin + patience <= now; });
}

// False: no lookup is possible now.
bool UserLookup::Core::add(const fairness::Owner& owner, JobPtr job) {
  const Lock lock(mutex);
  if (is_closed || hangs(BootClock::now()) || lines.waiting() >= kMostWaiting) return false;
  if (idle <= lines.waiting() && threads < kThreads) start_thread();
  if (threads == 0) return false;
  lines.enter(std::move(job), owner);
  changed.notify_one();
  return true;
}

// If the thread cannot be started now, the next lookup tries again.
void UserLookup::Core::start_thread() {
  try {
    std::thread([core = shared_from_this(), slot = threads] { core->run(slot); }).detach();
    ++threads;
  } catch (const std::system_error&) {
    return;
  }
}

void UserLookup::Core::run(std::size_t slot) {
  Lock lock(mutex);
  while (true) {
    ++idle;
    changed.wait(lock, [this] { return is_closed || lines.waiting() > 0; });
    --idle;
    if (is_closed) return;
    const JobPtr job = lines.next([](const fairness::Owner&) { return true; })->item;
    work(lock, *job, slot);
    if (job->wake) job->wake();
  }
}

void UserLookup::Core::work(Lock& lock, Job& job, std::size_t slot) {
  for (const std::string& name : job.names) {
    if (!job.wake) return;
    if (kept(name, BootClock::now())) continue;
    since[slot] = BootClock::now();
    const bool lists_again = BootClock::now() >= next_list;
    lock.unlock();
    const UserAnswer answer = ask(name);
    auto listed =
        answer == UserAnswer::unknown && lists_again ? std::make_shared<const std::vector<std::string>>(names_in_passwd()) : nullptr;
    lock.lock();
    if (listed) {
      names = std::move(listed);
      next_list = BootClock::now() + kKeepKnown;
    }
    since[slot].reset();
    keep(name, answer, BootClock::now());
  }
}

std::optional<UserAnswer> UserLookup::Core::kept(const std::string& name, BootTime now) const {
  const auto found = answers.find(name);
  return found != answers.end() && now < found->second.until ? std::optional(found->second.answer) : std::nullopt;
}

void UserLookup::Core::keep(const std::string& name, UserAnswer answer, BootTime now) {
  if (answers.size() >= kMostKept) std::erase_if(answers, [&](const auto& one) { return one.second.until <= now; });
  if (answers.size() >= kMostKept) answers.clear();
  answers[name] = {answer, now + (answer == UserAnswer::known ? kKeepKnown : kKeepOther)};
}

void UserLookup::Core::abandon(Job& job) {
  const Lock lock(mutex);
  job.wake = nullptr;
  const BootTime now = BootClock::now();
  for (const std::string& name : job.names)
    if (!kept(name, now)) keep(name, UserAnswer::unavailable, now);
}

void UserLookup::Core::close() {
  const Lock lock(mutex);
  is_closed = true;
  lines = {};
  changed.notify_all();
}

UserLookup::UserLookup(Ask ask, Duration patience) : core_(std::make_shared<Core>(std::move(ask), patience)) {}

UserLookup::~UserLookup() { core_->close(); }

std::optional<UserAnswer> UserLookup::answer(const std::string& name) const {
  const Core::Lock lock(core_->mutex);
  return core_->kept(name, BootClock::now());
}

std::shared_ptr<const std::vector<std::string>> UserLookup::names() const {
  const Core::Lock lock(core_->mutex);
  return core_->names;
}

Task<void> UserLookup::look_up(fairness::Owner owner, std::vector<std::string> names) {
  const auto core = core_;
  const Executor executor = co_await asio::this_coro::executor;
  const auto timer = std::make_shared<Timer>(executor);  // shared with the code that wakes it
  const auto job = std::make_shared<Core::Job>();
  job->names = std::move(names);
  // Also if the coroutine ends early: nothing is posted to its executor any more.
  const auto forget = [core](Core::Job* one) { core->abandon(*one); };
  const std::unique_ptr<Core::Job, decltype(forget)> guard(job.get(), forget);
  job->wake = [executor, timer] { asio::post(executor, [timer] { timer->cancel(); }); };
  timer->expires_after(core->patience);
  if (!core->add(owner, job)) co_return;
  boost::system::error_code ignored;
  co_await timer->async_wait(asio::redirect_error(use_task, ignored));
}

}  // namespace mxpress::mta::system
