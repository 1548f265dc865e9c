// Content in a file of its own.
#include "mta/send/file_content.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "mta/compose/message.h"
#include "mta/compose/source.h"

namespace mxpress::mta::send {
namespace {

// Nobody else has the file, so there is nothing to verify.
class FileContent final : public queue::Content {
 public:
  explicit FileContent(system::Descriptor file) : file_(std::move(file)) {}

  bool append(std::string_view octets);
  std::uint64_t size() const override { return size_; }
  Result<std::size_t> read(std::uint64_t offset, char* buffer, std::size_t size) const override;
  Status verify() const override { return {}; }
  Status verify(std::string_view) const override { return {}; }
  Status verify_crc(std::uint32_t) const override { return {}; }

 private:
  const system::Descriptor file_;
  std::uint64_t size_ = 0;
};

bool FileContent::append(std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t written = ::write(file_.get(), octets.data(), octets.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    octets.remove_prefix(static_cast<std::size_t>(written));
    size_ += static_cast<std::uint64_t>(written);
  }
  return true;
}

Result<std::size_t> FileContent::read(std::uint64_t offset, char* buffer, std::size_t size) const {
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t got = ::pread(file_.get(), buffer + filled, size - filled, static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error::transient(std::string("cannot read the message: ") + std::strerror(errno));
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  return filled;
}

}  // namespace

Result<std::shared_ptr<const queue::Content>> write_to_file(const compose::Message& message) {
  auto file = compose::open_nameless();
  if (!file) return file.error();
  const auto content = std::make_shared<FileContent>(std::move(*file));
  int failure = 0;
  const Status written = message.write([&](std::string_view piece) {
    const bool is_taken = content->append(piece);
    if (!is_taken) failure = errno;
    return is_taken;
  });
  if (failure != 0) return Error::transient(std::string("cannot write the message to a file: ") + std::strerror(failure));
  if (!written) return written.error();
  return std::shared_ptr<const queue::Content>(content);
}

}  // namespace mxpress::mta::send
