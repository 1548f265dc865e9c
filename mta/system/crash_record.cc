// A mapped file of queue ids, and the signal handler that notes which thread crashed.
#include "mta/system/crash_record.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <tuple>
#include <utility>

#include "mta/system/descriptor.h"

namespace mxpress::mta::system {

using proto::QueueId;

struct CrashRecord::File {
  static constexpr std::uint64_t kMagic = 0x3164656C646E6168;  // "handled1"
  static constexpr std::int32_t kAnyThread = -1;

  std::uint64_t magic;
  std::atomic<std::int32_t> signal;     // that ended the last run; 0: none, kOutOfMemory
  std::atomic<std::int32_t> region;     // of the crashed thread
  std::atomic<std::uint64_t> message;   // that it worked on alone; 0: unknown
  std::atomic<std::uint32_t> is_ended;  // the run ended normally
  std::uint32_t suspect_count;
  struct {
    std::uint64_t message;
    std::uint32_t deaths, set_aside;
  } suspects[kSuspects];
  std::atomic<std::uint64_t> slots[kRegions][kSlots];
};

namespace {

constexpr std::int32_t kOutOfMemory = 1000;  // no signal has this number
constexpr std::array<int, 5> kFaults = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
constexpr std::size_t kAlternateStack = 64 * 1024;  // octets: the handler needs little, that of a sanitizer more

constexpr std::uint32_t kMostDeaths = 0xFFFFFFFF;
constexpr std::int32_t kNoRegion = -2;  // for a thread that handles no messages, except perhaps one by HandlingNow

thread_local constinit std::int32_t own_region = kNoRegion;
thread_local constinit std::uint64_t own_message = 0;

std::atomic<CrashRecord::File*> file_of_faults = nullptr;
std::array<struct sigaction, 65> actions_before;

// Async-signal-safe: plain stores. Then the previous handler runs, and the process dies of the signal.
void on_fault(int number) {
  if (CrashRecord::File* file = file_of_faults.exchange(nullptr)) {
    file->region.store(own_region);
    file->message.store(own_message);
    file->signal.store(number);
  }
  ::sigaction(number, &actions_before[static_cast<std::size_t>(number)], nullptr);
  ::raise(number);
}

void install_handlers() {
  struct sigaction action{};
  action.sa_handler = on_fault;
  action.sa_flags = SA_ONSTACK;
  for (const int number : kFaults) {
    struct sigaction before{};
    if (::sigaction(number, &action, &before) == 0 && before.sa_handler != on_fault)
      actions_before[static_cast<std::size_t>(number)] = before;
  }
}

// Lets a thread whose stack is used up run the handler.
class AlternateStack {
 public:
  AlternateStack() : stack_(std::make_unique<char[]>(kAlternateStack)) {
    stack_t before{};
    if (::sigaltstack(nullptr, &before) != 0 || (before.ss_flags & SS_DISABLE) == 0) return;  // a sanitizer has made one
    stack_t stack{};
    stack.ss_sp = stack_.get();
    stack.ss_size = kAlternateStack;
    is_ours_ = ::sigaltstack(&stack, nullptr) == 0;
  }
  ~AlternateStack() {
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    if (is_ours_) ::sigaltstack(&none, nullptr);
  }

