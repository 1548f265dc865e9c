// Reads files from memory, without waiting for the disk.
#include "queue/cached_file.h"

#include <algorithm>

#include "queue/fresh.h"

namespace mxpress::queue {
namespace {

constexpr std::size_t kWindow = 8 * 1024;      // octets read at once: a usual record
constexpr std::size_t kMostAtOnce = 32 << 10;  // octets

Error not_cached() { return Error::transient("not in memory"); }

// Remembers what it read last: header, content and meta of a record lie side by side.
class CachedFile final : public File {
 public:
  explicit CachedFile(std::shared_ptr<File> file) : file_(std::move(file)) {}

  Result<std::size_t> read_at(std::uint64_t offset, char* buffer, std::size_t size) const override {
    if (size > kMostAtOnce) return not_cached();
    if (!has(offset, size)) look(offset, std::max(size, kWindow));
    if (!has(offset, size)) return not_cached();
    return window_.copy(buffer, size, offset - begin_);
  }
  Status write_at(std::uint64_t, const std::vector<std::string_view>&) override { return not_cached(); }
  Status sync() override { return not_cached(); }
  Status allocate(std::uint64_t) override { return not_cached(); }
  Status truncate(std::uint64_t) override { return not_cached(); }
  Result<std::uint64_t> size() const override { return not_cached(); }
  Result<bool> try_lock(Lock) override { return not_cached(); }

 private:
  bool has(std::uint64_t offset, std::size_t size) const { return offset >= begin_ && offset + size <= begin_ + window_.size(); }
  void look(std::uint64_t offset, std::size_t size) const {
    begin_ = offset;
    window_.resize(size);
    window_.resize(file_->read_if_cached(offset, window_.data(), size));
  }

  const std::shared_ptr<File> file_;
  mutable std::uint64_t begin_ = 0;
  mutable std::string window_;
};

}  // namespace

std::shared_ptr<File> only_cached(std::shared_ptr<File> file) { return std::make_shared<CachedFile>(std::move(file)); }

Result<std::shared_ptr<const Content>> checked(std::shared_ptr<const Content> content) {
  if (content->size() > kSmallContent || content->in_memory()) {
    if (const Status intact = content->verify(); !intact) return intact.error();
    return content;
  }
  std::string text(content->size(), '\0');
  const auto n = content->read(0, text.data(), text.size());
  if (!n) return n.error();
  if (const Status intact = content->verify(text); !intact) return intact.error();
  return std::shared_ptr<const Content>(std::make_shared<MemoryContent>(std::move(text)));
}

}  // namespace mxpress::queue
