// Keyed hash for tables in memory whose keys come from others: domains, mail hosts, addresses, file names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mxpress::proto {

struct HashKey {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};

// SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012). Without the key nobody can find texts with equal hashes.
std::uint64_t sip_hash(HashKey key, std::string_view text);

// Sets the key of TextHash for this process. Not thread-safe; call it before the first table is filled, because a table whose key changes
// finds nothing. mxpressd sets a random key when it starts. Before that, and in tests, the key is zero.
void set_hash_key(HashKey key);

// Differs between runs of mxpressd: never write it to disk, nor anything that depends on it.
struct TextHash {
  using is_transparent = void;
  using is_avalanching = void;  // for Boost.Unordered: all bits are well mixed
  std::size_t operator()(std::string_view text) const;
};

}  // namespace mxpress::proto