 private:
  std::unique_ptr<char[]> stack_;
  bool is_ours_ = false;
};

void prepare_thread() { thread_local const AlternateStack stack; }

std::string words(std::int32_t signal) {
  if (signal == kOutOfMemory) return "want of memory";
  const char* name = ::sigdescr_np(signal);
  return "signal " + std::to_string(signal) + (name ? " (" + std::string(name) + ")" : "");
}

boost::filesystem::path path_in(const boost::filesystem::path& spool) { return spool / "handled"; }

Error failed(const boost::filesystem::path& spool) {
  return Error::transient("cannot use " + path_in(spool).string() + ": " + std::strerror(errno));
}

Result<CrashRecord::File*> map(const Descriptor& file, const boost::filesystem::path& spool) {
  struct stat status{};
  if (!file.is_open() || ::fstat(file.get(), &status) != 0) return failed(spool);
  if (!S_ISREG(status.st_mode)) return Error::permanent(path_in(spool).string() + " is no file");
  // Without room on the disk a page would cause a fault when it is written.
  if (const int error = ::posix_fallocate(file.get(), 0, sizeof(CrashRecord::File)); error != 0) {
    errno = error;
    return failed(spool);
  }
  void* memory = ::mmap(nullptr, sizeof(CrashRecord::File), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (memory == MAP_FAILED) return failed(spool);
  return static_cast<CrashRecord::File*>(memory);
}

std::vector<QueueId> handled_at_death(const CrashRecord::File& file) {
  if (file.message != 0) return {QueueId{file.message}};
  std::vector<QueueId> handled;
  for (std::int32_t region = 0; region < static_cast<std::int32_t>(CrashRecord::kRegions); ++region) {
    if (file.region != CrashRecord::File::kAnyThread && file.region != region) continue;
    for (const auto& slot : file.slots[region])
      if (const std::uint64_t id = slot; id != 0) handled.push_back(QueueId{id});
  }
  std::sort(handled.begin(), handled.end());
  handled.erase(std::unique(handled.begin(), handled.end()), handled.end());
  return handled;
}

}  // namespace

std::vector<Suspect> judge(std::vector<Suspect> known, const std::vector<QueueId>& handled) {
  std::vector<Suspect*> again;
  for (Suspect& suspect : known)
    if (!suspect.set_aside && std::find(handled.begin(), handled.end(), suspect.message) != handled.end()) again.push_back(&suspect);
  if (again.size() == 1) {
    const std::uint32_t deaths = ++again.front()->deaths;
    again.front()->set_aside = deaths >= 3 || (deaths == 2 && handled.size() == 1);
  }
  for (const QueueId id : handled)
    if (std::none_of(known.begin(), known.end(), [id](const Suspect& suspect) { return suspect.message == id; }))
      known.push_back({id, 1, false});
  return known;
}

Result<std::unique_ptr<CrashRecord>> CrashRecord::open(const boost::filesystem::path& spool) {
  Descriptor file(::open(path_in(spool).c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  auto mapped = map(file, spool);
  if (!mapped) return mapped.error();
  return std::unique_ptr<CrashRecord>(new CrashRecord(*mapped, file.release()));
}

CrashRecord::CrashRecord(File* file, int descriptor) : file_(file), descriptor_(descriptor) {
  begin_run();
  for (std::size_t i = 0; i < kRegions; ++i) {
    regions_[i].record_ = this;
    regions_[i].number_ = static_cast<std::int32_t>(i);
    regions_[i].slots_ = file_->slots[i];
    for (std::uint32_t slot = kSlots; slot > 0; --slot) regions_[i].free_.push_back(slot - 1);
  }
  install_handlers();
  file_of_faults = file_;
}

CrashRecord::~CrashRecord() {
  file_of_faults = nullptr;
  file_->is_ended = 1;
  ::munmap(file_, sizeof(File));
  ::close(descriptor_);
}

void CrashRecord::begin_run() {
  if (file_->magic == File::kMagic && file_->suspect_count <= kSuspects) {
    for (std::uint32_t i = 0; i < file_->suspect_count; ++i)
      suspects_.push_back({QueueId{file_->suspects[i].message}, file_->suspects[i].deaths, file_->suspects[i].set_aside != 0});
    if (!file_->is_ended && file_->signal != 0) {
      last_death_ = words(file_->signal);
      const auto before = std::exchange(suspects_, judge(suspects_, handled_at_death(*file_)));
      for (std::size_t i = 0; i < before.size(); ++i)
        if (suspects_[i].set_aside && !before[i].set_aside) newly_set_aside_.push_back(before[i].message);
    }
  }
  // Messages that are set aside first, then the likeliest.
  const auto rank = [](const Suspect& suspect) { return std::tuple(!suspect.set_aside, kMostDeaths - suspect.deaths, suspect.message); };
  std::sort(suspects_.begin(), suspects_.end(), [&](const Suspect& a, const Suspect& b) { return rank(a) < rank(b); });
  if (suspects_.size() > kSuspects) suspects_.resize(kSuspects);
  write_suspects();
  for (auto& region : file_->slots)
    for (auto& slot : region) slot = 0;
  file_->signal = 0;
  file_->message = 0;
  file_->region = kNoRegion;
  file_->is_ended = 0;
  file_->magic = File::kMagic;
}

void CrashRecord::write_suspects() {
  file_->suspect_count = 0;
  for (std::size_t i = 0; i < suspects_.size(); ++i)
    file_->suspects[i] = {suspects_[i].message.value, suspects_[i].deaths, suspects_[i].set_aside ? 1u : 0u};
  file_->suspect_count = static_cast<std::uint32_t>(suspects_.size());
  has_suspects_ = !suspects_.empty();
}

std::uint32_t CrashRecord::Region::begin(QueueId message) {
  if (own_region != number_) {
    own_region = number_;
    prepare_thread();
  }
  if (free_.empty()) return kNoSlot;
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  slots_[slot].store(message.value, std::memory_order_relaxed);
  return slot;
}

void CrashRecord::Region::end(std::uint32_t slot) {
  if (slot == kNoSlot) return;
  const QueueId message{slots_[slot].load(std::memory_order_relaxed)};
  slots_[slot].store(0, std::memory_order_relaxed);
  free_.push_back(slot);
  if (record_->has_suspects_.load(std::memory_order_relaxed)) record_->handled(message);
}

// A message that was handled to the end without a crash is no suspect any more.
void CrashRecord::handled(QueueId message) {
  if (is_suspect(message) && !is_handled(message)) clear(message);
}

bool CrashRecord::is_handled(QueueId message) const {
  for (const auto& region : file_->slots)
    for (const auto& slot : region)
      if (slot.load(std::memory_order_relaxed) == message.value) return true;
  return false;
}

std::vector<Suspect> CrashRecord::suspects() const {
  const std::lock_guard lock(mutex_);
  return suspects_;
}

bool CrashRecord::is_suspect(QueueId message) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(suspects_.begin(), suspects_.end(), [message](const Suspect& s) { return s.message == message && !s.set_aside; });
}

bool CrashRecord::is_set_aside(QueueId message) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(suspects_.begin(), suspects_.end(), [message](const Suspect& s) { return s.message == message && s.set_aside; });
}

bool CrashRecord::is_newly_set_aside(QueueId message) const {
  return std::find(newly_set_aside_.begin(), newly_set_aside_.end(), message) != newly_set_aside_.end();
}

void CrashRecord::clear(QueueId message) {
  const std::lock_guard lock(mutex_);
  std::erase_if(suspects_, [message](const Suspect& suspect) { return suspect.message == message; });
  write_suspects();
}

HandlingNow::HandlingNow(QueueId message) : before_(own_message) {
  prepare_thread();
  own_message = message.value;
}

HandlingNow::~HandlingNow() { own_message = before_; }

Status note_end(const boost::filesystem::path& spool, const std::string& result) {
  if (result != "oom-kill") return {};
  const Descriptor descriptor(::open(path_in(spool).c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  auto file = map(descriptor, spool);
  if (!file) return file.error();
  if ((*file)->magic == CrashRecord::File::kMagic && (*file)->is_ended == 0 && (*file)->signal == 0) {
    (*file)->region = CrashRecord::File::kAnyThread;
    (*file)->signal = kOutOfMemory;
  }
  ::munmap(*file, sizeof(CrashRecord::File));
  return {};
}

}  // namespace mxpress::mta::system
