// Content that may not be sent as it is: 8-bit for a host without 8BITMIME, lines over 998 octets for any host. RFC 6152 3, RFC 5321
// 4.5.3.1.6.
#pragma once

#include <memory>
#include <string>

#include "mta/smtp/client.h"

namespace mxpress::mta::smtp {

// Conversion holds the content and its result in memory: larger content is not converted.
inline constexpr std::uint64_t kMaxConverted = 64u << 20;

// A message in another transfer encoding, in memory.
class Converted final : public DataSource {
 public:
  class Share;  // of the memory that all sessions may take together
  Converted(std::string content, std::unique_ptr<Share> share);
  ~Converted() override;
  std::uint64_t size() const override { return content_.size(); }
  Task<Result<std::size_t>> read(std::uint64_t offset, char* buffer, std::size_t size) override;
  proto::BodyType body() const;
  // As downgrade(), in the memory that it has already.
  Status downgrade();

 private:
  std::string content_;
  std::unique_ptr<Share> share_;
};

// The same message with 7 bits only, or with no line over 998 octets. A permanent Error where that would break it or it is too large, a
// transient one where it cannot be read. `data` is not needed afterwards.
Task<Result<std::unique_ptr<Converted>>> downgrade(DataSource& data);
Task<Result<std::unique_ptr<Converted>>> shorten_lines(DataSource& data);

}  // namespace mxpress::mta::smtp
