// SipHash-1-3: one round for each word of eight octets, three at the end.
#include "proto/text_hash.h"

#include <bit>

namespace mxpress::proto {
namespace {

constexpr std::size_t kWord = 8;  // octets

constinit HashKey process_key{};

// Little-endian.
std::uint64_t word_at(const char* octets) {
  std::uint64_t word = 0;
  for (unsigned i = 0; i < kWord; ++i) word |= std::uint64_t{static_cast<unsigned char>(octets[i])} << (8 * i);
  return word;
}

// The octets after the last whole word, and the size in the most significant octet.
std::uint64_t last_word(std::string_view text) {
  std::uint64_t word = std::uint64_t{text.size()} << 56;
  const std::size_t rest = text.size() % kWord;
  if (rest == 0) return word;
  if (text.size() > kWord) return word | word_at(text.data() + text.size() - kWord) >> (8 * (kWord - rest));
  for (std::size_t i = 0; i < rest; ++i) word |= std::uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
  return word;
}

class SipState {
 public:
  explicit SipState(HashKey key)
      : v0_(key.first ^ 0x736F6D6570736575u),
        v1_(key.second ^ 0x646F72616E646F6Du),
        v2_(key.first ^ 0x6C7967656E657261u),
        v3_(key.second ^ 0x7465646279746573u) {}

  void add(std::uint64_t word) {
    v3_ ^= word;
    round();
    v0_ ^= word;
  }
  std::uint64_t end() {
    v2_ ^= 0xFF;
    for (int i = 0; i < 3; ++i) round();
    return v0_ ^ v1_ ^ v2_ ^ v3_;
  }

 private:
  void round() {
    v0_ += v1_;
    v1_ = std::rotl(v1_, 13) ^ v0_;
    v0_ = std::rotl(v0_, 32);
    v2_ += v3_;
    v3_ = std::rotl(v3_, 16) ^ v2_;
    v0_ += v3_;
    v3_ = std::rotl(v3_, 21) ^ v0_;
    v2_ += v1_;
    v1_ = std::rotl(v1_, 17) ^ v2_;
    v2_ = std::rotl(v2_, 32);
  }

  std::uint64_t v0_, v1_, v2_, v3_;
};

}  // namespace

std::uint64_t sip_hash(HashKey key, std::string_view text) {
  SipState state(key);
  for (std::size_t i = 0; i + kWord <= text.size(); i += kWord) state.add(word_at(text.data() + i));
  state.add(last_word(text));
  return state.end();
}

void set_hash_key(HashKey key) { process_key = key; }

std::size_t TextHash::operator()(std::string_view text) const { return sip_hash(process_key, text); }

}  // namespace mxpress::proto
