// Messages on a Unix socket: frames of 4 octets of length, most significant first, then the message. Blocking, with deadlines.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/result.h"

namespace mxpress::mta::system {

inline constexpr std::string_view kConnectionClosed = "connection closed";

// Reads all available octets from the socket, which may be many frames.
class FrameReader {
 public:
  explicit FrameReader(int socket) : socket_(socket) {}
  // One frame. It must arrive completely within `patience`; errors are transient. A normal end before the first octet is the error
  // kConnectionClosed.
  Result<std::string> read(std::uint32_t limit, std::chrono::milliseconds patience);

 private:
  Status fill(std::size_t size, std::chrono::steady_clock::time_point deadline);

  int socket_;
  std::string buffer_;
  std::size_t taken_ = 0;  // octets of it
};

// Sends many frames together: an answer may have a hundred thousand. Buffers what the peer has not read yet.
class FrameWriter {
 public:
  explicit FrameWriter(int socket) : socket_(socket) {}
  void add(std::string_view body);
  // True if so much is buffered, or for so long, that it should be sent.
  bool is_due() const;
  std::size_t kept() const { return pending_.size() - sent_; }
  // Sends as much as the peer accepts within this time. An error means a broken connection, never a timeout.
  Status push(std::chrono::milliseconds patience);
  // Sends everything. An error also if the peer has not accepted it within this time.
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
