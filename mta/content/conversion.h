// Content that may not be sent unchanged: 8-bit for a host without 8BITMIME, lines over 998 octets for any host. RFC 6152 3, RFC 5321
// 4.5.3.1.6.
#pragma once

#include <memory>
#include <string>

#include "mta/content/conversion_room.h"
#include "mta/content/data_source.h"
#include "proto/envelope.h"
#include "proto/mime.h"

namespace mxpress::mta::content {

// A message in another transfer encoding, converted while it is read: neither it nor the original is ever completely in memory, however
// long the host takes. It is read from beginning to end; reading from offset 0 starts again. Works in blocks of 64 KiB, and lets others on
// its thread run after each.
class Converted final : public DataSource {
 public:
  // The results of two passes over the original.
  struct Findings {
    proto::MimeGoal goal;
    proto::MimePlan plan{};
    std::uint64_t size = 0;
    proto::BodyType body = proto::BodyType::seven_bit;
    bool breaks_header = false;
  };
  // Made by convert().
  Converted(DataSource& original, Findings findings, std::unique_ptr<ConversionRoom::Hold> hold);
  ~Converted() override;
  std::uint64_t size() const override { return findings_.size; }
  Task<Result<std::size_t>> read(std::uint64_t offset, char* buffer, std::size_t size) override;
  ConversionRoom::Hold& hold() { return *hold_; }
  proto::BodyType body() const { return findings_.body; }
  // True if a line of the header could not be folded, and is broken: MimeSurvey::breaks_header().
  bool breaks_header() const { return findings_.breaks_header; }

 private:
  void begin_again();
  Task<Status> make_more();

  DataSource& original_;
  const Findings findings_;
  std::unique_ptr<ConversionRoom::Hold> hold_;
  std::unique_ptr<proto::MimeRewriter> rewriter_;
  std::string block_;        // of the original
  std::uint64_t taken_ = 0;  // octets of the original
  std::string made_;         // converted and not read yet, from made_begin_ on
  std::size_t made_begin_ = 0;
  std::uint64_t position_ = 0;  // octets that were read
};

// The same message with 7 bits only, or with no line over 998 octets. A permanent Error if that would break it, a transient one if it
// cannot be read or there is no room. The original must outlive the result, and may itself be a Converted.
Task<Result<std::unique_ptr<Converted>>> convert(DataSource& original, proto::MimeGoal goal, ConversionRoom& room,
                                                 ConversionRoom::Owner owner);

}  // namespace mxpress::mta::content
