// Converts content in memory.
#include "mta/smtp/transaction_downgrade.h"

#include <atomic>
#include <cstdint>

#include "proto/mail_data.h"
#include "proto/mime.h"

namespace mxpress::mta::smtp {
namespace {

constexpr std::uint64_t kMostAtATime = 64u << 20;  // octets of content that are being re-encoded, of all sessions

}  // namespace

// The first one always gets its part, however large it is.
class Converted::Share {
 public:
  explicit Share(std::uint64_t octets) : octets_(octets) {
    const std::uint64_t before = held_.fetch_add(octets);
    fits_ = before == 0 || before + octets <= kMostAtATime;
  }
  ~Share() { held_ -= octets_; }
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;
  bool fits() const { return fits_; }

 private:
  static inline std::atomic<std::uint64_t> held_{0};
  const std::uint64_t octets_;
  bool fits_ = false;
};

Converted::Converted(std::string content, std::unique_ptr<Share> share) : content_(std::move(content)), share_(std::move(share)) {}

Converted::~Converted() = default;

Task<Result<std::size_t>> Converted::read(std::uint64_t offset, char* buffer, std::size_t size) {
  co_return content_.copy(buffer, size, offset);
}

proto::BodyType Converted::body() const { return proto::inspect(content_).body(); }

Status Converted::downgrade() {
  Result<std::string> converted = proto::downgrade_to_seven_bit(content_);
  if (!converted.ok()) return converted.error();
  content_ = std::move(*converted);
  return {};
}

namespace {

Task<Result<std::string>> read_all(DataSource& data) {
  std::string content(data.size(), '\0');
  std::size_t offset = 0;
  while (offset < content.size()) {
    const Result<std::size_t> count = co_await data.read(offset, content.data() + offset, content.size() - offset);
    if (!count.ok()) co_return count.error();
    if (*count == 0) co_return Error::transient("the stored content is shorter than it should be");
    offset += *count;
  }
  co_return content;
}

using Conversion = Result<std::string> (*)(std::string_view);

Task<Result<std::unique_ptr<Converted>>> convert(DataSource& data, Conversion conversion) {
  if (data.size() > kMaxConverted) {
    co_return Error::permanent("the message has " + std::to_string(data.size()) + " octets, and at most " + std::to_string(kMaxConverted) +
                               " can be converted for transport");
  }
  auto share = std::make_unique<Converted::Share>(data.size());
  if (!share->fits()) co_return Error::transient("too much is being re-encoded for mail hosts at the moment");
  const Result<std::string> content = co_await read_all(data);
  if (!content.ok()) co_return content.error();
  Result<std::string> converted = conversion(*content);
  if (!converted.ok()) co_return converted.error();
  co_return std::make_unique<Converted>(std::move(*converted), std::move(share));
}

}  // namespace

Task<Result<std::unique_ptr<Converted>>> downgrade(DataSource& data) { return convert(data, proto::downgrade_to_seven_bit); }

Task<Result<std::unique_ptr<Converted>>> shorten_lines(DataSource& data) { return convert(data, proto::reencode_for_transport); }

}  // namespace mxpress::mta::smtp
