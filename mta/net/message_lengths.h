// Reads the declared lengths of handshake messages, as far as they are not encrypted. RFC 5246 6.2.1, 7.4.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace mxpress::mta::net {

// OpenSSL allocates the declared size before any of a message has arrived: 100 KiB for a ServerKeyExchange. Thread: one.
class MessageLengths {
 public:
  // Feeds the next octets of the peer.
  void take(std::span<const char> octets) {
    for (std::size_t i = 0; i < octets.size() && !is_encrypted_; ++i) take(static_cast<unsigned char>(octets[i]));
  }
  // Octets, without the message's header of four.
  std::size_t longest() const { return longest_; }

 private:
  static constexpr unsigned kHandshake = 22, kChangeCipherSpec = 20, kApplicationData = 23;

  // Collects octets of a header, up to `size`.
  struct Header {
    std::uint64_t value = 0;
    std::size_t size = 0;
    bool is_whole(unsigned char octet, std::size_t wanted) {
      value = (size == 0 ? 0 : value << 8) | octet;
      size = (size + 1) % wanted;
      return size == 0;
    }
  };

  void take(unsigned char octet) {
    if (record_left_ == 0) {
      if (record_.is_whole(octet, 5)) begin_record();
      return;
    }
    --record_left_;
    if (type_ != kHandshake) return;
    if (message_left_ > 0) {
      --message_left_;
    } else if (message_.is_whole(octet, 4)) {
      message_left_ = message_.value & 0xffffff;
      longest_ = std::max(longest_, message_left_);
    }
  }

  void begin_record() {
    type_ = record_.value >> 32;
    record_left_ = record_.value & 0xffff;
    is_encrypted_ = type_ == kChangeCipherSpec || type_ == kApplicationData;
  }

  Header record_, message_;
  std::uint64_t type_ = 0;
  std::size_t record_left_ = 0, message_left_ = 0, longest_ = 0;
  bool is_encrypted_ = false;
};

}  // namespace mxpress::mta::net
