// SHA-256 over text that comes in pieces, by OpenSSL.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

struct evp_md_ctx_st;

namespace mxpress::mta::dkim {

using Digest = std::array<std::uint8_t, 32>;

// Throws std::runtime_error if OpenSSL has no SHA-256 or no memory.
class Sha256 {
 public:
  Sha256();
  // Copies the state so far: a common beginning is hashed once.
  Sha256(const Sha256& other);
  Sha256& operator=(const Sha256&) = delete;
  void feed(std::string_view text);
  // Call once, after the last piece.
  Digest finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

Digest sha256(std::string_view text);

}  // namespace mxpress::mta::dkim
