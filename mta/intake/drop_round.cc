// Reads the drop folder in pieces.
#include "mta/intake/drop_round.h"

#include <fcntl.h>

#include <string_view>

#include "mta/system/descriptor.h"

namespace mxpress::mta::intake {

bool DropShares::take(uid_t owner, std::uint64_t octets, BootTime now) {
  if (const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - since_); seconds >= std::chrono::seconds(1)) {
    since_ += seconds;
    const std::uint64_t paid = kOfOneOwner * static_cast<std::uint64_t>(seconds.count());
    std::erase_if(taken_, [paid](const auto& each) { return each.second <= paid; });
    for (auto& [uid, units] : taken_) units -= paid;
  }
  std::uint64_t& units = taken_[owner];
  if (units >= kOfOneOwner) return false;
  units += 1 + octets / kOctetsOfUnit;
  return true;
}

bool DropRound::go_on(const std::function<bool(const std::string&, int)>& look) {
  if (!directory_) {
    system::Descriptor folder(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (folder.get() < 0) return true;
    directory_.reset(::fdopendir(folder.get()));  // it calls the system, and may fail
    if (!directory_) return true;
    (void)folder.release();
  }
  for (std::size_t count = 0; count < kPiece; ++count) {
    const dirent* entry = ::readdir(directory_.get());
    if (!entry) {
      directory_.reset();
      return true;
    }
    const std::string_view name = entry->d_name;
    if (name != "." && name != ".." && !look(std::string(name), ::dirfd(directory_.get()))) return false;
  }
  return false;
}

}  // namespace mxpress::mta::intake
