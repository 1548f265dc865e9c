// Writes and reads record headers: little-endian, 72 octets, checked by the CRC in the last four.
#include "queue/record.h"

#include <cstring>

#include "queue/crc32c.h"

namespace mxpress::queue {
namespace {

constexpr std::uint32_t kMagic = 0x3152584D;  // "MXR1"
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kChecked = kRecordHeader - 4;  // octets under the header's own CRC

template <class T>
void put(char*& at, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) *at++ = static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
}

template <class T>
T get(const char*& at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value |= static_cast<std::uint64_t>(static_cast<unsigned char>(*at++)) << (8 * i);
  return static_cast<T>(value);
}

bool is_known(std::uint8_t type) { return type >= 1 && type <= static_cast<std::uint8_t>(RecordType::ended); }

}  // namespace

std::uint64_t RecordHeader::size() const { return round_up(kRecordHeader + content_size + meta_size, 8); }

Status check_sizes(std::uint64_t meta_octets, std::uint64_t content_octets) {
  if (meta_octets <= kMaxMeta && content_octets <= kMaxContent) return {};
  return Error::permanent("a record of " + std::to_string(meta_octets) + " octets and " + std::to_string(content_octets) +
                          " of content is too large for the spool");
}

RecordBytes encode(const RecordHeader& header) {
  RecordBytes bytes;
  char* at = bytes.data();
  put(at, kMagic);
  put(at, kVersion);
  put(at, static_cast<std::uint8_t>(header.type));
  put(at, std::uint16_t{0});
  put(at, header.salt);
  put(at, header.batch);
  put(at, header.offset);
  put(at, header.id);
  put(at, header.content_size);
  put(at, header.meta_size);
  put(at, header.meta_crc);
  put(at, header.content_crc);
  put(at, header.sequence);
  put(at, header.batch_distance);
  put(at, crc32c(std::string_view(bytes.data(), kChecked)));
  return bytes;
}

std::optional<RecordHeader> decode_record(std::string_view bytes) {
  if (bytes.size() < kRecordHeader) return std::nullopt;
  const char* at = bytes.data();
  if (get<std::uint32_t>(at) != kMagic || get<std::uint8_t>(at) != kVersion) return std::nullopt;
  const char* crc = bytes.data() + kChecked;
  if (get<std::uint32_t>(crc) != crc32c(bytes.substr(0, kChecked))) return std::nullopt;
  const auto type = get<std::uint8_t>(at);
  if (!is_known(type) || get<std::uint16_t>(at) != 0) return std::nullopt;
  RecordHeader header;
  header.type = static_cast<RecordType>(type);
  header.salt = get<std::uint64_t>(at);
  header.batch = get<std::uint64_t>(at);
  header.offset = get<std::uint64_t>(at);
  header.id = get<std::uint64_t>(at);
  header.content_size = get<std::uint64_t>(at);
  header.meta_size = get<std::uint32_t>(at);
  header.meta_crc = get<std::uint32_t>(at);
  header.content_crc = get<std::uint32_t>(at);
  header.sequence = get<std::uint32_t>(at);
  header.batch_distance = get<std::uint32_t>(at);
  if (!check_sizes(header.meta_size, header.content_size)) return std::nullopt;
  return header;
}

std::string_view padding(std::uint64_t size) {
  static constexpr char zeros[kPage] = {};
  return std::string_view(zeros, size);
}

}  // namespace mxpress::queue
