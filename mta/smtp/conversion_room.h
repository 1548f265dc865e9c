// The memory that conversions of content (transaction_downgrade.h) take together, and how much of it one user and one destination may have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace mxpress::mta::smtp {

// A conversion holds its buffers, one header and its plan as long as its transaction lasts, however slow the host is: some 0.5 MiB, and at
// most some 10 MiB for content made to be costly. A user may hold as much as he leaves free: one user at most half, two users two thirds
// and so on, so that somebody who comes later finds room. A destination may hold a quarter. Any thread.
class ConversionRoom {
 public:
  static constexpr std::size_t kUsual = 64u << 20;

  struct Owner {
    std::int64_t uid = -1;  // of the submitter
    std::string destination;
  };

  // What one conversion holds. The room outlives it.
  class Hold {
   public:
    Hold(ConversionRoom& room, Owner owner) : room_(room), owner_(std::move(owner)) {}
    ~Hold();
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    // From now on that many octets, or what it was if that was more. False: they do not fit, and nothing has changed.
    bool raise_to(std::size_t octets);

   private:
    friend class ConversionRoom;
    ConversionRoom& room_;
    const Owner owner_;
    std::size_t octets_ = 0;
  };

  explicit ConversionRoom(std::size_t octets = kUsual) : octets_(octets) {}
  // Of this process.
  static ConversionRoom& common();
  std::size_t held() const;

 private:
  bool add(const Owner& owner, std::size_t octets);
  void remove(const Owner& owner, std::size_t octets);

  const std::size_t octets_;
  mutable std::mutex mutex_;
  std::size_t held_ = 0;
  std::map<std::int64_t, std::size_t> of_uid_;
  std::map<std::string, std::size_t> of_destination_;
};

}  // namespace mxpress::mta::smtp
