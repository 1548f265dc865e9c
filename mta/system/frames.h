// Messages on a unix socket: frames of 4 octets of length, most significant first, then the message. Blocking, with deadlines.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/result.h"

namespace mxpress::mta::system {

inline constexpr std::string_view kConnectionClosed = "connection closed";

// Takes from the socket what is there, be it many frames.
class FrameReader {
 public:
  explicit FrameReader(int socket) : socket_(socket) {}
  // One frame. The whole of it must come within `patience`; errors are transient. An orderly end before the first octet is the error
  // kConnectionClosed.
  Result<std::string> read(std::uint32_t limit, std::chrono::milliseconds patience);

 private:
  Status fill(std::size_t size, std::chrono::steady_clock::time_point deadline);

  int socket_;
  std::string buffer_;
  std::size_t taken_ = 0;  // octets of it
};

// Sends many frames at a time: an answer may have a hundred thousand. What the peer has not taken yet is kept.
class FrameWriter {
 public:
  explicit FrameWriter(int socket) : socket_(socket) {}
  void add(std::string_view body);
  // Enough is kept, or for so long, that it should be sent.
  bool is_due() const;
  std::size_t kept() const { return pending_.size() - sent_; }
  // Sends as much as the peer takes within this time. An error: the connection is broken; never that time was up.
  Status push(std::chrono::milliseconds patience);
  // Sends all of it. An error also when the peer has not taken it within this time.
  Status flush(std::chrono::milliseconds patience);

 private:
  static constexpr std::size_t kPiece = 64 * 1024;
  static constexpr std::chrono::milliseconds kGather{50};

  int socket_;
  std::string pending_;
  std::size_t sent_ = 0;  // octets of it
  std::chrono::steady_clock::time_point flushed_{};
};

}  // namespace mxpress::mta::system
