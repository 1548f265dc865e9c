// Frames on Unix sockets.
#include "mta/system/frames.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace mxpress::mta::system {
namespace {

using Steady = std::chrono::steady_clock;  // for a blocking call, not of the simulation

Status wait_for(int socket, short events, Steady::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Steady::now()).count();
    if (left <= 0) return Error::transient("timed out");
    pollfd descriptor{socket, events, 0};
    const int ready = ::poll(&descriptor, 1, static_cast<int>(left));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return Error::transient(std::strerror(errno));
  }
}

}  // namespace

// Reads until this many octets are available.
Status FrameReader::fill(std::size_t size, Steady::time_point deadline) {
  constexpr std::size_t kPiece = 64 * 1024;  // memory is taken for octets received, not for a declared length
  while (buffer_.size() - taken_ < size) {
    buffer_.erase(0, std::exchange(taken_, 0));
    const std::size_t have = buffer_.size();
    char piece[kPiece];
    const ssize_t got = ::recv(socket_, piece, kPiece, MSG_DONTWAIT);
    const int error = errno;
    if (got > 0) buffer_.append(piece, static_cast<std::size_t>(got));
    if (got == 0) return Error::transient(have == 0 ? std::string(kConnectionClosed) : "connection closed in the middle of a message");
    if (got > 0 || error == EINTR) continue;
    if (error != EAGAIN) return Error::transient(std::strerror(error));
    if (Status status = wait_for(socket_, POLLIN, deadline); !status) return status;
  }
  return {};
}

Result<std::string> FrameReader::read(std::uint32_t limit, std::chrono::milliseconds patience) {
  constexpr std::size_t kHead = 4;
  const auto deadline = Steady::now() + patience;
  if (Status status = fill(kHead, deadline); !status) return status.error();
  std::uint32_t size = 0;
  for (std::size_t i = 0; i < kHead; ++i) size = size << 8 | static_cast<unsigned char>(buffer_[taken_ + i]);
  if (size > limit) return Error::transient("a message of " + std::to_string(size) + " octets: that is not the protocol of mxpress");
  if (Status status = fill(kHead + size, deadline); !status) return status.error();
  std::string body = buffer_.substr(taken_ + kHead, size);
  taken_ += kHead + size;
  return body;
}

void FrameWriter::add(std::string_view body) {
  if (pending_.empty()) pending_.reserve(kPiece);
  for (int shift = 24; shift >= 0; shift -= 8) pending_.push_back(static_cast<char>(body.size() >> shift));
  pending_.append(body);
}

bool FrameWriter::is_due() const { return kept() >= kPiece || (kept() > 0 && Steady::now() >= flushed_ + kGather); }

Status FrameWriter::push(std::chrono::milliseconds patience) {
  const auto deadline = Steady::now() + patience;
  while (kept() > 0) {
    const ssize_t sent = ::send(socket_, pending_.data() + sent_, kept(), MSG_DONTWAIT | MSG_NOSIGNAL);
    const int error = errno;
    if (sent > 0) sent_ += static_cast<std::size_t>(sent);
    if (sent >= 0 || error == EINTR) continue;
    if (error != EAGAIN) return Error::transient(std::strerror(error));
    if (const Status ready = wait_for(socket_, POLLOUT, deadline); !ready) return {};
  }
  pending_.clear();
  sent_ = 0;
  flushed_ = Steady::now();
  return {};
}

Status FrameWriter::flush(std::chrono::milliseconds patience) {
  if (Status status = push(patience); !status) return status;
  return kept() == 0 ? Status() : Status(Error::transient("timed out"));
}

}  // namespace mxpress::mta::system
