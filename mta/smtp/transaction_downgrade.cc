// 8-bit content for a host without 8BITMIME.
#include "mta/smtp/transaction_downgrade.h"

#include "proto/mime.h"

namespace mxpress::mta::smtp {
namespace {

class StringSource final : public DataSource {
 public:
  explicit StringSource(std::string text) : text_(std::move(text)) {}
  std::uint64_t size() const override { return text_.size(); }
  Task<Result<std::size_t>> read(std::uint64_t offset, char* buffer, std::size_t size) override {
    co_return text_.copy(buffer, size, offset);
  }

 private:
  std::string text_;
};

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

}  // namespace

Task<Result<std::unique_ptr<DataSource>>> downgrade(DataSource& data) {
  const Result<std::string> content = co_await read_all(data);
  if (!content.ok()) co_return content.error();
  Result<std::string> seven_bit = proto::downgrade_to_seven_bit(*content);
  if (!seven_bit.ok()) co_return seven_bit.error();
  std::unique_ptr<DataSource> source = std::make_unique<StringSource>(std::move(*seven_bit));
  co_return source;
}

}  // namespace mxpress::mta::smtp
